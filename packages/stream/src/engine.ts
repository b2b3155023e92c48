import type { Clock } from './clock.ts';
import type { StreamHandler } from './handler.ts';
import type { JournalCodec } from './journal.ts';
import type { Log } from './log.ts';
import type { EngineObserver } from './observer.ts';
import type { StateStore } from './state-store.ts';

/** Limits and pauses of the engine; every one bounded, its unit last in its name. */
export interface EngineOptions {
  /** Records that one batch takes at most. */
  readonly batchLimitRecords: number;
  /** Records that wait decoded, per input of a shard, before fetching it pauses. */
  readonly inboxLimitRecords: number;
  /** Bytes asked for, per partition and fetch. */
  readonly fetchMaxBytes: number;
  /** How long a fetch waits for something new. */
  readonly fetchMaxWaitMs: number;
  /** Pause after a fetch that brought something, so that the next brings more: latency against cost per event. */
  readonly gatherMs: number;
  /** Entities of one shard that stay decoded in memory. */
  readonly cacheLimitEntities: number;
  /** An idle shard looks whether it is still its own this often. */
  readonly idleCheckMs: number;
  /** A shard whose oldest waiting record is older than this is catching up: lists are coalesced. */
  readonly coalesceLagMs: number;
  /** Pause before a dropped shard is claimed again; doubles up to the limit while it goes on. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** Pause before a shard that stopped with an alarm looks again. */
  readonly alarmRetryMs: number;
  /** A record whose fold failed this often is left out, by a journaled entry. */
  readonly quarantineAfterAttempts: number;
}

export const DEFAULT_ENGINE_OPTIONS: EngineOptions = {
  batchLimitRecords: 4_000,
  inboxLimitRecords: 6_000,
  fetchMaxBytes: 262_144,
  fetchMaxWaitMs: 50,
  gatherMs: 2,
  cacheLimitEntities: 20_000,
  idleCheckMs: 1_000,
  coalesceLagMs: 1_000,
  retryMinMs: 50,
  retryMaxMs: 5_000,
  alarmRetryMs: 15_000,
  quarantineAfterAttempts: 3,
};

/** What every shard of one worker shares. */
export interface EngineParts<E> {
  readonly handler: StreamHandler<E>;
  readonly log: Log;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly observer: EngineObserver;
  readonly journalCodec: JournalCodec;
  /** Eight bytes that no other commit has; chance enters the engine here only, and the journal keeps it. */
  readonly newToken: () => Buffer;
  /** Names this worker as an owner; another one after every start. */
  readonly workerName: string;
  readonly options: EngineOptions;
}
