import {
  ATTEMPTS_KEY,
  HEAD_KEY,
  MEMO_PREFIX,
  OWNER_KEY,
  shardName,
  TIMERS_KEY,
  type CommitOutcome,
  type ShardCommit,
  type ShardHead,
  type ShardId,
  type StateAdmin,
  type StateStore,
  type Timer,
  type WholeState,
} from './state-store.ts';

interface MemoryShard {
  readonly values: Map<string, Buffer>;
  readonly timers: Map<string, number>;
  owner: string | null;
  attempts: { token: string; count: number; mark: string } | null;
}

/** A shard's whole content at one moment; {@link MemoryStateStore.restore} brings it back. */
export interface ShardSnapshot {
  readonly values: ReadonlyMap<string, Buffer>;
  readonly timers: ReadonlyMap<string, number>;
}

/** The in-memory twin of Redis: the same outcomes of every command, as `state-store.suite.ts` says. */
export class MemoryStateStore implements StateStore, StateAdmin {
  readonly #shards = new Map<string, MemoryShard>();

  async read(shard: ShardId, keys: readonly string[]): Promise<ShardHead & { values: (Buffer | null)[] }> {
    const { values } = this.#of(shard);
    return { ...this.#head(shard), values: keys.map((key) => values.get(key) ?? null) };
  }

  async dueTimers(
    shard: ShardId,
    dueUpToMs: number,
    limit: number,
  ): Promise<ShardHead & { timers: Timer[]; nextDueMs: number | null }> {
    const all = this.#sortedTimers(shard);
    const timers = all.filter((timer) => timer.dueMs <= dueUpToMs).slice(0, limit);
    return { ...this.#head(shard), timers, nextDueMs: all[0]?.dueMs ?? null };
  }

  async commit(shard: ShardId, commit: ShardCommit): Promise<CommitOutcome> {
    const state = this.#of(shard);
    const head = state.values.get(HEAD_KEY) ?? null;
    if (head !== null && head.subarray(0, 8).equals(commit.head.subarray(0, 8))) return 'already';
    const isParent =
      commit.parentToken === null ? head === null : head !== null && head.subarray(0, 8).equals(commit.parentToken);
    if (!isParent) return 'refused';
    state.values.set(HEAD_KEY, Buffer.from(commit.head));
    for (const [key, value] of commit.puts) state.values.set(key, Buffer.from(value));
    for (const key of commit.deletes) state.values.delete(key);
    for (const name of commit.timersCancelled) state.timers.delete(name);
    for (const timer of commit.timersSet) state.timers.set(timer.name, timer.dueMs);
    for (const [key, value] of commit.memos) state.values.set(key, Buffer.from(value));
    return 'applied';
  }

  async own(shard: ShardId, owner: string): Promise<void> {
    this.#of(shard).owner = owner;
  }

  async peek(shard: ShardId, keys: readonly string[], bytes?: number): Promise<(Buffer | null)[]> {
    const { values } = this.#of(shard);
    return keys.map((key) => values.get(key)?.subarray(0, bytes) ?? null);
  }

  async countAttempt(
    shard: ShardId,
    token: Buffer,
    mark: string,
  ): Promise<{ attempts: number; previousMark: string | null }> {
    const state = this.#of(shard);
    const name = token.toString('hex');
    const last = state.attempts?.token === name ? state.attempts : null;
    state.attempts = { token: name, count: (last?.count ?? 0) + 1, mark };
    return { attempts: state.attempts.count, previousMark: last?.mark ?? null };
  }

  async *keys(shard: ShardId): AsyncIterable<string[]> {
    const state = this.#of(shard);
    const keys = [...state.values.keys()];
    if (state.timers.size > 0) keys.push(TIMERS_KEY);
    if (state.owner !== null) keys.push(OWNER_KEY);
    if (state.attempts !== null) keys.push(ATTEMPTS_KEY);
    yield keys;
  }

  async timers(shard: ShardId): Promise<ShardHead & { timers: Timer[] }> {
    return { ...this.#head(shard), timers: this.#sortedTimers(shard) };
  }

  async memoryBytes(shard: ShardId): Promise<{ bytes: number; keys: number }> {
    const { values } = this.#of(shard);
    let bytes = 0;
    for (const [key, value] of values) bytes += key.length + value.length;
    return { bytes, keys: values.size };
  }

  async clear(shard: ShardId): Promise<void> {
    this.#shards.delete(shardName(shard));
  }

  async writeState(shard: ShardId, { head, values, timers }: WholeState): Promise<boolean> {
    const state = this.#of(shard);
    if (state.values.has(HEAD_KEY)) return false;
    for (const [key, value] of values) state.values.set(key, Buffer.from(value));
    for (const { name, dueMs } of timers) state.timers.set(name, dueMs);
    state.values.set(HEAD_KEY, Buffer.from(head));
    return true;
  }

  /** What the shard holds now, without memos: they are no state. */
  snapshot(shard: ShardId): ShardSnapshot {
    const { values, timers } = this.#of(shard);
    const kept = [...values].filter(([key]) => !key.startsWith(MEMO_PREFIX));
    return { values: new Map(kept), timers: new Map(timers) };
  }

  /** The store goes back to an earlier commit (a fail-over, a lost AOF tail); an empty snapshot empties the shard. */
  restore(shard: ShardId, snapshot: ShardSnapshot): void {
    const state = this.#of(shard);
    state.values.clear();
    state.timers.clear();
    for (const [key, value] of snapshot.values) state.values.set(key, value);
    for (const [name, dueMs] of snapshot.timers) state.timers.set(name, dueMs);
  }

  #of(shard: ShardId): MemoryShard {
    const name = shardName(shard);
    let state = this.#shards.get(name);
    if (state === undefined) {
      state = { values: new Map(), timers: new Map(), owner: null, attempts: null };
      this.#shards.set(name, state);
    }
    return state;
  }

  #head(shard: ShardId): ShardHead {
    const state = this.#of(shard);
    return { head: state.values.get(HEAD_KEY) ?? null, owner: state.owner };
  }

  #sortedTimers(shard: ShardId): Timer[] {
    const timers = [...this.#of(shard).timers].map(([name, dueMs]) => ({ name, dueMs }));
    return timers.sort((a, b) => a.dueMs - b.dueMs || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  }
}
