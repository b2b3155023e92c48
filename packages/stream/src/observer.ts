import type { ShardId } from './state-store.ts';

/** What one batch cost and did. Times are milliseconds. */
export interface BatchReport {
  readonly records: number;
  readonly deadLetters: number;
  readonly isRedo: boolean;
  readonly loadMs: number;
  readonly foldMs: number;
  readonly journalMs: number;
  readonly announceMs: number;
  readonly commitMs: number;
  readonly bytesCommitted: number;
}

/**
 * Observation wraps the engine and is never written inside a handler. A service turns these calls into metrics and
 * logs; tests count them. No call carries anything that identifies a person.
 */
export interface EngineObserver {
  batch(shard: ShardId, report: BatchReport): void;
  /** A note of the handler's closed list. */
  note(name: string, count: number): void;
  deadLetter(topic: string, reason: string): void;
  /** The shard was claimed: how long it took and how many journaled batches were carried out again. */
  claimed(shard: ShardId, report: { claimMs: number; redone: number }): void;
  /** The shard was dropped and will be claimed again; `code` is from a closed list. */
  dropped(shard: ShardId, code: string, detail: string): void;
  /** Something that must hold does not; the shard stands still until it does. */
  alarm(shard: ShardId, code: string, detail: string): void;
  released(shard: ShardId): void;
  /** Records between position and end, by input topic, and the age of the oldest that waits. */
  lag(shard: ShardId, lagRecords: readonly number[], oldestWaitingMs: number, clockMs: number): void;
}

export const silentObserver: EngineObserver = {
  batch: () => undefined,
  note: () => undefined,
  deadLetter: () => undefined,
  claimed: () => undefined,
  dropped: () => undefined,
  alarm: () => undefined,
  released: () => undefined,
  lag: () => undefined,
};
