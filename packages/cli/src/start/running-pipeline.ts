import { openWireTools, pipelineTopics, type WireTools } from '@millrace/pipeline';
import { silentLogger } from '@millrace/runtime';
import { connectKafka, createTopics, KafkaLog, type KafkaConnection } from '@millrace/stream/kafka/index';
import { connectRedis, RedisStateStore, type RedisConnection } from '@millrace/stream/redis/index';
import { SERVICES, startService, waitUntilServiceReady, type ServiceName, type ServiceProcess } from '@millrace/testkit/pipeline/service-processes';
import { streamProgress } from '@millrace/testkit/pipeline/shard-progress';
import { startServers, type Servers } from '@millrace/testkit/servers/servers';
import { readPipelineFile, writePipelineFile } from './pipeline-file.ts';
import { mismatch, type StartOptions } from './options.ts';

const READY_WITHIN_MS = 60_000;

/** CPU seconds used so far, by process; 0 for servers that are not ours. */
export interface CpuSeconds {
  readonly userStream: number;
  readonly itemStream: number;
  readonly kafka: number;
  readonly redis: number;
}

/** Records that are in the topics and not yet folded. */
export interface Lag {
  readonly users: number;
  readonly items: number;
}

/**
 * Everything that `npm start` runs, in the order in which it starts; `stop` is the reverse. Each part that was started
 * is stopped, also when a later one could not be.
 */
export class RunningPipeline {
  readonly options: StartOptions;
  readonly servers: Servers;
  readonly log: KafkaLog;
  readonly store: RedisStateStore;
  readonly wire: WireTools;
  readonly #kafka: KafkaConnection;
  readonly #redis: RedisConnection;
  readonly #services: ServiceProcess[] = [];
  /** Records of the shop's stream that earlier starts have put into the topics. */
  readonly replayedRecords: number;
  #env: Readonly<Record<string, string>> = {};
  #isStopping = false;

  private constructor(options: StartOptions, servers: Servers, kafka: KafkaConnection, redis: RedisConnection, wire: WireTools, replayedRecords: number) {
    this.replayedRecords = replayedRecords;
    this.options = options;
    this.servers = servers;
    this.#kafka = kafka;
    this.#redis = redis;
    this.wire = wire;
    this.log = new KafkaLog(kafka);
    this.store = new RedisStateStore(redis);
  }

  /** Servers, connections, topics. @throws SetupError, AlarmError, RetryableError, RegistryError: one sentence each */
  static async open(options: StartOptions, say: (line: string) => void): Promise<RunningPipeline> {
    const { dataDir, once, shards, prefix, seed } = options;
    const known = once ? undefined : readPipelineFile(dataDir);
    if (known !== undefined && known.shards !== shards) throw mismatch(dataDir, '--shards', known.shards, shards);
    if (known !== undefined && known.prefix !== prefix) throw mismatch(dataDir, '--prefix', known.prefix, prefix);
    if (known !== undefined && known.seed !== seed) throw mismatch(dataDir, '--seed', known.seed, seed);
    const servers = await startServers({
      dataDir,
      ...(options.kafkaPort === undefined ? {} : { kafkaPort: options.kafkaPort }),
      ...(options.redisPort === undefined ? {} : { redisPort: options.redisPort }),
      given: { kafka: options.kafka, redis: options.redis },
      data: once ? 'empty-first' : 'keep',
      log: say,
    });
    try {
      const wire = await openWireTools({ registryUrl: options.registry, topicPrefix: prefix, shards });
      const brokers = servers.kafka.address.split(',');
      const kafka = await connectKafka({ brokers, clientId: 'millrace-start', logger: silentLogger });
      const redis = connectRedis(servers.redis.address);
      const pipeline = new RunningPipeline(options, servers, kafka, redis, wire, known?.replayedRecords ?? 0);
      const created = await createTopics(kafka, pipelineTopics({ shards, prefix, replicationFactor: 1 }));
      say(created.length > 0 ? `Created ${created.length} topics with ${shards} shards.` : 'The topics are there.');
      writePipelineFile(dataDir, { shards, prefix, seed, replayedRecords: pipeline.replayedRecords, running: pipeline.#running() });
      return pipeline;
    } catch (error) {
      await servers.stop();
      throw error;
    }
  }

  /** Starts one worker of each service. The items first: the users' shards wait for them. */
  async startServices(env: Readonly<Record<string, string>>): Promise<void> {
    this.#env = env;
    for (const service of SERVICES) await this.startService(service);
  }

  /** Starts one worker, with what `startServices` was given, and waits until it is ready. */
  async startService(service: ServiceName): Promise<void> {
    const { dataDir, shards, prefix, registry } = this.options;
    const { kafka, redis } = this.servers;
    const topicPrefix = prefix === '' ? undefined : prefix;
    const started = await startService(service, 0, { dataDir, kafka: kafka.address, redis: redis.address, registry, shards, topicPrefix, env: this.#env });
    this.#services.push(started);
    await waitUntilServiceReady(started, READY_WITHIN_MS);
  }

  /** Kills a worker as an out-of-memory killer does. Resolves when it is gone. */
  async killService(name: ServiceName): Promise<void> {
    const at = this.#services.findIndex(({ service }) => service === name);
    const [killed] = this.#services.splice(at, 1);
    killed!.process.signal('SIGKILL');
    await killed!.process.exited;
  }

  /** Base address of /metrics, /healthz and /readyz of a worker. */
  healthUrlOf(name: ServiceName): string {
    return this.#services.find(({ service }) => service === name)!.healthUrl;
  }

  /** Resolves with a sentence when a service ends that nobody stopped. */
  async serviceEnded(): Promise<string> {
    const name = await Promise.race(this.#services.map(async (service) => `${service.process.name} ended (${await service.process.exited}); its log is ${service.logFile}.`));
    return this.#isStopping ? new Promise(() => undefined) : name;
  }

  async lag(): Promise<Lag> {
    const { topics } = this.wire;
    const { shards } = this.options;
    const users = await streamProgress(this.log, this.store, 'u', shards, [topics.control, topics.customers, topics.clickstream, topics.purchases]);
    const items = await streamProgress(this.log, this.store, 'i', shards, [topics.itemEvidence, topics.catalog]);
    return { users: users.lagRecords, items: items.lagRecords };
  }

  cpuSeconds(): CpuSeconds {
    return {
      userStream: this.#cpuOf('user-stream'),
      itemStream: this.#cpuOf('item-stream'),
      kafka: this.servers.kafka.usage()?.cpuSeconds ?? 0,
      redis: this.servers.redis.usage()?.cpuSeconds ?? 0,
    };
  }

  /** Bytes that Redis says it uses, of the node that answers. */
  async redisBytes(): Promise<number> {
    const info = await this.#redis.run('reading memory', () => this.#redis.client.info('memory'));
    return Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? 0);
  }

  /** Notes how much of the shop is in the topics, for the next start. */
  note(replayedRecords: number): void {
    const { dataDir, shards, prefix, seed } = this.options;
    writePipelineFile(dataDir, { shards, prefix, seed, replayedRecords, running: this.#running() });
  }

  /** Services, connections, servers, in this order. */
  async stop(say: (line: string) => void): Promise<void> {
    this.#isStopping = true;
    for (const service of this.#services.toReversed()) {
      say(`Stopping ${service.process.name}: it finishes its batches …`);
      await service.process.stop();
    }
    this.wire.registry.close();
    await this.#redis.close();
    await this.#kafka.close();
    say('Stopping Kafka and Redis …');
    await this.servers.stop();
    const file = readPipelineFile(this.options.dataDir);
    if (file !== undefined) writePipelineFile(this.options.dataDir, { ...file, running: undefined });
  }

  #cpuOf(name: ServiceName): number {
    return this.#services.filter(({ service }) => service === name).reduce((sum, { process }) => sum + process.cpuSeconds(), 0);
  }

  #running(): { pid: number; kafka: string; redis: string; registry?: string | undefined } {
    return { pid: process.pid, kafka: this.servers.kafka.address, redis: this.servers.redis.address, registry: this.options.registry };
  }
}
