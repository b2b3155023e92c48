import type { SchemaName } from './schemas.ts';

/** What the records of a topic are keyed by. `shard`: no key, the partition is the shard; `none`: no key at all. */
export type TopicKey = 'user' | 'item' | 'shard' | 'none';

/** One row of the table of topics. */
export interface TopicDefinition {
  readonly name: TopicName;
  readonly key: TopicKey;
  /** `shards`: as many as the pipeline has shards, the same for all such topics; 1: a single one. */
  readonly partitions: 'shards' | 1;
  /** Who writes it: `input` other systems, `internal` the pipeline for itself, `output` the pipeline for others. */
  readonly role: 'input' | 'internal' | 'output';
  /** Settings of the topic, by Kafka's names. */
  readonly configs: Readonly<Record<string, string>>;
  /** The schema of its values; undefined where a value is not one of our events. */
  readonly schema: SchemaName | undefined;
}

export const TOPIC_NAMES = [
  'clickstream',
  'purchases',
  'customers',
  'catalog',
  'control',
  'user-journal',
  'item-evidence',
  'model-proposals',
  'recommendations',
  'segment-changes',
  'decisions',
  'dead-letters',
] as const;
export type TopicName = (typeof TOPIC_NAMES)[number];

const DAY_MS = 86_400_000;

/**
 * Inputs, journals and evidence are kept equally long and never compacted: a journaled range must read the same again.
 * 400 days is the retention of a user: whoever must be rebuilt can be.
 */
const REPLAYED = {
  'cleanup.policy': 'delete',
  'retention.ms': String(400 * DAY_MS),
  'max.message.bytes': '2097152',
};

/** The broker's clock stamps inputs, so that the log itself decides which event comes from the future. */
const INPUT = { ...REPLAYED, 'message.timestamp.type': 'LogAppendTime' };

/** What is keyed by user and carries personal data: a tombstone removes it early, time removes the rest. */
const ERASABLE = {
  'cleanup.policy': 'compact,delete',
  'retention.ms': String(7 * DAY_MS),
  'max.message.bytes': '2097152',
};

const ANNOUNCED = { 'cleanup.policy': 'delete', 'retention.ms': String(30 * DAY_MS) };

const DEFINITIONS: Readonly<Record<TopicName, Omit<TopicDefinition, 'name'>>> = {
  clickstream: { key: 'user', partitions: 'shards', role: 'input', configs: INPUT, schema: 'clickstream' },
  purchases: { key: 'user', partitions: 'shards', role: 'input', configs: INPUT, schema: 'purchases' },
  customers: { key: 'user', partitions: 'shards', role: 'input', configs: INPUT, schema: 'customers' },
  catalog: { key: 'item', partitions: 'shards', role: 'input', configs: INPUT, schema: 'catalog' },
  control: { key: 'none', partitions: 'shards', role: 'input', configs: INPUT, schema: 'control' },
  'user-journal': { key: 'shard', partitions: 'shards', role: 'internal', configs: REPLAYED, schema: 'journal-entry' },
  'item-evidence': { key: 'shard', partitions: 'shards', role: 'internal', configs: REPLAYED, schema: 'item-evidence' },
  // The first child of its parent wins, and only one partition has one order.
  'model-proposals': { key: 'none', partitions: 1, role: 'internal', configs: REPLAYED, schema: undefined },
  recommendations: {
    key: 'user',
    partitions: 'shards',
    role: 'output',
    configs: ERASABLE,
    schema: 'recommendations',
  },
  'segment-changes': {
    key: 'user',
    partitions: 'shards',
    role: 'output',
    configs: ANNOUNCED,
    schema: 'segment-changes',
  },
  decisions: { key: 'user', partitions: 'shards', role: 'output', configs: ANNOUNCED, schema: 'decisions' },
  // Original bytes, with reason and origin in headers.
  'dead-letters': {
    key: 'user',
    partitions: 'shards',
    role: 'output',
    // Room for the largest input and the headers that say what was wrong with it.
    configs: { ...ERASABLE, 'max.message.bytes': '3145728' },
    schema: undefined,
  },
};

/** Every topic of the pipeline, in the order of {@link TOPIC_NAMES}. */
export const TOPICS: readonly TopicDefinition[] = TOPIC_NAMES.map((name) => ({ name, ...DEFINITIONS[name] }));

/** The row of one topic. */
export function topicDefinition(name: TopicName): TopicDefinition {
  return { name, ...DEFINITIONS[name] };
}

/** The name of a topic on the broker: several pipelines can share one under prefixes such as `staging.`. */
export function topicOnBroker(name: TopicName, prefix = ''): string {
  return prefix + name;
}

/** Which topic a broker's name stands for under this prefix; undefined when it is none of ours. */
export function topicByBrokerName(brokerName: string, prefix = ''): TopicDefinition | undefined {
  if (!brokerName.startsWith(prefix)) return undefined;
  const name = brokerName.slice(prefix.length);
  return TOPICS.find((topic) => topic.name === name);
}

/** How many partitions a topic has in a pipeline of so many shards. */
export function partitionsOf(topic: TopicDefinition, shards: number): number {
  return topic.partitions === 'shards' ? shards : topic.partitions;
}
