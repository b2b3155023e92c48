import { decodeHead } from '@millrace/stream/shard-head';
import { DEFAULT_ENGINE_OPTIONS } from '@millrace/stream/engine';
import type { JournalCodec } from '@millrace/stream/journal';
import { MemoryLog } from '@millrace/stream/memory-log';
import { MemoryStateStore, type ShardSnapshot } from '@millrace/stream/memory-state-store';
import { silentObserver, type EngineObserver } from '@millrace/stream/observer';
import { ShardWorker } from '@millrace/stream/shard-worker';
import { shardName, type ShardId, type ShardKind, type StateStore } from '@millrace/stream/state-store';
import type { StreamHandler } from '@millrace/stream/handler';
import { FaultyLog, FaultyStore, NO_FAULTS, type FaultRates, type Outage, type WorkerSide } from './faulty-adapters.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';
import { occurrenceNamed, Tally } from './tally.ts';

/** One of the streams of a world. */
export interface WorldStream {
  readonly kind: ShardKind;
  readonly shards: number;
  /** A handler for one worker; lists read through its store. */
  readonly handler: (store: StateStore) => StreamHandler<never>;
}

/** What a world is made of. */
export interface WorldParts {
  readonly streams: readonly WorldStream[];
  /** Partitions by topic. */
  readonly topics: Readonly<Record<string, number>>;
  /** Wall clock of servers and workers at the beginning, epoch milliseconds. */
  readonly startMs: number;
  readonly journalCodec: JournalCodec;
}

interface Actor {
  readonly name: string;
  readonly workers: ShardWorker<never>[];
  isPaused: boolean;
}

/** What a world was asked to do to its workers and servers. */
export interface WorldFaults {
  readonly rates: FaultRates;
  readonly turns: number;
  readonly kill: number;
  readonly pause: number;
  readonly reassign: number;
  readonly goBack: number;
  /** How likely an outage begins; three times as likely as that it ends. */
  readonly outage: number;
}

/** How hard one world is to live in: some have one kind of fault only, some all of them. */
export function randomFaults(random: Random, turns: number): WorldFaults {
  return {
    rates: {
      fails: random.pick([0, 0.01, 0.05]),
      cutsShort: random.pick([0, 0.1]),
      losesReply: random.pick([0, 0.01, 0.05]),
      duplicates: random.pick([0, 0.05, 0.2]),
    },
    turns,
    kill: random.pick([0.005, 0.02]),
    pause: random.pick([0, 0.02, 0.05]),
    reassign: random.pick([0, 0.01, 0.03]),
    goBack: random.pick([0, 0.01, 0.02]),
    outage: random.pick([0, 0, 0.02]),
  };
}

/** Enough for the largest world to come to rest many times over; a world that needs more is stuck. */
const DRAIN_TURNS = 60_000;

/**
 * A small world of servers and workers, all in one process and all in the hands of a seeded scheduler. Nothing fences
 * the workers from each other: several own the same shards at the same time, die between any two steps, sleep through
 * take-overs and wake up; the store goes back to earlier commits.
 */
export class World {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly log: MemoryLog;
  readonly store = new MemoryStateStore();
  readonly journalCodec: JournalCodec;
  readonly alarms: string[] = [];
  /** What happened, so that nobody takes a quiet world for a proof. */
  readonly tally = new Tally();
  readonly streams: readonly WorldStream[];
  #rates: FaultRates = NO_FAULTS;
  #outage: Outage = 'none';
  #actors: Actor[] = [];
  #born = 0;
  #bug: unknown;
  /** The owner beside the head spares workers work and nothing depends on it: in half of the worlds all have one name. */
  readonly #areOwnersTold: boolean;
  readonly #topics: Readonly<Record<string, number>>;
  readonly #history = new Map<string, { shard: ShardId; snapshots: ShardSnapshot[] }>();

  constructor(seed: number, { streams, topics, startMs, journalCodec }: WorldParts) {
    this.random = new Random(seed);
    this.scheduler = new Scheduler(this.random, startMs);
    this.journalCodec = journalCodec;
    this.log = new MemoryLog(() => this.scheduler.nowMs);
    this.streams = streams;
    this.#areOwnersTold = this.random.chance(0.5);
    this.#topics = topics;
    for (const [topic, partitions] of Object.entries(topics)) this.log.createTopic(topic, partitions);
  }

  /** Runs the world under faults. `onTurn` may append inputs. */
  async runWithFaults(faults: WorldFaults, onTurn: (turn: number) => void): Promise<void> {
    this.#rates = faults.rates;
    this.#start();
    for (let turn = 0; turn < faults.turns; turn++) {
      onTurn(turn);
      if (this.random.chance(faults.kill)) {
        if (this.#actors.length > 0) this.#kill(this.random.pick(this.#actors));
        this.tally.add('worker-killed');
      }
      if (this.#actors.length === 0 || (this.#actors.length < 3 && this.random.chance(faults.kill * 2))) this.#start();
      if (this.random.chance(faults.pause)) this.#togglePause();
      if (this.random.chance(faults.reassign)) this.#reassign(this.random.pick(this.#actors));
      this.#breakOrMend(faults.outage);
      if (this.random.chance(faults.goBack)) this.#goBack('store-went-back');
      await this.scheduler.turn();
      this.#throwBug();
    }
  }

  /**
   * Ends all faults and lets one healthy worker come to rest. In every other world the store then goes back once more,
   * with nothing new to do that would make anybody look. @throws Error when the world does not come to rest.
   */
  async drain(isAtRest: () => boolean): Promise<void> {
    this.#rates = NO_FAULTS;
    this.#outage = 'none';
    this.scheduler.resumeAll();
    // Some of the old workers live on beside the new one, zombies included.
    for (const actor of [...this.#actors]) if (this.random.chance(0.5)) this.#kill(actor);
    this.#start(true);
    let isLastFaultOpen = this.random.chance(0.5);
    for (let turn = 0; turn < DRAIN_TURNS; turn++) {
      await this.scheduler.turn();
      this.#throwBug();
      if (turn === 2_000) for (const actor of this.#actors.slice(0, -1)) this.#kill(actor);
      if (turn % 20 !== 0 || !isAtRest()) continue;
      if (!isLastFaultOpen) break;
      isLastFaultOpen = false;
      this.#goBack('store-went-back-at-rest');
    }
    if (!isAtRest()) throw new Error(`The world does not come to rest; alarms: ${this.alarms.join(' | ') || 'none'}`);
    for (const actor of [...this.#actors]) this.#kill(actor);
  }

  partitionsOf(topic: string): number {
    return this.#topics[topic]!;
  }

  /** Has every shard of the stream taken everything from its inputs? */
  hasTakenAll(kind: 'u' | 'i', shards: number, inputs: readonly string[]): boolean {
    for (let number = 0; number < shards; number++) {
      const head = this.store.snapshot({ kind, number }).values.get('head');
      if (head === undefined) return false;
      const { positions } = decodeHead(head);
      for (const [input, topic] of inputs.entries()) {
        if (positions[input] !== this.log.recordsOf(topic, number).length) return false;
      }
    }
    return true;
  }

  #start(isHealthy = false): void {
    const name = `w${this.#born++}`;
    const { scheduler, random, tally } = this;
    const side: WorkerSide = { scheduler, random, tally, worker: name, rates: () => this.#rates, outage: () => this.#outage };
    const log = new FaultyLog(this.log, side);
    const store = new FaultyStore(this.store, side, (shard) => this.#remember(shard));
    const observer = this.#observer();
    const workers = this.streams.map(({ handler, shards }) => {
      const worker = new ShardWorker<never>({
        handler: handler(store),
        log,
        store,
        clock: this.scheduler.clockOf(name),
        observer,
        journalCodec: this.journalCodec,
        newToken: () => this.random.bytes(8),
        workerName: this.#areOwnersTold ? name : 'anyone',
        options: {
          ...DEFAULT_ENGINE_OPTIONS,
          batchLimitRecords: 1 + this.random.below(10),
          inboxLimitRecords: 8,
          cacheLimitEntities: this.random.pick([0, 2, 100]),
          fetchMaxWaitMs: 20,
          retryMinMs: 10,
          retryMaxMs: this.random.pick([40, 5_000]),
          gatherMs: this.random.pick([0, 2]),
          coalesceLagMs: this.random.pick([0, 1_000_000]),
        },
      });
      worker.failed.catch((error: unknown) => {
        this.#bug = error;
      });
      worker.start();
      worker.assign(isHealthy ? allOf(shards) : this.#someOf(shards));
      return worker;
    });
    this.#actors.push({ name, workers, isPaused: false });
  }

  /** Counts what the workers say, and keeps every alarm: in these worlds there is no reason for one. */
  #observer(): EngineObserver {
    const { tally } = this;
    return {
      ...silentObserver,
      batch: (_shard, { isRedo }) => tally.add(isRedo ? 'batch-redone' : 'batch-live'),
      dropped: (_shard, code) => {
        const occurrence = occurrenceNamed(code);
        if (occurrence !== undefined) tally.add(occurrence);
      },
      deadLetter: (_topic, reason) => tally.add(reason === 'quarantined' ? 'quarantined' : 'dead-letter'),
      note: (name, count) => {
        const occurrence = occurrenceNamed(name);
        if (occurrence !== undefined) tally.add(occurrence, count);
      },
      alarm: (shard, code, detail) => this.alarms.push(`${shardName(shard)} ${code}: ${detail}`),
    };
  }

  #kill(actor: Actor): void {
    this.scheduler.kill(actor.name);
    this.#actors = this.#actors.filter((other) => other !== actor);
  }

  /** An outage lasts long enough for a worker to fail on the same batch again and again. */
  #breakOrMend(chance: number): void {
    if (this.#outage === 'none') {
      if (this.random.chance(chance)) this.#outage = this.random.pick(['appends', 'commits']);
    } else if (this.random.chance(chance / 3)) this.#outage = 'none';
  }

  #togglePause(): void {
    const actor = this.random.pick(this.#actors);
    if (actor.isPaused) {
      this.scheduler.resumeAll();
      for (const other of this.#actors) other.isPaused = false;
    } else {
      actor.isPaused = true;
      this.tally.add('worker-paused');
      this.scheduler.pause(actor.name);
    }
  }

  #reassign(actor: Actor): void {
    this.tally.add('shards-reassigned');
    actor.workers.forEach((worker, i) => worker.assign(this.#someOf(this.streams[i]!.shards)));
  }

  #someOf(shards: number): number[] {
    return allOf(shards).filter(() => this.random.chance(0.75));
  }

  #remember(shard: ShardId): void {
    const name = shardName(shard);
    const history = this.#history.get(name) ?? { shard, snapshots: [] };
    history.snapshots.push(this.store.snapshot(shard));
    this.#history.set(name, history);
  }

  /** One shard of the store goes back to an earlier commit, sometimes with an earlier owner beside it. */
  #goBack(what: 'store-went-back' | 'store-went-back-at-rest'): void {
    const histories = [...this.#history.values()];
    if (histories.length === 0) return;
    const { shard, snapshots } = this.random.pick(histories);
    const at = Math.max(0, snapshots.length - 1 - this.random.below(6));
    this.store.restore(shard, snapshots[at]!);
    if (this.random.chance(0.3)) void this.store.own(shard, `w${this.random.below(this.#born)}`);
    this.tally.add(what);
    this.tally.add('commits-forgotten', snapshots.length - 1 - at);
    snapshots.length = at + 1;
  }

  #throwBug(): void {
    if (this.#bug !== undefined) throw this.#bug;
  }
}

function allOf(shards: number): number[] {
  return Array.from({ length: shards }, (_, i) => i);
}
