import type { FoldParameters } from '../fold-parameters.ts';
import type { EvidenceSink } from '../pairs/evidence-sink.ts';
import type { RepeatPrior } from '../pairs/repeat-prior.ts';

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
export const HOURS_PER_DAY = 24;

/** What a fold needs beside profile and event. */
export interface FoldEnvironment {
  /** The shard's clock: the greatest event time that it has seen, this event included. */
  readonly clockMs: number;
  readonly parameters: FoldParameters;
  /** The shard's own; views change it. */
  readonly repeatPrior: RepeatPrior;
  readonly evidence: EvidenceSink;
}

/** The UTC day of an event time. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}
