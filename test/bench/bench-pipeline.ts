import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openWireTools, pipelineTopics, type WireTools } from '@millrace/pipeline';
import { silentLogger } from '@millrace/runtime';
import { RetryableError } from '@millrace/stream/errors';
import { connectKafka, createTopics, KafkaLog, type KafkaConnection } from '@millrace/stream/kafka/index';
import { connectRedis, RedisStateStore, type RedisConnection } from '@millrace/stream/redis/index';
import { avroRecords, fillTopics, type Filled } from '@millrace/testkit/load/index';
import { startService, waitUntilServiceReady, type ServiceName, type ServiceProcess } from '@millrace/testkit/pipeline/service-processes';
import { streamProgress, type StreamProgress } from '@millrace/testkit/pipeline/shard-progress';
import { startServers, type Servers } from '@millrace/testkit/servers/servers';
import { SetupError } from '@millrace/testkit/servers/setup-error';
import type { WireEvent } from '@millrace/testkit/shop/wire-event';
import type { Reading } from './reading.ts';
import { redisCountersOf } from './redis-use.ts';
import { parseSamples, type Sample } from './service-counters.ts';

export const SHARDS = 8;
const READY_WITHIN_MS = 60_000;
const PROFILE_EVERY_US = 500;
const RETRY_PAUSE_MS = 200;

export interface BenchPipelineOptions {
  /** Emptied first; what is in it afterwards can be looked at. */
  readonly dataDir: string;
  /** Configuration of the services that differs from their defaults. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the services write their CPU profiles when they stop; undefined: no profiles. */
  readonly profileDir?: string | undefined;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Records that are in the topics and not yet folded. */
export interface Lag {
  readonly users: StreamProgress;
  readonly items: StreamProgress;
}

/** Kafka, Redis and the services of one part of the bench, all of them new and empty. */
export class BenchPipeline {
  readonly log: KafkaLog;
  readonly store: RedisStateStore;
  readonly wire: WireTools;
  readonly #options: BenchPipelineOptions;
  readonly #servers: Servers;
  readonly #kafka: KafkaConnection;
  readonly #redis: RedisConnection;
  readonly #services = new Map<ServiceName, ServiceProcess>();

  private constructor(options: BenchPipelineOptions, servers: Servers, kafka: KafkaConnection, redis: RedisConnection, wire: WireTools) {
    this.#options = options;
    this.#servers = servers;
    this.#kafka = kafka;
    this.#redis = redis;
    this.wire = wire;
    this.log = new KafkaLog(kafka);
    this.store = new RedisStateStore(redis);
  }

  /** Starts servers and creates the topics. @throws SetupError with one sentence when that cannot be done */
  static async open(options: BenchPipelineOptions): Promise<BenchPipeline> {
    const { dataDir, say } = options;
    const servers = await startServers({ dataDir, data: 'empty-first', log: say });
    try {
      // Only now is it certain that no other bench works here.
      rmSync(join(dataDir, 'services'), { recursive: true, force: true });
      if (servers.kafka.usage() === undefined || servers.redis.usage() === undefined) {
        throw new SetupError('The CPU time of Kafka and Redis cannot be read where they run: set MILLRACE_SERVERS=local.');
      }
      const wire = await openWireTools({ topicPrefix: '', shards: SHARDS });
      const kafka = await connectKafka({ brokers: servers.kafka.address.split(','), clientId: 'millrace-bench', logger: silentLogger });
      await createTopics(kafka, pipelineTopics({ shards: SHARDS, prefix: '', replicationFactor: 1 }));
      return new BenchPipeline(options, servers, kafka, connectRedis(servers.redis.address), wire);
    } catch (error) {
      await servers.stop();
      throw error;
    }
  }

  /** Appends events as fast as the log takes them. */
  async fill(events: Iterable<WireEvent>): Promise<Filled> {
    const { signal } = this.#options;
    const filled = await fillTopics(this.log, events, { partitions: SHARDS, encode: avroRecords(this.wire.encoder), signal });
    signal.throwIfAborted();
    return filled;
  }

  /** Starts a service and does not wait for it. */
  async start(service: ServiceName): Promise<void> {
    const { dataDir, env, profileDir } = this.#options;
    const profile: Record<string, string> = {};
    if (profileDir !== undefined) {
      const directory = join(profileDir, service);
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory, { recursive: true });
      profile['NODE_OPTIONS'] = `--cpu-prof --cpu-prof-interval=${PROFILE_EVERY_US} --cpu-prof-dir=${JSON.stringify(directory)}`;
    }
    const { kafka, redis } = this.#servers;
    const started = await startService(service, 0, { dataDir, kafka: kafka.address, redis: redis.address, shards: SHARDS, env: { ...env, ...profile } });
    this.#services.set(service, started);
  }

  /** Waits until a service says that all its shards run. */
  async untilReady(service: ServiceName): Promise<void> {
    await waitUntilServiceReady(this.#service(service), READY_WITHIN_MS);
  }

  /**
   * Asks how far the shards are until `enough` says so, every `pollMs`.
   *
   * @throws SetupError when a service ended instead; what the signal carries when it comes
   */
  async untilLag(enough: (lag: Lag) => boolean, pollMs: number): Promise<Lag> {
    for (;;) {
      this.#options.signal.throwIfAborted();
      this.#mustRun();
      try {
        const lag = await this.lag();
        if (enough(lag)) return lag;
        await sleep(pollMs);
      } catch (error) {
        // A busy broker may be late with an answer to the bench while it serves the pipeline.
        if (!(error instanceof RetryableError)) throw error;
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }

  async lag(): Promise<Lag> {
    const { topics } = this.wire;
    // Users first: what they have committed has been announced, so the ends of the evidence seen after it include it.
    const users = await streamProgress(this.log, this.store, 'u', SHARDS, [topics.control, topics.customers, topics.clickstream, topics.purchases]);
    const items = await streamProgress(this.log, this.store, 'i', SHARDS, [topics.itemEvidence, topics.catalog]);
    return { users, items };
  }

  /** Waits until everything in the topics is folded, evidence too. */
  async untilNoLag(pollMs: number): Promise<void> {
    await this.untilLag(({ users, items }) => users.begun === SHARDS && users.lagRecords === 0 && items.begun === SHARDS && items.lagRecords === 0, pollMs);
  }

  /** CPU times are read first: reading the rest costs something itself. */
  async read(): Promise<Reading> {
    const atUs = Number(process.hrtime.bigint() / 1_000n);
    const cpu = {
      userStream: this.#service('user-stream').process.cpuSeconds(),
      itemStream: this.#service('item-stream').process.cpuSeconds(),
      kafka: this.#servers.kafka.usage()?.cpuSeconds ?? Number.NaN,
      redis: this.#servers.redis.usage()?.cpuSeconds ?? Number.NaN,
    };
    const info = await this.#redis.run('reading its counters', () => this.#redis.client.info('all'));
    return {
      atUs,
      cpu,
      redis: redisCountersOf(info),
      samples: { 'user-stream': await this.#scrape('user-stream'), 'item-stream': await this.#scrape('item-stream') },
      residentBytes: {
        'user-stream': this.#service('user-stream').process.residentBytes(),
        'item-stream': this.#service('item-stream').process.residentBytes(),
      },
    };
  }

  /** Services, connections, servers, in this order. */
  async stop(): Promise<void> {
    for (const service of ['user-stream', 'item-stream'] as const) await this.#services.get(service)?.process.stop();
    this.wire.registry.close();
    await this.#redis.close();
    await this.#kafka.close();
    await this.#servers.stop();
  }

  async #scrape(service: ServiceName): Promise<Sample[]> {
    const response = await fetch(`${this.#service(service).healthUrl}/metrics`);
    if (!response.ok) throw new Error(`${service} answered /metrics with status ${response.status}.`);
    return parseSamples(await response.text());
  }

  #service(name: ServiceName): ServiceProcess {
    const service = this.#services.get(name);
    if (service === undefined) throw new Error(`${name} was not started.`);
    return service;
  }

  #mustRun(): void {
    for (const [name, { process, logFile }] of this.#services) {
      if (!process.running()) throw new SetupError(`${name} ended while it was measured; its log is ${logFile}.`);
    }
  }
}
