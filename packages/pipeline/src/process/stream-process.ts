import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import {
  createHealth,
  createLogger,
  createMetricsRegistry,
  rateLimited,
  run,
  secretValues,
  startHealthServer,
  type ConfigFields,
  type ConfigOf,
  type Lifecycle,
  type Logger,
} from '@millrace/runtime';
import { systemClock } from '@millrace/stream/clock';
import type { StreamHandler, StreamSpec } from '@millrace/stream/handler';
import { TOKEN_BYTES } from '@millrace/stream/journal';
import { connectKafka, KafkaLog, ShardMembership, type TopicSpec } from '@millrace/stream/kafka/index';
import { connectRedis, RedisStateStore } from '@millrace/stream/redis/index';
import { ShardWorker } from '@millrace/stream/shard-worker';
import type { StateStore } from '@millrace/stream/state-store';
import { EngineMetrics } from './engine-metrics.ts';
import { pipelineTopics } from './pipeline-topics.ts';
import { checkPreconditions } from './preconditions.ts';
import { engineOptionsOf, type StreamConfig } from './stream-config.ts';
import { openWireTools, type WireTools } from './wire-tools.ts';

const OFFSETS_EVERY_MS = 2_000;
const FLOOD_LIMIT = { maxLines: 20, intervalMs: 10_000 } as const;

/** What a service makes its handler from. */
export interface HandlerDependencies {
  readonly wire: WireTools;
  readonly store: StateStore;
  readonly metrics: EngineMetrics;
}

export interface StreamProcess<C extends StreamConfig, E> {
  readonly service: string;
  readonly schema: ConfigFields;
  readonly config: C;
  readonly makeHandler: (dependencies: HandlerDependencies, config: C) => StreamHandler<E>;
  /** Writes ticks of the clock when the configuration says so. */
  readonly ticks: boolean;
}

/** Runs one worker of a stream until it is told to stop. Answers the exit code. */
export function runStreamProcess<C extends StreamConfig, E>(definition: StreamProcess<C, E>): Promise<number> {
  const { service, schema, config } = definition;
  const secrets = secretValues(schema, config as ConfigOf<typeof schema>);
  const logger = createLogger({ service, instance: hostname(), level: config['log.level'], secrets });
  const health = createHealth();
  return run((lifecycle) => start(definition, lifecycle, logger, health), {
    logger,
    stopDeadlineMs: config['process.stopDeadlineMs'],
    onStopping: () => health.stopping(),
  });
}

async function start<C extends StreamConfig, E>(
  definition: StreamProcess<C, E>,
  lifecycle: Lifecycle,
  logger: Logger,
  health: ReturnType<typeof createHealth>,
): Promise<void> {
  const { service, config } = definition;
  const registry = createMetricsRegistry();
  const floodable = rateLimited(logger, FLOOD_LIMIT);
  const metrics = new EngineMetrics(registry, logger, floodable);
  let assigned: readonly number[] | undefined;
  let worker: ShardWorker<E> | undefined;
  health.addReadyCheck('assignment', () =>
    assigned === undefined ? { ok: false, reason: 'has not joined its group yet' } : { ok: true },
  );
  health.addReadyCheck('shards', () => {
    const standing = (worker?.status() ?? []).filter(({ state }) => state !== 'running');
    if (standing.length === 0) return { ok: true };
    return { ok: false, reason: standing.map(({ shard, state }) => `shard ${shard} is ${state}`).join(', ') };
  });
  const { port, host } = await lifecycle.start(
    'health server',
    () => startHealthServer({ host: config['health.host'], port: config['health.port'], registry, health, logger }),
    (server) => server.close(),
  );
  logger.info('process.health', { host, port });
  const wire = await lifecycle.start(
    'schema registry',
    () =>
      openWireTools({
        registryUrl: config['registry.url'],
        registryAuth: loginOf(config['registry.username'], config['registry.password']),
        topicPrefix: config['topics.prefix'] ?? '',
        shards: config.shards,
        onNote: metrics.decodingNote,
      }),
    (tools) => tools.registry.close(),
  );
  const kafka = await lifecycle.start('Kafka', () => connectKafka(kafkaOptionsOf(config, service, logger)), (part) => part.close());
  const redis = await lifecycle.start(
    'Redis',
    () =>
      connectRedis({
        url: config['redis.url'],
        username: config['redis.username'],
        password: config['redis.password'],
        connectionName: service,
        onConnectionError: (error) => floodable.warn('redis.connection', { detail: error.message }),
      }),
    (part) => part.close(),
  );
  const log = new KafkaLog(kafka, { lingerMs: config['kafka.lingerMs'] });
  const store = new RedisStateStore(redis);
  const handler = definition.makeHandler({ wire, store, metrics }, config);
  await lifecycle.start(
    'preconditions',
    () => checkPreconditions(kafka, redis, topicsOf(config, handler.spec), { production: config['topics.production'] }, logger),
    () => undefined,
  );
  worker = await lifecycle.start(
    'shard worker',
    () => {
      const made = new ShardWorker<E>({
        handler,
        log,
        store,
        clock: systemClock,
        observer: metrics,
        journalCodec: wire.journalCodec,
        newToken: () => randomBytes(TOKEN_BYTES),
        workerName: `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`,
        options: engineOptionsOf(config),
      });
      made.failed.catch((error: unknown) => {
        health.fail('a shard met an error that is a bug; the log has it');
        lifecycle.fail(error);
      });
      made.start();
      return made;
    },
    (part) => part.stop(),
  );
  const owned = worker;
  const { inputs } = handler.spec;
  const membership = await lifecycle.start(
    'group membership',
    async () => {
      const member = new ShardMembership({
        connection: kafka,
        groupId: config['kafka.groupId'] ?? `${config['topics.prefix'] ?? ''}millrace-${service}`,
        topics: inputs,
        shardCount: config.shards,
        sessionTimeoutMs: config['kafka.sessionTimeoutMs'],
        onAssigned: (shards) => {
          assigned = shards;
          logger.info('group.assigned', { shards });
          owned.assign(shards);
        },
        onError: (error) => lifecycle.fail(error),
      });
      await member.start();
      return member;
    },
    (part) => part.stop(),
  );
  every(lifecycle.stopSignal, OFFSETS_EVERY_MS, () => membership.publishOffsets(positionsOf(owned, inputs)));
  if (definition.ticks && config['clock.tickEveryMs'] > 0) {
    every(lifecycle.stopSignal, config['clock.tickEveryMs'], async () => {
      const value = wire.encoder.encodeControl({ kind: 'tick', timeMs: systemClock.nowMs() });
      const running = owned.status().filter(({ state }) => state === 'running');
      const ticks = running.map(({ shard }) => ({ topic: wire.topics.control, partition: shard, records: [{ key: null, value }] }));
      // A tick that is lost is followed by the next one.
      await log.append(ticks).catch((error: unknown) => floodable.warn('clock.tick-lost', { err: error }));
    });
  }
  // What has been held back is said before the log ends.
  await lifecycle.start('log', () => floodable, (part) => part.flush());
}

/** The topics that a stream reads and writes itself. */
function topicsOf(config: StreamConfig, { inputs, journal, deadLetters }: StreamSpec): TopicSpec[] {
  const used = new Set([...inputs, ...(journal === null ? [] : [journal]), deadLetters]);
  const all = pipelineTopics({ shards: config.shards, prefix: config['topics.prefix'] ?? '', replicationFactor: 1 });
  return all.filter(({ topic }) => used.has(topic));
}

/** Kafka as a service of this configuration connects to it. */
export function kafkaOptionsOf(config: StreamConfig, clientId: string, logger: Logger): Parameters<typeof connectKafka>[0] {
  const mechanism = config['kafka.saslMechanism'];
  const username = config['kafka.username'];
  const password = config['kafka.password'];
  return {
    brokers: config['kafka.brokers'],
    clientId,
    logger,
    ...(config['kafka.tls'] ? { ssl: true } : {}),
    ...(mechanism === 'none' ? {} : { sasl: { mechanism, username, password } as never }),
  };
}

function loginOf(username: string | undefined, password = ''): { username: string; password: string } | undefined {
  return username === undefined ? undefined : { username, password };
}

function positionsOf<E>(worker: ShardWorker<E>, inputs: readonly string[]): { topic: string; partition: number; offset: number }[] {
  return worker.status().flatMap(({ shard, positions }) => positions.map((offset, input) => ({ topic: inputs[input]!, partition: shard, offset })));
}

function every(signal: AbortSignal, periodMs: number, action: () => Promise<void>): void {
  const timer = setInterval(() => void action(), periodMs);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
