import { RetryableError } from '@millrace/stream/errors';
import type { Append, FetchedRecords, FetchPosition, Log, PartitionBounds, TopicPartition } from '@millrace/stream/log';
import type { MemoryLog } from '@millrace/stream/memory-log';
import type { MemoryStateStore } from '@millrace/stream/memory-state-store';
import type { CommitOutcome, ShardCommit, ShardHead, ShardId, StateStore, Timer } from '@millrace/stream/state-store';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Tally } from './tally.ts';

/** How likely each fault is, per operation. */
export interface FaultRates {
  readonly fails: number;
  /** Of an append of several records only the first ones are written. */
  readonly cutsShort: number;
  readonly losesReply: number;
  readonly duplicates: number;
}

export const NO_FAULTS: FaultRates = { fails: 0, cutsShort: 0, losesReply: 0, duplicates: 0 };

/** `appends`: too few replicas in sync, or no disk. `commits`: a Redis that is full, or a replica. */
export type Outage = 'none' | 'appends' | 'commits';

/** What the world must know about a commit, to be able to bring an earlier one back. */
export type OnCommit = (shard: ShardId) => void;

/** What the adapters of one worker share. */
export interface WorkerSide {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly worker: string;
  readonly rates: () => FaultRates;
  /** What the servers do not take at the moment, while everything else works. */
  readonly outage: () => Outage;
  readonly tally: Tally;
}

const failed = (): never => {
  throw new RetryableError('simulated', 'The simulated server did not answer.');
};

/** The log as one worker sees it: late, failing before or after the fact, writing things twice or not to their end. */
export class FaultyLog implements Log {
  readonly #log: MemoryLog;
  readonly #side: WorkerSide;

  constructor(log: MemoryLog, side: WorkerSide) {
    this.#log = log;
    this.#side = side;
  }

  async append(requests: readonly Append[]): Promise<number[]> {
    // Each partition is written at a moment of its own, as a request to several leaders is.
    const offsets = await Promise.all(requests.map((request) => this.#appendOne(request)));
    await this.#reply();
    return offsets;
  }

  async fetch(positions: readonly FetchPosition[], maxWaitMs: number): Promise<FetchedRecords[]> {
    const { random, scheduler, worker } = this.#side;
    await this.#request();
    // A broker may hand out less than there is.
    const asked = positions.map((position) => ({ ...position, maxBytes: random.chance(0.3) ? 1 : 40 + random.below(400) }));
    let answer = await this.#log.fetch(asked, 0);
    if (maxWaitMs > 0 && !answer.some((part) => part.records.length > 0 || part.outOfRange)) {
      await scheduler.clockOf(worker).sleep(maxWaitMs);
      answer = await this.#log.fetch(asked, 0);
    }
    return this.#withoutSome(answer);
  }

  async bounds(partitions: readonly TopicPartition[]): Promise<PartitionBounds[]> {
    await this.#request();
    return this.#log.bounds(partitions);
  }

  async #appendOne(request: Append): Promise<number> {
    const { random, outage, rates, scheduler, tally, worker } = this.#side;
    await this.#request();
    if (outage() === 'appends') {
      tally.add('append-during-outage');
      failed();
    }
    if (request.records.length > 1 && random.chance(rates().cutsShort)) {
      // A long request goes in several pieces, and not all of them may arrive.
      await this.#log.append([{ ...request, records: request.records.slice(0, 1 + random.below(request.records.length - 1)) }]);
      tally.add('log-append-cut-short');
      failed();
    }
    const [offset] = await this.#log.append([request]);
    if (!random.chance(rates().duplicates)) return offset!;
    await scheduler.step(worker, () => undefined);
    const [again] = await this.#log.append([request]);
    tally.add('log-append-duplicated');
    return random.chance(0.5) ? offset! : again!;
  }

  /** Some brokers answer later: what they have is not known this time, while others had something. */
  #withoutSome(answer: FetchedRecords[]): FetchedRecords[] {
    const { random, tally } = this.#side;
    if (answer.filter(({ records }) => records.length > 0).length < 2 || !random.chance(0.2)) return answer;
    const late = random.below(answer.length);
    tally.add('log-partition-not-asked');
    return answer.map((part, i) =>
      i === late ? { ...part, records: [], nextOffset: part.offset, endOffset: Number.POSITIVE_INFINITY, outOfRange: false } : part,
    );
  }

  async #request(): Promise<void> {
    const { random, rates, scheduler, tally, worker } = this.#side;
    await scheduler.step(worker, () => undefined);
    if (!random.chance(rates().fails)) return;
    tally.add('log-request-failed');
    failed();
  }

  async #reply(): Promise<void> {
    const { random, rates, scheduler, tally, worker } = this.#side;
    await scheduler.step(worker, () => undefined);
    if (!random.chance(rates().losesReply)) return;
    tally.add('log-reply-lost');
    failed();
  }
}

/** The store as one worker sees it. */
export class FaultyStore implements StateStore {
  readonly #store: MemoryStateStore;
  readonly #side: WorkerSide;
  readonly #onCommit: OnCommit;

  constructor(store: MemoryStateStore, side: WorkerSide, onCommit: OnCommit) {
    this.#store = store;
    this.#side = side;
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

  async commit(shard: ShardId, commit: ShardCommit): Promise<CommitOutcome> {
    const { outage, tally } = this.#side;
    let isApplied = false;
    try {
      return await this.#operation(async () => {
        if (outage() === 'commits') {
          tally.add('commit-during-outage');
          failed();
        }
        const outcome = await this.#store.commit(shard, commit);
        isApplied = outcome === 'applied';
        if (isApplied) this.#onCommit(shard);
        if (outcome === 'already') tally.add('commit-already-there');
        return outcome;
      });
    } catch (error) {
      if (isApplied) tally.add('applied-commit-unanswered');
      throw error;
    }
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
    const { random, rates, scheduler, tally, worker } = this.#side;
    const { fails, losesReply } = rates();
    if (random.chance(fails)) {
      await scheduler.step(worker, () => undefined);
      tally.add('store-request-failed');
      failed();
    }
    const result = await scheduler.step(worker, action);
    await scheduler.step(worker, () => undefined);
    if (random.chance(losesReply)) {
      tally.add('store-reply-lost');
      failed();
    }
    return result;
  }
}
