import { RetryableError } from '@millrace/stream/errors';
import type { Append, FetchedRecords, FetchPosition, Log, PartitionBounds, TopicPartition } from '@millrace/stream/log';
import type { MemoryLog } from '@millrace/stream/memory-log';
import type { MemoryStateStore } from '@millrace/stream/memory-state-store';
import type { CommitOutcome, ShardCommit, ShardHead, ShardId, StateStore, Timer } from '@millrace/stream/state-store';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** How likely each fault is, per operation. */
export interface FaultRates {
  readonly fails: number;
  readonly losesReply: number;
  readonly duplicates: number;
}

export const NO_FAULTS: FaultRates = { fails: 0, losesReply: 0, duplicates: 0 };

/** What the world must know about a commit, to be able to bring an earlier one back. */
export type OnCommit = (shard: ShardId) => void;

const failed = (): never => {
  throw new RetryableError('simulated', 'The simulated server did not answer.');
};

/** The log as one worker sees it: late, failing before or after the fact, writing things twice. */
export class FaultyLog implements Log {
  readonly #log: MemoryLog;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #worker: string;
  readonly #rates: () => FaultRates;

  constructor(log: MemoryLog, scheduler: Scheduler, random: Random, worker: string, rates: () => FaultRates) {
    this.#log = log;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#worker = worker;
    this.#rates = rates;
  }

  async append(requests: readonly Append[]): Promise<number[]> {
    // Each partition is written at a moment of its own, as a request to several leaders is.
    const offsets = await Promise.all(requests.map((request) => this.#appendOne(request)));
    await this.#reply();
    return offsets;
  }

  async fetch(positions: readonly FetchPosition[], maxWaitMs: number): Promise<FetchedRecords[]> {
    await this.#request();
    // A broker may hand out less than there is.
    const asked = positions.map((position) => ({ ...position, maxBytes: this.#random.chance(0.3) ? 1 : 40 + this.#random.below(400) }));
    let answer = await this.#log.fetch(asked, 0);
    if (maxWaitMs > 0 && !answer.some((part) => part.records.length > 0 || part.outOfRange)) {
      await this.#scheduler.clockOf(this.#worker).sleep(maxWaitMs);
      answer = await this.#log.fetch(asked, 0);
    }
    return answer;
  }

  async bounds(partitions: readonly TopicPartition[]): Promise<PartitionBounds[]> {
    await this.#request();
    return this.#log.bounds(partitions);
  }

  async #appendOne(request: Append): Promise<number> {
    await this.#request();
    const [offset] = await this.#log.append([request]);
    if (!this.#random.chance(this.#rates().duplicates)) return offset!;
    await this.#scheduler.step(this.#worker, () => undefined);
    const [again] = await this.#log.append([request]);
    return this.#random.chance(0.5) ? offset! : again!;
  }

  async #request(): Promise<void> {
    await this.#scheduler.step(this.#worker, () => undefined);
    if (this.#random.chance(this.#rates().fails)) failed();
  }

  async #reply(): Promise<void> {
    await this.#scheduler.step(this.#worker, () => undefined);
    if (this.#random.chance(this.#rates().losesReply)) failed();
  }
}

/** The store as one worker sees it. */
export class FaultyStore implements StateStore {
  readonly #store: MemoryStateStore;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #worker: string;
  readonly #rates: () => FaultRates;
  readonly #onCommit: OnCommit;

  constructor(
    store: MemoryStateStore,
    scheduler: Scheduler,
    random: Random,
    worker: string,
    rates: () => FaultRates,
    onCommit: OnCommit,
  ) {
    this.#store = store;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#worker = worker;
    this.#rates = rates;
    this.#onCommit = onCommit;
  }

  read(shard: ShardId, keys: readonly string[]): Promise<ShardHead & { values: (Buffer | null)[] }> {
    return this.#operation(() => this.#store.read(shard, keys));
  }

  dueTimers(
    shard: ShardId,
    dueUpToMs: number,
    limit: number,
  ): Promise<ShardHead & { timers: Timer[]; nextDueMs: number | null }> {
    return this.#operation(() => this.#store.dueTimers(shard, dueUpToMs, limit));
  }

  commit(shard: ShardId, commit: ShardCommit): Promise<CommitOutcome> {
    return this.#operation(async () => {
      const outcome = await this.#store.commit(shard, commit);
      if (outcome === 'applied') this.#onCommit(shard);
      return outcome;
    });
  }

  own(shard: ShardId, owner: string): Promise<void> {
    return this.#operation(() => this.#store.own(shard, owner));
  }

  peek(shard: ShardId, keys: readonly string[], bytes?: number): Promise<(Buffer | null)[]> {
    return this.#operation(() => this.#store.peek(shard, keys, bytes));
  }

  countAttempt(shard: ShardId, token: Buffer, mark: string): Promise<{ attempts: number; previousMark: string | null }> {
    return this.#operation(() => this.#store.countAttempt(shard, token, mark));
  }

  async #operation<T>(action: () => Promise<T>): Promise<T> {
    const { fails, losesReply } = this.#rates();
    if (this.#random.chance(fails)) {
      await this.#scheduler.step(this.#worker, () => undefined);
      failed();
    }
    const result = await this.#scheduler.step(this.#worker, action);
    await this.#scheduler.step(this.#worker, () => undefined);
    if (this.#random.chance(losesReply)) failed();
    return result;
  }
}
