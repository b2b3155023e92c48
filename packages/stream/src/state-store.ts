/**
 * The keys of a shard as the engine sees them. Redis (standalone or Cluster) and its in-memory twin implement it.
 *
 * Keys here are *logical*: `p:42`. The store puts the shard's hash tag in front (`{u7}p:42`), so all keys of a shard
 * live in one slot and one script can change them together. Values are bytes; the store knows nothing of what they mean.
 */

/** `u` for user shards, `i` for item shards. */
export type ShardKind = 'u' | 'i';

export interface ShardId {
  readonly kind: ShardKind;
  readonly number: number;
}

export interface Timer {
  readonly dueMs: number;
  /** Who and what, `entity` NUL `kind`: timers of one due time fire in this order. */
  readonly name: string;
}

/** What every read brings along, taken in the same instant as the values. */
export interface ShardHead {
  /** The head as the last commit wrote it; null when the shard has no state. Its first 8 bytes are the token. */
  readonly head: Buffer | null;
  /** Who claimed the shard last; keeps two workers from hindering each other, nothing depends on it. */
  readonly owner: string | null;
}

export interface ShardCommit {
  /** The token that the stored head must start with (8 bytes); null for genesis: no head may be there. */
  readonly parentToken: Buffer | null;
  /** The new head; its first 8 bytes are the new token. */
  readonly head: Buffer;
  readonly puts: readonly (readonly [key: string, value: Buffer])[];
  readonly deletes: readonly string[];
  readonly timersSet: readonly Timer[];
  readonly timersCancelled: readonly string[];
  /** Outside the state: lost or stale ones only make a list be said again. They expire. */
  readonly memos: readonly (readonly [key: string, value: Buffer, ttlSeconds: number])[];
}

/** `applied`; `already`: the reply of the same commit had been lost; `refused`: the stored head is another one. */
export type CommitOutcome = 'applied' | 'already' | 'refused';

export interface StateStore {
  /** Values of `keys` (null when absent) with head and owner, in one command. @throws RetryableError */
  read(shard: ShardId, keys: readonly string[]): Promise<ShardHead & { readonly values: (Buffer | null)[] }>;

  /** Timers due at or before `dueUpToMs` in order (due, name), at most `limit`, and the due time of the first
   * timer of all (null when there is none). @throws RetryableError */
  dueTimers(
    shard: ShardId,
    dueUpToMs: number,
    limit: number,
  ): Promise<ShardHead & { readonly timers: Timer[]; readonly nextDueMs: number | null }>;

  /** Applies everything or nothing. @throws RetryableError when the outcome is unknown or the store is not able now. */
  commit(shard: ShardId, commit: ShardCommit): Promise<CommitOutcome>;

  /** Writes who works on the shard now. @throws RetryableError */
  own(shard: ShardId, owner: string): Promise<void>;

  /**
   * Read-only look into another shard: the first `bytes` bytes of each value (all of it when `bytes` is undefined),
   * null when absent. Never used for state. @throws RetryableError
   */
  peek(shard: ShardId, keys: readonly string[], bytes?: number): Promise<(Buffer | null)[]>;

  /** Counts an attempt that began on this head and answers how many there have been; a head that moves forgets. */
  countAttempt(shard: ShardId, token: Buffer, mark: string): Promise<{ attempts: number; previousMark: string | null }>;
}

/** All that a shard holds at one commit; memos, owner and attempts are none of it. */
export interface WholeState {
  readonly head: Buffer;
  /** Without the head. */
  readonly values: ReadonlyMap<string, Buffer>;
  readonly timers: readonly Timer[];
}

/** What tools (verify, rebuild, inspect, bench) need beyond the engine. */
export interface StateAdmin {
  /** Every logical key of a shard's state with its kind; owner, memos and attempts are told apart. Batches of any size. */
  keys(shard: ShardId): AsyncIterable<string[]>;
  /** All timers of the shard with the head, in order. */
  timers(shard: ShardId): Promise<ShardHead & { readonly timers: Timer[] }>;
  /** Bytes by `MEMORY USAGE` of every key of the shard, memos, timers and head included. */
  memoryBytes(shard: ShardId): Promise<{ bytes: number; keys: number }>;
  /** Removes every key of the shard, the head first: no commit applies to what is half gone. */
  clear(shard: ShardId): Promise<void>;
  /**
   * Writes a whole state where there is none, in many steps and the head last: until then no worker takes the shard for
   * one that has a state. Answers false, and leaves the head as it is, when the shard has one.
   */
  writeState(shard: ShardId, state: WholeState): Promise<boolean>;
}

/** Prefix of keys that are outside the state and its digest. */
export const MEMO_PREFIX = 'm:';
/** Keys of the engine's own. */
export const HEAD_KEY = 'head';
export const OWNER_KEY = 'owner';
export const TIMERS_KEY = 'timers';
export const ATTEMPTS_KEY = 'attempts';

/** The text in braces that puts all keys of a shard in one slot: `u7`, `i3`. */
export function shardName(shard: ShardId): string {
  return `${shard.kind}${shard.number}`;
}

const PLAIN_ID = /^[A-Za-z0-9_.:\-]+$/;

/**
 * An id from outside as part of a key: percent-encodes what could break a hash tag, a log line or a shell
 * (braces, percent, space, control characters); everything else stays as it is. Injective.
 */
export function keyPart(id: string): string {
  if (PLAIN_ID.test(id)) return id;
  return id.replace(/[\u0000-\u0020{}%\u007f]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** The id that {@link keyPart} wrote. */
export function idOfKeyPart(part: string): string {
  return part.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
