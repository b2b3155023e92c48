import { vi } from 'vitest';
import { systemClock } from './clock.ts';
import { CountingStream, type CountedEvent, type CountedUser } from './counting-stream.fixture.ts';
import { DEFAULT_ENGINE_OPTIONS, type EngineOptions, type EngineParts } from './engine.ts';
import { JournalCodec, type JournalEntry } from './journal.ts';
import type { Log } from './log.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryStateStore } from './memory-state-store.ts';
import { silentObserver, type EngineObserver } from './observer.ts';
import { decodeHead, type ShardPosition } from './shard-head.ts';
import { ShardWorker } from './shard-worker.ts';
import type { ShardId, StateStore } from './state-store.ts';

const SHARDS = 2;
/** Waits so short that a test is over before anybody notices, and still waits. */
const QUICK: EngineOptions = {
  ...DEFAULT_ENGINE_OPTIONS,
  fetchMaxWaitMs: 2,
  gatherMs: 0,
  idleCheckMs: 4,
  retryMinMs: 1,
  retryMaxMs: 4,
  alarmRetryMs: 5,
};

/** Servers in memory, and workers of {@link CountingStream} on them. */
export class EngineBench {
  readonly log = new MemoryLog(() => 1_000);
  readonly store = new MemoryStateStore();
  readonly handler = new CountingStream();
  readonly journalCodec = new JournalCodec(9);
  /** What the engine told its observer, in order: `dropped journal-contended`, `claimed 1`, `batch 3`, … */
  readonly told: string[] = [];
  readonly #workers: ShardWorker<CountedEvent>[] = [];
  #tokens = 0;

  constructor() {
    for (const topic of ['first', 'second', 'journal', 'dead', 'said']) this.log.createTopic(topic, SHARDS);
  }

  parts(options: Partial<EngineOptions> = {}, servers: { log?: Log; store?: StateStore; name?: string } = {}): EngineParts<CountedEvent> {
    return {
      handler: this.handler,
      log: servers.log ?? this.log,
      store: servers.store ?? this.store,
      clock: systemClock,
      observer: this.#observer(),
      journalCodec: this.journalCodec,
      newToken: () => Buffer.from(`token${String(this.#tokens++).padStart(3, '0')}`),
      workerName: servers.name ?? 'worker',
      options: { ...QUICK, ...options },
    };
  }

  start(...parameters: Parameters<EngineBench['parts']>): ShardWorker<CountedEvent> {
    const worker = new ShardWorker<CountedEvent>(this.parts(...parameters));
    this.#workers.push(worker);
    worker.start();
    return worker;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  /** Objects become JSON; strings stay as they are. */
  async append(topic: string, partition: number, ...events: readonly (CountedEvent | string)[]): Promise<void> {
    const values = events.map((event) => Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)));
    await this.log.append([{ topic, partition, records: values.map((value) => ({ key: null, value })) }]);
  }

  async journal(partition: number, entry: Partial<JournalEntry> & { readonly parent: Buffer }): Promise<void> {
    const value = this.journalCodec.encode({
      token: Buffer.from('stranger'),
      kind: 'batch',
      foldVersion: 1,
      coalesced: false,
      ranges: [],
      omissions: [],
      ...entry,
    });
    await this.log.append([{ topic: 'journal', partition, records: [{ key: null, value }] }]);
  }

  position(shard: ShardId): ShardPosition {
    return decodeHead(this.store.snapshot(shard).values.get('head')!);
  }

  user(shard: ShardId, name: string): CountedUser | undefined {
    const bytes = this.store.snapshot(shard).values.get(`u:${name}`);
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as CountedUser);
  }

  /** Everything announced in a partition, in order, repetitions included. */
  said(partition: number): string[] {
    return this.log.recordsOf('said', partition).map(({ value }) => value!.toString());
  }

  /** Waits until the shard has taken so many records of its first and of its second input. */
  async hasTaken(shard: ShardId, first: number, second = 0): Promise<void> {
    await this.until(() => {
      const head = this.store.snapshot(shard).values.get('head');
      const [a, b] = head === undefined ? [] : decodeHead(head).positions;
      return a === first && b === second;
    });
  }

  async until(condition: () => boolean): Promise<void> {
    await vi.waitUntil(condition, { timeout: 20_000, interval: 2 });
  }

  #observer(): EngineObserver {
    const told = (line: string): void => void this.told.push(line);
    return {
      ...silentObserver,
      batch: (_shard, { records, isRedo }) => told(`${isRedo ? 'redo' : 'batch'} ${records}`),
      claimed: (_shard, { redone }) => told(`claimed ${redone}`),
      dropped: (_shard, code) => told(`dropped ${code}`),
      alarm: (_shard, code) => told(`alarm ${code}`),
      released: () => told('released'),
      deadLetter: (_topic, reason) => told(`dead ${reason}`),
    };
  }
}
