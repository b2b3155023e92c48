import {
  boolean,
  defineConfig,
  durationMs,
  integer,
  oneOf,
  secret,
  string,
  stringList,
  url,
  LOG_LEVELS,
  type ConfigOf,
} from '@millrace/runtime';
import { DEFAULT_ENGINE_OPTIONS, type EngineOptions } from '@millrace/stream/engine';

const HOST_PORT = /^[^\s:,]+:\d{1,5}$/;
const ENGINE = DEFAULT_ENGINE_OPTIONS;

/** What user-stream and item-stream both read. */
export const STREAM_CONFIG = {
  'kafka.brokers': stringList({
    default: ['127.0.0.1:9092'],
    minItems: 1,
    maxItems: 50,
    pattern: HOST_PORT,
    form: 'host:port, several separated by commas',
    doc: 'Brokers to ask first; the others are found through them.',
  }),
  'kafka.tls': boolean({ default: false, doc: 'Speak TLS to the brokers. NODE_EXTRA_CA_CERTS names a CA of your own.' }),
  'kafka.saslMechanism': oneOf(['none', 'plain', 'scram-sha-256', 'scram-sha-512'], {
    default: 'none',
    doc: 'How to log in to the brokers.',
  }),
  'kafka.username': string({ default: undefined, doc: 'Login of this service, when a SASL mechanism is set.' }),
  'kafka.password': secret({ default: undefined, doc: 'Password of this service, when a SASL mechanism is set.' }),
  'kafka.groupId': string({ default: undefined, doc: 'Consumer group that shares the shards out. Empty: millrace- and the name of the service.' }),
  'kafka.sessionTimeoutMs': durationMs({ default: 10_000, min: 1_000, max: 300_000, doc: 'A worker that gave no sign of life for so long has left its group; its shards go to others. The broker has bounds of its own (6 s to 30 minutes unless told otherwise).' }),
  'kafka.lingerMs': durationMs({ default: 1, min: 0, max: 100, doc: 'How long an append waits for those of other shards to share its request: latency against cost.' }),
  'redis.url': url({
    default: 'redis://127.0.0.1:6379',
    protocols: ['redis:', 'rediss:', 'redis-cluster:', 'rediss-cluster:'],
    doc: 'Where the state is. redis-cluster://host:port,host:port for a Cluster; rediss for TLS.',
  }),
  'redis.username': string({ default: undefined, doc: 'ACL user; empty when the address names one or none is needed.' }),
  'redis.password': secret({ default: undefined, doc: 'Password of the ACL user.' }),
  'registry.url': url({ default: undefined, protocols: ['http:', 'https:'], doc: 'A schema registry with Confluent\'s API. Absent: the schemas that are in this repository, with fixed ids.' }),
  'registry.username': string({ default: undefined, doc: 'Login of the registry, when it asks for one.' }),
  'registry.password': secret({ default: undefined, doc: 'Password of the registry.' }),
  'topics.prefix': string({ default: undefined, doc: 'In front of every topic, so that several pipelines can share a cluster.' }),
  'topics.production': boolean({ default: false, doc: 'Insist on topics that survive the loss of a broker: 3 replicas, min.insync.replicas 2, no unclean election. A process does not start on topics that are set otherwise than the state needs.' }),
  shards: integer({ default: 8, min: 1, max: 4096, doc: 'Partitions of every keyed topic. Fixed when the topics are created.' }),
  'health.host': string({ default: '127.0.0.1', doc: 'Address of /metrics, /healthz and /readyz; 0.0.0.0 in a container.' }),
  'health.port': integer({ default: 0, min: 0, max: 65_535, doc: 'Port of /metrics, /healthz and /readyz; 0 takes a free one and logs it.' }),
  'log.level': oneOf(LOG_LEVELS, { default: 'info', doc: 'The least important lines that are written.' }),
  'process.stopDeadlineMs': durationMs({ default: 20_000, min: 1_000, max: 300_000, doc: 'How long an orderly stop may take in all.' }),
  'engine.batchLimitRecords': integer({ default: ENGINE.batchLimitRecords, min: 1, max: 100_000, doc: 'Records that one batch of a shard takes at most.' }),
  'engine.inboxLimitRecords': integer({ default: ENGINE.inboxLimitRecords, min: 1, max: 1_000_000, doc: 'Decoded records that wait per input of a shard before fetching it pauses.' }),
  'engine.cacheLimitEntities': integer({ default: ENGINE.cacheLimitEntities, min: 0, max: 10_000_000, doc: 'Entities of one shard that stay decoded in memory.' }),
  'engine.gatherMs': durationMs({ default: ENGINE.gatherMs, min: 0, max: 1_000, doc: 'Pause after a fetch that brought something, so that the next brings more: latency against cost.' }),
  'engine.coalesceLagMs': durationMs({ default: ENGINE.coalesceLagMs, min: 0, max: 86_400_000, doc: 'A shard with older waiting records is catching up: only the newest event of a user and batch gets a list. The greatest value switches coalescing off.' }),
  'clock.tickEveryMs': durationMs({ default: 60_000, min: 0, max: 3_600_000, doc: 'How often the clock of an idle shard is moved by a record on control. 0: never, as a replay of old data needs.' }),
} as const;

/** What user-stream reads besides. */
export const USER_STREAM_CONFIG = defineConfig({
  ...STREAM_CONFIG,
  'lists.length': integer({ default: 10, min: 1, max: 100, doc: 'Places of a list.' }),
  'lists.maxAgeMs': durationMs({ default: 600_000, min: 0, max: 86_400_000_000, doc: 'An event appended longer ago gets no list, so that a backfill floods nobody.' }),
  'neighbours.rowMaxAgeMs': durationMs({ default: 1_000, min: 0, max: 600_000, doc: 'How old the neighbours that a ranking looks at may be.' }),
  'neighbours.totalsMaxAgeMs': durationMs({ default: 10_000, min: 0, max: 600_000, doc: 'How old the totals of candidates may be; only their fourth root enters a score.' }),
  'catalog.maxAgeMs': durationMs({ default: 10_000, min: 0, max: 600_000, doc: 'How long an item that went out of stock may still be shown.' }),
});

export const ITEM_STREAM_CONFIG = defineConfig(STREAM_CONFIG);

export type StreamConfig = ConfigOf<typeof STREAM_CONFIG>;
export type UserStreamConfig = ConfigOf<typeof USER_STREAM_CONFIG>;

export function engineOptionsOf(config: StreamConfig): EngineOptions {
  return {
    ...DEFAULT_ENGINE_OPTIONS,
    batchLimitRecords: config['engine.batchLimitRecords'],
    inboxLimitRecords: config['engine.inboxLimitRecords'],
    cacheLimitEntities: config['engine.cacheLimitEntities'],
    gatherMs: config['engine.gatherMs'],
    coalesceLagMs: config['engine.coalesceLagMs'],
  };
}
