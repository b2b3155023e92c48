import type { ShardId } from '@millrace/stream/state-store';
import { compareEvidence, type DerivedEvidence, type EvidenceVerification } from './derived-evidence.ts';
import { allShards, digestOfShards } from './state-digest.ts';
import { verifyShard, type ShardVerification, type VerifyParts } from './verify-shard.ts';

export interface VerifyOptions {
  /** Default: all. The evidence is compared for the user shards among them. */
  readonly only?: readonly ShardId[] | undefined;
  /** Told before each shard, and before the evidence (`undefined`). */
  readonly onShard?: ((shard: ShardId | undefined, done: number, total: number) => void) | undefined;
  /** Stops between two shards. */
  readonly signal?: AbortSignal | undefined;
}

/** The answer of a verification: is the state in the store the one that the log folds to? */
export interface Verification {
  readonly equal: boolean;
  /** Of all shards walked, as the log folds them: SHA-256 over their sorted digests. */
  readonly digest: string;
  /** Journal entries of the user shards. */
  readonly commits: number;
  /** Clickstream records and order lines. */
  readonly events: number;
  /** Records of the item shards' evidence log. */
  readonly evidenceRecords: number;
  readonly keys: number;
  readonly shards: readonly ShardVerification[];
  /** undefined when no user shard was walked. */
  readonly evidence: EvidenceVerification | undefined;
}

/**
 * Walks the log of every shard from its beginning and compares what it folds to with the store, key by key, and the
 * evidence that the user shards derive with the evidence on the log. Reads only; safe beside running workers.
 *
 * @throws AlarmError when a log cannot be walked. @throws RetryableError when log or store do not answer.
 */
export async function verifyPipeline(parts: VerifyParts, options: VerifyOptions = {}): Promise<Verification> {
  const wanted = options.only ?? allShards(parts.shards);
  const shards: ShardVerification[] = [];
  const sources: DerivedEvidence[] = [];
  for (const shard of wanted) {
    options.signal?.throwIfAborted();
    options.onShard?.(shard, shards.length, wanted.length);
    const { verification, evidence } = await verifyShard(parts, shard);
    shards.push(verification);
    if (evidence !== undefined) sources.push(evidence);
  }
  options.signal?.throwIfAborted();
  options.onShard?.(undefined, shards.length, wanted.length);
  const evidence = sources.length === 0 ? undefined : await compareEvidence(sources, parts.log, parts.wire, parts.shards);
  const sum = (of: (shard: ShardVerification) => number): number => shards.reduce((total, shard) => total + of(shard), 0);
  return {
    equal: shards.every(({ equal }) => equal) && (evidence?.equal ?? true),
    digest: digestOfShards(shards.map(({ digest }) => digest)),
    commits: sum(({ commits }) => commits),
    events: sum(({ events }) => events),
    evidenceRecords: sum((shard) => shard.evidenceRecords),
    keys: sum(({ keys }) => keys),
    shards,
    evidence,
  };
}
