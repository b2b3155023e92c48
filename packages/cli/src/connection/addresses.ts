import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { ITEM_STREAM_CONFIG, USER_STREAM_CONFIG, type StreamConfig } from '@millrace/pipeline';
import { ConfigError, environmentVariable, readConfig, type Environment } from '@millrace/runtime';
import { repositoryRoot } from '@millrace/testkit/servers/maven';
import { SetupError } from '@millrace/testkit/servers/setup-error';
import type { OptionDefinitions, OptionValues } from '../command/command.ts';
import { readPipelineFile } from '../start/pipeline-file.ts';

/** Options that say where the pipeline is. */
export const CONNECTION_OPTIONS = {
  kafka: { type: 'string', value: 'HOST:PORT', doc: 'Brokers, several separated by commas (MILLRACE_KAFKA_BROKERS).' },
  redis: { type: 'string', value: 'URL', doc: 'redis://host:port, or redis-cluster://host:port,host:port (MILLRACE_REDIS_URL).' },
  registry: { type: 'string', value: 'URL', doc: 'Schema registry; without one the schemas of this repository (MILLRACE_REGISTRY_URL).' },
  shards: { type: 'string', value: 'N', doc: 'Partitions of every keyed topic (MILLRACE_SHARDS).' },
  prefix: { type: 'string', value: 'TEXT', doc: 'In front of every topic (MILLRACE_TOPICS_PREFIX).' },
  'data-dir': { type: 'string', value: 'DIR', doc: 'Data directory of "npm start", when no addresses are given. Default: .millrace/once, else .millrace/data.' },
} as const satisfies OptionDefinitions;

export type ConnectionOptions = OptionValues<typeof CONNECTION_OPTIONS>;

/** Where a pipeline is, and who starts what is not there. */
export interface PipelineAddresses {
  /** As the services read it: login, TLS, shards, prefix. Its addresses are overridden by the two below. */
  readonly config: StreamConfig;
  /** undefined: to be started on `dataDir`. */
  readonly kafka: string | undefined;
  readonly redis: string | undefined;
  /** Where servers are started; undefined when both addresses are known. */
  readonly dataDir: string | undefined;
}

/** Flag of each key that a flag can give. */
const FLAGS = {
  kafka: 'kafka.brokers',
  redis: 'redis.url',
  registry: 'registry.url',
  shards: 'shards',
  prefix: 'topics.prefix',
} as const;

/** Addresses that a test run hands to its tests; no setting of a pipeline. */
const TEST_VARIABLES = 'MILLRACE_TEST_';

/**
 * Finds out where the pipeline is: options first, then the environment and the configuration file of the services, then
 * the data directory of `npm start`, running or not.
 *
 * @param root of the repository, for the default data directories
 * @throws ConfigError for a value that is not allowed. @throws SetupError when there is no address and no data directory.
 */
export function findPipeline(options: ConnectionOptions, env: Environment, root: string = repositoryRoot): PipelineAddresses {
  const given = withFlags(options, env);
  const named = readSettings(given);
  const isGiven = (key: string): boolean => (named.origins.get(key)?.kind ?? 'default') !== 'default';
  const kafka = isGiven('kafka.brokers') ? named.config['kafka.brokers'].join(',') : undefined;
  const redis = isGiven('redis.url') ? named.config['redis.url'] : undefined;
  if (kafka !== undefined && redis !== undefined) return { config: named.config, kafka, redis, dataDir: undefined };

  const dataDir = options['data-dir'] === undefined ? defaultDataDir(root) : resolve(options['data-dir']);
  if (!existsSync(dataDir)) {
    throw new SetupError(
      `There is no pipeline in ${relative('.', dataDir) || '.'}: run "npm start -- --once" first, or say where one is with --kafka and --redis, or --data-dir.`,
    );
  }
  const file = readPipelineFile(dataDir);
  // What the directory says of itself fills the gaps that options and environment leave.
  const filled = { ...given };
  const fill = (key: string, value: string | undefined): void => {
    if (value !== undefined && value !== '' && !isGiven(key)) filled[environmentVariable(key)] = value;
  };
  fill('shards', file?.shards.toString());
  fill('topics.prefix', file?.prefix);
  const running = file?.running !== undefined && isAlive(file.running.pid) ? file.running : undefined;
  fill('registry.url', running?.registry);
  const { config } = readSettings(filled);
  if (running !== undefined) return { config, kafka: kafka ?? running.kafka, redis: redis ?? running.redis, dataDir: undefined };
  return { config, kafka, redis, dataDir };
}

/** The environment as if the options had been set in it. */
function withFlags(options: ConnectionOptions, env: Environment): Record<string, string | undefined> {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith(TEST_VARIABLES));
  const given = Object.fromEntries(kept);
  for (const [flag, key] of Object.entries(FLAGS)) {
    const value = options[flag as keyof typeof FLAGS];
    if (value !== undefined) given[environmentVariable(key)] = value;
  }
  return given;
}

function readSettings(env: Environment): { config: StreamConfig; origins: ReturnType<typeof readConfig>['origins'] } {
  const read = readConfig(ITEM_STREAM_CONFIG, { env, foreignKeys: Object.keys(USER_STREAM_CONFIG) });
  if (read.problems.length > 0) throw new ConfigError(read.problems);
  return { config: read.values as StreamConfig, origins: read.origins };
}

function defaultDataDir(root: string): string {
  const once = join(root, '.millrace', 'once');
  return existsSync(once) ? once : join(root, '.millrace', 'data');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
