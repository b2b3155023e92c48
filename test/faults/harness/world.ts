import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWireTools, pipelineTopics, type WireTools } from '@millrace/pipeline';
import { RetryableError } from '@millrace/stream/errors';
import { createTopics, KafkaLog } from '@millrace/stream/kafka/index';
import { connectRedis, RedisStateStore, type RedisConnection } from '@millrace/stream/redis/index';
import { streamProgress } from '@millrace/testkit/pipeline/index';
import { startBreakableProxy, type BreakableProxy } from '@millrace/testkit/network/breakable-proxy';
import { SeededRandom } from '@millrace/testkit/seeded-random';
import type { FaultKafka } from './fault-kafka.ts';
import { FaultRedis } from './fault-redis.ts';
import { Feeder } from './feeder.ts';
import { knownLoad, type LoadOptions } from './known-load.ts';
import { PositionWatch } from './position-watch.ts';
import { Fleet } from './workers.ts';

export interface WorldOptions {
  readonly seed: number;
  /** Names topics and consumer groups; another one for every world on the same brokers. */
  readonly prefix: string;
  readonly dataDir: string;
  readonly kafka: FaultKafka;
  /** Workers of each service. Default 1. */
  readonly workers?: number | undefined;
  readonly load?: Omit<LoadOptions, 'seed'> | undefined;
  readonly recordsPerSecond?: number | undefined;
  /** Of every worker, beside what all worlds set. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export const SHARDS = 4;
const DEFAULT_RECORDS_PER_SECOND = 250;
const POLL_MS = 100;

/** What the workers of every world are told. */
const WORKER_ENV = {
  // The events are of another year: a tick of today would make all of them late.
  MILLRACE_CLOCK_TICK_EVERY_MS: '0',
  MILLRACE_ENGINE_BATCH_LIMIT_RECORDS: '50',
  MILLRACE_KAFKA_SESSION_TIMEOUT_MS: '3000',
} as const;

/** One pipeline on real servers with a load that runs through it: what a scenario does harm to. */
export class World {
  readonly kafka: FaultKafka;
  readonly redis: FaultRedis;
  /** Between Redis and the workers that are told to go through it. */
  readonly redisProxy: BreakableProxy;
  readonly fleet: Fleet;
  readonly feeder: Feeder;
  readonly log: KafkaLog;
  readonly store: RedisStateStore;
  readonly redisAdmin: RedisConnection;
  readonly wire: WireTools;
  readonly watch: PositionWatch;
  readonly random: SeededRandom;
  readonly dataDir: string;
  readonly recordsPerSecond: number;

  private constructor(options: WorldOptions, redis: FaultRedis, redisProxy: BreakableProxy, wire: WireTools) {
    const { seed, prefix, dataDir, kafka } = options;
    this.kafka = kafka;
    this.redis = redis;
    this.redisProxy = redisProxy;
    this.wire = wire;
    this.dataDir = dataDir;
    this.recordsPerSecond = options.recordsPerSecond ?? DEFAULT_RECORDS_PER_SECOND;
    this.random = new SeededRandom('faults', seed);
    this.log = new KafkaLog(kafka.connection);
    this.redisAdmin = connectRedis(redis.url);
    this.store = new RedisStateStore(this.redisAdmin);
    this.feeder = new Feeder(this.log, knownLoad(wire.encoder, { ...options.load, seed }), SHARDS, prefix);
    this.watch = new PositionWatch(this.store, SHARDS);
    this.fleet = new Fleet({
      dataDir,
      kafka: kafka.kafka.brokers,
      redis: redis.url,
      shards: SHARDS,
      topicPrefix: prefix,
      env: { ...WORKER_ENV, ...options.env },
    });
  }

  /** Redis, topics, and no workers yet. */
  static async open(options: WorldOptions): Promise<World> {
    const { prefix, dataDir, kafka } = options;
    const wire = await openWireTools({ topicPrefix: prefix, shards: SHARDS });
    const config = kafka.brokers === 3 ? { 'min.insync.replicas': '2' } : undefined;
    await createTopics(kafka.connection, pipelineTopics({ shards: SHARDS, prefix, replicationFactor: kafka.brokers, config }));
    const redis = await FaultRedis.start(join(dataDir, 'redis'));
    return new World(options, redis, await startBreakableProxy('127.0.0.1', redis.port), wire);
  }

  get redisProxyUrl(): string {
    return `redis://127.0.0.1:${this.redisProxy.port}`;
  }

  /** Workers of both services, until they are ready. */
  async startWorkers(each: number): Promise<void> {
    for (let n = 0; n < each; n++) {
      await this.fleet.start('item-stream');
      await this.fleet.start('user-stream');
    }
    await this.fleet.untilReady();
  }

  /** A pause of random length, both ends in milliseconds. */
  async pause(leastMs: number, mostMs: number): Promise<void> {
    await sleep(this.random.between(leastMs, mostMs));
  }

  /** Waits until everything in the topics is folded. Answers how long that took. @throws Error after `limitMs` */
  async untilFolded(limitMs: number): Promise<number> {
    const startedMs = performance.now();
    for (let said = ''; ; await sleep(POLL_MS)) {
      const elapsedMs = performance.now() - startedMs;
      if (elapsedMs > limitMs) throw new Error(`After ${Math.round(limitMs / 1_000)} s there is still something to fold: ${said}`);
      try {
        const { users, items } = await this.lag();
        if (users + items === 0) return elapsedMs;
        said = `${users} records and ${items} of evidence.`;
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        said = error.message;
      }
    }
  }

  /** Records that wait. A shard without a head counts as waiting, so an emptied Redis is never at rest. */
  async lag(): Promise<{ users: number; items: number }> {
    const { topics } = this.wire;
    const users = await streamProgress(this.log, this.store, 'u', SHARDS, [topics.control, topics.customers, topics.clickstream, topics.purchases]);
    const items = await streamProgress(this.log, this.store, 'i', SHARDS, [topics.itemEvidence, topics.catalog]);
    return { users: users.lagRecords + SHARDS - users.begun, items: items.lagRecords + SHARDS - items.begun };
  }

  /** Until a running worker's log shows a line with this event and code. @throws Error after `limitMs` */
  async untilAlarm(code: string, limitMs: number, alarmsSoFar: () => readonly string[]): Promise<void> {
    const deadlineMs = performance.now() + limitMs;
    while (!alarmsSoFar().includes(code)) {
      if (performance.now() > deadlineMs) throw new Error(`No alarm "${code}" came within ${limitMs / 1_000} s.`);
      await sleep(POLL_MS);
    }
  }

  async close(): Promise<void> {
    this.watch.stop();
    await this.feeder.stop().catch(() => undefined);
    await this.fleet.killAll();
    this.log.close();
    await this.redisAdmin.close();
    await this.redisProxy.close();
    await this.redis.stop();
  }
}
