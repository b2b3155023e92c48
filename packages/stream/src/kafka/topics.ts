import kafkajs, { type Admin } from 'kafkajs';
import { withAdmin, type KafkaConnection } from './kafka-connection.ts';

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** Topic settings by their Kafka names: `cleanup.policy`, `message.timestamp.type`, `retention.ms`, … */
  readonly config: Readonly<Record<string, string>>;
}

export type TopicFindingCode = 'missing' | 'partition-count' | 'config' | 'replication' | 'min-insync-replicas' | 'unclean-election';

/** Something about a topic that is not as it must be. */
export interface TopicFinding {
  readonly topic: string;
  readonly code: TopicFindingCode;
  /** What was found, what must be, and what to do. */
  readonly message: string;
}

const MIN_INSYNC = 'min.insync.replicas';
const UNCLEAN = 'unclean.leader.election.enable';
/** Two acknowledged copies survive the loss of one broker. */
const MIN_PRODUCTION_INSYNC = 2;
/** One more than must be in sync, so that one broker may be away and writing goes on. */
const MIN_PRODUCTION_REPLICAS = 3;

const LEADERS_TIMEOUT_MS = 30_000;

/**
 * Creates the topics that do not exist yet and waits until they can be used; those that do stay as they are (see
 * {@link checkTopics}).
 *
 * @returns the names of those created.
 * @throws RetryableError when Kafka cannot be reached, AlarmError when it refuses.
 */
export function createTopics(connection: KafkaConnection, specs: readonly TopicSpec[]): Promise<string[]> {
  return withAdmin(connection, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = specs.filter(({ topic }) => !existing.has(topic));
    if (missing.length === 0) return [];
    await admin.createTopics({
      waitForLeaders: false, // kafkajs gives up when the broker that it asks has not heard of the topic yet
      topics: missing.map(({ topic, partitions, replicationFactor, config }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
    });
    const partitions = missing.flatMap(({ topic, partitions: count }) => Array.from({ length: count }, (_, partition) => ({ topic, partition })));
    await connection.cluster.waitForLeaders(partitions, LEADERS_TIMEOUT_MS);
    return missing.map(({ topic }) => topic);
  });
}

/**
 * Compares the topics with what they must be: existence, partition count and every setting that the spec names; in
 * production also what makes an acknowledged record survive the loss of a broker.
 *
 * @throws RetryableError when Kafka cannot be reached, AlarmError when it refuses.
 */
export function checkTopics(
  connection: KafkaConnection,
  specs: readonly TopicSpec[],
  { production }: { readonly production: boolean },
): Promise<TopicFinding[]> {
  return withAdmin(connection, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const present = specs.filter(({ topic }) => existing.has(topic));
    const actual = await describe(admin, present.map(({ topic }) => topic));
    return specs.flatMap((spec) => {
      const found = actual.get(spec.topic);
      if (found === undefined) {
        return [{ topic: spec.topic, code: 'missing' as const, message: `The topic ${spec.topic} does not exist: create the topics.` }];
      }
      return [...compareWithSpec(spec, found), ...(production ? checkDurability(spec.topic, found) : [])];
    });
  });
}

/** A topic as the cluster has it. */
export interface ActualTopic {
  readonly partitions: number;
  /** The fewest that any partition has. */
  readonly replicas: number;
  readonly config: ReadonlyMap<string, string>;
}

export function compareWithSpec(spec: TopicSpec, actual: ActualTopic): TopicFinding[] {
  const findings: TopicFinding[] = [];
  const { topic } = spec;
  if (actual.partitions !== spec.partitions) {
    const message = `The topic ${topic} has ${actual.partitions} partitions and must have ${spec.partitions}: state belongs to a partition number, so their count is fixed when the topics are created; changing it is a rebuild from the log.`;
    findings.push({ topic, code: 'partition-count', message });
  }
  for (const [name, wanted] of Object.entries(spec.config)) {
    const value = actual.config.get(name);
    if (value !== undefined && listed(value) === listed(wanted)) continue;
    const message = `The topic ${topic} has ${name}=${value ?? '(unknown)'} and must have ${name}=${wanted}: set it with kafka-configs --alter --topic ${topic} --add-config ${name}=${wanted.includes(',') ? `[${wanted}]` : wanted}.`;
    findings.push({ topic, code: 'config', message });
  }
  return findings;
}

export function checkDurability(topic: string, actual: ActualTopic): TopicFinding[] {
  const findings: TopicFinding[] = [];
  if (actual.replicas < MIN_PRODUCTION_REPLICAS) {
    const message = `The topic ${topic} has ${actual.replicas} replicas; production needs at least ${MIN_PRODUCTION_REPLICAS}: add replicas with kafka-reassign-partitions.`;
    findings.push({ topic, code: 'replication', message });
  }
  const minInsync = Number(actual.config.get(MIN_INSYNC));
  if (!(minInsync >= MIN_PRODUCTION_INSYNC)) {
    const message = `The topic ${topic} has ${MIN_INSYNC}=${actual.config.get(MIN_INSYNC) ?? '(unknown)'}; production needs at least ${MIN_PRODUCTION_INSYNC}, or an acknowledged record dies with one broker.`;
    findings.push({ topic, code: 'min-insync-replicas', message });
  }
  if (actual.config.get(UNCLEAN) !== 'false') {
    const message = `The topic ${topic} has ${UNCLEAN}=${actual.config.get(UNCLEAN) ?? '(unknown)'}; production needs false, or a replica that lags may become leader and drop acknowledged records.`;
    findings.push({ topic, code: 'unclean-election', message });
  }
  return findings;
}

/** `compact, delete` and `delete,compact` are the same policy. */
function listed(value: string): string {
  return value.split(',').map((part) => part.trim()).sort().join(',');
}

async function describe(admin: Admin, topics: readonly string[]): Promise<Map<string, ActualTopic>> {
  if (topics.length === 0) return new Map();
  const metadata = await admin.fetchTopicMetadata({ topics: [...topics] });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  const configs = new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
  return new Map(
    metadata.topics.map(({ name, partitions }) => [
      name,
      {
        partitions: partitions.length,
        replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
        config: configs.get(name) ?? new Map<string, string>(),
      },
    ]),
  );
}
