import { relative } from 'node:path';
import { kafkaOptionsOf, openWireTools, type WireTools } from '@millrace/pipeline';
import { silentLogger } from '@millrace/runtime/logger';
import { connectKafka, KafkaLog, type KafkaConnection } from '@millrace/stream/kafka/index';
import { connectRedis, RedisStateStore } from '@millrace/stream/redis/index';
import { startServers } from '@millrace/testkit/servers/servers';
import type { PipelineAddresses } from './addresses.ts';

/** A pipeline as the commands see it. */
export interface OpenPipeline {
  readonly shards: number;
  readonly prefix: string;
  readonly kafka: KafkaConnection;
  readonly log: KafkaLog;
  readonly store: RedisStateStore;
  readonly wire: WireTools;
  /** Where it is, for people: hosts and ports, never a password. */
  readonly where: string;
  /** Disconnects, and stops the servers that were started for it. */
  close(): Promise<void>;
}

const CLIENT_ID = 'millrace-cli';

/**
 * Connects to a pipeline, starting on its data directory what does not run.
 *
 * @throws SetupError, RetryableError, AlarmError, RegistryError: one sentence each, and nothing is left running.
 */
export async function openPipeline(addresses: PipelineAddresses, progress: (line: string) => void): Promise<OpenPipeline> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closers.splice(0).toReversed()) await step();
  };
  try {
    return { ...(await connect(addresses, closers, progress)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function connect(
  addresses: PipelineAddresses,
  closers: (() => unknown)[],
  progress: (line: string) => void,
): Promise<Omit<OpenPipeline, 'close'>> {
  const { config, dataDir } = addresses;
  let { kafka: brokers, redis: redisUrl } = addresses;
  if (dataDir !== undefined) {
    progress(`Starting the servers on ${relative('.', dataDir) || dataDir} …`);
    const servers = await startServers({ dataDir, given: { kafka: brokers, redis: redisUrl }, log: progress });
    closers.push(() => servers.stop());
    brokers = servers.kafka.address;
    redisUrl = servers.redis.address;
  }
  const prefix = config['topics.prefix'] ?? '';
  const username = config['registry.username'];
  const wire = await openWireTools({
    registryUrl: config['registry.url'],
    registryAuth: username === undefined ? undefined : { username, password: config['registry.password'] ?? '' },
    topicPrefix: prefix,
    shards: config.shards,
  });
  closers.push(() => wire.registry.close());
  const kafkaOptions = kafkaOptionsOf(config, CLIENT_ID, silentLogger);
  const kafka = await connectKafka({ ...kafkaOptions, brokers: brokers!.split(',') });
  closers.push(() => kafka.close());
  const redis = connectRedis({
    url: redisUrl!,
    username: config['redis.username'],
    password: config['redis.password'],
    connectionName: CLIENT_ID,
  });
  closers.push(() => redis.close());
  const log = new KafkaLog(kafka);
  closers.push(() => log.close());
  const store = new RedisStateStore(redis);
  return { shards: config.shards, prefix, kafka, log, store, wire, where: `Kafka ${brokers}, Redis ${redis.address}` };
}
