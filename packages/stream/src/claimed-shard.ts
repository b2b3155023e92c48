import type { InputRecord } from './aligned-merge.ts';
import { deadLetter } from './dead-letters.ts';
import { EntityCache } from './entity-cache.ts';
import { AlarmError } from './errors.ts';
import type { BatchIdentity, Entity, ShardFold, ShardScope, StreamHandler } from './handler.ts';
import type { Omission } from './journal.ts';
import type { Append } from './log.ts';
import type { EngineObserver } from './observer.ts';
import { encodeHead, type ShardPosition } from './shard-head.ts';
import type { CommitOutcome, ShardHead, ShardId, StateStore, Timer } from './state-store.ts';
import { TimerQueue } from './timer-queue.ts';

/** The stored head is not the one that this worker builds on: drop the shard and claim it again. */
export class ShardLost extends Error {
  override readonly name = 'ShardLost';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A fold threw: the record that it choked on, so that it can be left out after some tries. */
export class FoldFailed extends Error {
  override readonly name = 'FoldFailed';
  readonly input: number;
  readonly offset: number;
  constructor(input: number, offset: number, cause: unknown) {
    super(`The fold failed on input ${input}, offset ${offset}.`, { cause });
    this.input = input;
    this.offset = offset;
  }
}

export interface BatchMode {
  readonly coalesced: boolean;
  readonly isRedo: boolean;
  readonly omissions: readonly Omission[];
}

const TIMER_PAGE = 5_000;

/**
 * A shard in a worker's memory: its position, its hot entities, its fold. Everything here is valid only as long as the
 * store's head is the one that {@link position} names; every read checks that.
 */
export class ClaimedShard<E> {
  readonly shard: ShardId;
  readonly #handler: StreamHandler<E>;
  readonly #store: StateStore;
  readonly #observer: EngineObserver;
  readonly #owner: string | undefined;
  readonly #cache: EntityCache;
  readonly #fold: ShardFold<E>;
  #position: ShardPosition;
  /** No timer of the store is due at or before this time. */
  #noTimerUpToMs = Number.NEGATIVE_INFINITY;
  /** Timers were loaded for the present batch. */
  #hasDueTimers = false;
  #timers = new TimerQueue([], 0);
  #clockMs: number;
  #mode: BatchMode = { coalesced: false, isRedo: false, omissions: [] };
  #deadLetters: Append[] = [];

  /** @param owner who must still be named as the owner in every read; undefined when nobody contends (replays). */
  constructor(
    parts: {
      readonly handler: StreamHandler<E>;
      readonly store: StateStore;
      readonly observer: EngineObserver;
      readonly limitEntities: number;
      readonly owner?: string | undefined;
    },
    shard: ShardId,
    position: ShardPosition,
  ) {
    this.shard = shard;
    this.#handler = parts.handler;
    this.#store = parts.store;
    this.#observer = parts.observer;
    this.#owner = parts.owner;
    this.#position = position;
    this.#clockMs = position.clockMs;
    this.#cache = new EntityCache(parts.handler.codecs, parts.limitEntities);
    this.#fold = parts.handler.open(this.#scope());
  }

  get position(): ShardPosition {
    return this.#position;
  }

  /** Loads what stays in memory for as long as the shard is claimed. */
  async loadShardKeys(): Promise<void> {
    const keys = this.#fold.shardKeys;
    const { values, ...head } = await this.#store.read(this.shard, keys);
    this.#mustBeHead(head);
    keys.forEach((key, i) => this.#cache.load(key, values[i]!, true));
  }

  /** Loads the entities and timers that folding `records` will ask for. @throws ShardLost */
  async load(records: readonly InputRecord<E>[]): Promise<void> {
    let untilMs = this.#position.clockMs;
    const missing = new Set<string>();
    const need = (key: string): void => {
      if (!this.#cache.has(key)) missing.add(key);
    };
    for (const { decoded } of records) {
      if (decoded.kind !== 'event') continue;
      if (decoded.timeMs > untilMs) untilMs = decoded.timeMs;
      for (const key of decoded.keys) need(key);
    }
    const due = await this.#dueTimers(untilMs);
    for (const timer of due) for (const key of this.#fold.keysOfTimer(timer.name)) need(key);
    this.#timers = new TimerQueue(due, untilMs);
    if (missing.size === 0) return;
    const keys = [...missing];
    const { values, ...head } = await this.#store.read(this.shard, keys);
    this.#mustBeHead(head);
    keys.forEach((key, i) => this.#cache.load(key, values[i]!));
  }

  /** Folds in memory, in the order given; what follows from it waits for {@link announcements}. @throws FoldFailed */
  fold(records: readonly InputRecord<E>[], mode: BatchMode): void {
    this.#mode = mode;
    this.#deadLetters = [];
    this.#fold.begin();
    for (const input of records) {
      try {
        this.#foldOne(input);
      } catch (error) {
        if (error instanceof AlarmError) throw error;
        throw new FoldFailed(input.input, input.record.offset, error);
      }
    }
  }

  render(nowMs: number): Promise<Append[]> {
    return this.#fold.render(nowMs);
  }

  announcements(batch: BatchIdentity): Append[] {
    return [...this.#fold.announcements(batch), ...this.#deadLetters];
  }

  announced(nowMs: number): void {
    this.#fold.announced(nowMs);
  }

  get deadLetterCount(): number {
    return this.#deadLetters.length;
  }

  /** Writes everything in one step. Answers the bytes written. @throws ShardLost when the stored head is another one. */
  async commit(token: Buffer, journalOffset: number, positions: readonly number[]): Promise<number> {
    const next: ShardPosition = {
      token,
      incarnation: this.#position.incarnation,
      journalOffset,
      positions,
      clockMs: this.#clockMs,
    };
    const changes = this.#cache.changes();
    const timers = this.#timers.changes();
    const outcome: CommitOutcome = await this.#store.commit(this.shard, {
      parentToken: this.#position.token,
      head: encodeHead(next),
      puts: changes.puts,
      deletes: changes.deletes,
      timersSet: timers.set,
      timersCancelled: timers.cancelled,
      memos: changes.memos,
    });
    if (outcome === 'refused') throw new ShardLost('commit-refused', 'Another worker has committed meanwhile.');
    this.#position = next;
    this.#cache.settle();
    // Fired is what the clock has reached, not what was loaded: a record that was left out did not move it.
    if (this.#hasDueTimers) this.#noTimerUpToMs = this.#clockMs;
    for (const { dueMs } of timers.set) if (dueMs <= this.#noTimerUpToMs) this.#noTimerUpToMs = dueMs - 1;
    return changes.puts.reduce((bytes, [, value]) => bytes + value.length, 0);
  }

  /** Is the shard still as this worker knows it? @throws ShardLost */
  async check(): Promise<void> {
    const { head, owner } = await this.#store.read(this.shard, []);
    this.#mustBeHead({ head, owner });
  }

  #foldOne({ input, record, decoded }: InputRecord<E>): void {
    const topic = this.#handler.spec.inputs[input]!;
    const { omissions } = this.#mode;
    const omission =
      omissions.length === 0 ? undefined : omissions.find((left) => left.input === input && left.offset === record.offset);
    if (omission !== undefined) {
      this.#bury(topic, record, omission.reason, 'left out after repeated failures of its fold');
    } else if (decoded.kind === 'dead') {
      this.#bury(topic, record, decoded.reason, decoded.detail);
    } else if (decoded.kind === 'event') {
      if (decoded.timeMs > this.#clockMs) {
        this.#clockMs = decoded.timeMs;
        this.#fireDue();
      }
      const { offset, timestampMs } = record;
      this.#fold.fold(decoded.event, { topic, partition: this.shard.number, offset, timestampMs });
    }
  }

  #fireDue(): void {
    for (let timer = this.#timers.takeDue(this.#clockMs); timer !== undefined; timer = this.#timers.takeDue(this.#clockMs)) {
      this.#fold.fire(timer);
    }
  }

  #bury(topic: string, record: InputRecord<E>['record'], reason: string, detail: string): void {
    const cause = { incarnation: this.#position.incarnation, topic, partition: this.shard.number, reason, detail };
    this.#deadLetters.push(deadLetter(this.#handler.spec.deadLetters, record, cause));
    this.#observer.deadLetter(topic, reason);
  }

  async #dueTimers(untilMs: number): Promise<Timer[]> {
    this.#hasDueTimers = false;
    if (untilMs <= this.#noTimerUpToMs) return [];
    for (let limit = TIMER_PAGE; ; limit *= 4) {
      const { timers, nextDueMs, ...head } = await this.#store.dueTimers(this.shard, untilMs, limit);
      this.#mustBeHead(head);
      if (timers.length >= limit) continue;
      this.#hasDueTimers = timers.length > 0;
      if (!this.#hasDueTimers) this.#noTimerUpToMs = (nextDueMs ?? Number.POSITIVE_INFINITY) - 1;
      return timers;
    }
  }

  #mustBeHead({ head, owner }: ShardHead): void {
    if (head === null || !head.subarray(0, this.#position.token.length).equals(this.#position.token)) {
      throw new ShardLost('head-moved', 'The stored head is not the one that this worker builds on.');
    }
    if (this.#owner !== undefined && owner !== this.#owner) {
      throw new ShardLost('owner-changed', 'Another worker has claimed the shard.');
    }
  }

  #scope(): ShardScope {
    // The scope reads the shard's present values through getters, so that one object serves for its whole life.
    const self = this;
    return {
      shard: this.shard,
      incarnation: this.#position.incarnation,
      get clockMs() {
        return self.#clockMs;
      },
      get coalesced() {
        return self.#mode.coalesced;
      },
      get isRedo() {
        return self.#mode.isRedo;
      },
      entity: <T>(key: string): Entity<T> => this.#cache.get<T>(key),
      touch: (entity) => this.#cache.touch(entity),
      setTimer: (name, dueMs) => this.#timers.set(name, dueMs),
      cancelTimer: (name) => this.#timers.cancel(name),
      note: (name, count = 1) => this.#observer.note(name, count),
    };
  }
}
