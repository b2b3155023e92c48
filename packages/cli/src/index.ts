/** What the tools offer to tests and to `npm start`. */
export { verifyPipeline, type Verification, type VerifyOptions } from './verify/verify-pipeline.ts';
export type { Difference, ShardVerification, VerifyParts } from './verify/verify-shard.ts';
export type { FieldDifference } from './verify/field-differences.ts';
export type { EvidenceProblem, EvidenceVerification } from './verify/derived-evidence.ts';
export { stateDigest, type StateDigest } from './verify/state-digest.ts';
