import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { connectDocker, DockerStartError } from './docker-servers.ts';
import type { DockerEngine, DockerServerOptions } from './docker-servers.ts';
import { findExecutable, findJava } from './find-executable.ts';
import { freePort, requireFreePort } from './free-port.ts';
import { kafkaJarsAreHere, minimumJavaVersion } from './kafka-jars.ts';
import { releaseKafkaDirectory, startKafka } from './local-kafka.ts';
import { startRedis } from './local-redis.ts';
import type { RunningServer } from './running-server.ts';
import { releaseDirectory } from './server-process.ts';
import { explainStorageError, SetupError } from './setup-error.ts';

/** Where the servers run: in containers, or as child processes of this one. */
export type ServerKind = 'docker' | 'local';

/** Which servers to start, and how. */
export interface ServersOptions {
  /** Everything that the servers store lies under it (in Docker: in volumes named after it). */
  readonly dataDir: string;
  /** Ports; a free one when left out. */
  readonly kafkaPort?: number;
  readonly redisPort?: number;
  /**
   * `auto` (default) takes what `prefer` says if this machine can, otherwise the other. The environment variable
   * `MILLRACE_SERVERS=docker|local` decides where this says `auto`.
   */
  readonly want?: ServerKind | 'auto';
  /** What `auto` tries first. Default `local`. */
  readonly prefer?: ServerKind;
  /** `keep` (default) goes on with what is there; `empty-first` starts anew and keeps it; `discard` removes it at the stop too. */
  readonly data?: 'keep' | 'empty-first' | 'discard';
  /** Addresses of servers that exist already: these are neither started nor stopped. */
  readonly given?: { readonly kafka?: string | undefined; readonly redis?: string | undefined };
  /** Receives one line of progress at a time. */
  readonly log?: (line: string) => void;
}

/** A Kafka and a Redis to work with. */
export interface Servers {
  readonly kind: ServerKind;
  readonly kafka: RunningServer;
  readonly redis: RunningServer;
  /** Stops what was started, Kafka and Redis together. Call it after everything that uses them has stopped. */
  stop(): Promise<void>;
}

/** The variable that forces one kind of server, for tests on both. */
const kindVariable = 'MILLRACE_SERVERS';

/** What `MILLRACE_SERVERS` and the caller ask for together. */
export function wantedKind(want: ServerKind | 'auto', env: NodeJS.ProcessEnv): ServerKind | 'auto' {
  const forced = env[kindVariable] ?? '';
  if (want !== 'auto' || forced === '') return want;
  if (forced === 'docker' || forced === 'local') return forced;
  throw new SetupError(`${kindVariable} is "${forced}": set it to docker or local, or leave it unset.`);
}

/**
 * Starts a Kafka and a Redis, or takes the ones given.
 * @throws SetupError with one sentence when that cannot be done
 */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const log = options.log ?? (() => undefined);
  const needs = { kafka: options.given?.kafka === undefined, redis: options.given?.redis === undefined };
  const engine = needs.kafka || needs.redis ? await chooseEngine(options, needs, log) : undefined;
  try {
    return await startBoth(options, engine, log);
  } catch (error) {
    // An engine that answers may still be unable to run anything; who did not insist on it is served without.
    const insisted = wantedKind(options.want ?? 'auto', process.env) === 'docker';
    if (engine === undefined || insisted || !(error instanceof DockerStartError) || !canRunLocally(needs)) throw error;
    log(`${error.message} Going on without Docker.`);
    return await startBoth(options, undefined, log);
  }
}

async function startBoth(
  options: ServersOptions,
  engine: DockerEngine | undefined,
  log: (line: string) => void,
): Promise<Servers> {
  const data = options.data ?? 'keep';
  const begin = async (which: 'kafka' | 'redis', port: number | undefined): Promise<RunningServer> => {
    const given = options.given?.[which];
    if (given !== undefined) return givenServer(given);
    return start(which, port ?? (await freePort()), engine, options.dataDir, data, log);
  };
  const started = await Promise.allSettled([begin('kafka', options.kafkaPort), begin('redis', options.redisPort)]);
  const [kafka, redis] = started;
  if (kafka.status === 'rejected' || redis.status === 'rejected') {
    // One that could not start must not leave the other behind.
    await Promise.all(started.map((result) => (result.status === 'fulfilled' ? result.value.stop() : undefined)));
    throw kafka.status === 'rejected' ? kafka.reason : (redis as PromiseRejectedResult).reason;
  }
  return {
    kind: engine === undefined ? 'local' : 'docker',
    kafka: kafka.value,
    redis: redis.value,
    async stop() {
      await Promise.all([kafka.value.stop(), redis.value.stop()]);
    },
  };
}

/** The Docker engine to use, or `undefined` for child processes. */
async function chooseEngine(
  options: ServersOptions,
  needs: { readonly kafka: boolean; readonly redis: boolean },
  log: (line: string) => void,
): Promise<DockerEngine | undefined> {
  const want = wantedKind(options.want ?? 'auto', process.env);
  if (want === 'local') return undefined;
  if (want === 'auto' && options.prefer !== 'docker' && canRunLocally(needs)) return undefined;
  const engine = await connectDocker(needs, log);
  if (typeof engine !== 'string') return engine;
  if (want === 'docker') {
    throw new SetupError(`Docker was asked for, but ${engine}: start Docker, or set ${kindVariable}=local.`);
  }
  // Child processes it is; if they cannot be had either, their own message says what is missing.
  return undefined;
}

function canRunLocally(needs: { readonly kafka: boolean; readonly redis: boolean }): boolean {
  const kafka = findJava(minimumJavaVersion) !== undefined && (kafkaJarsAreHere() || findExecutable('mvn') !== undefined);
  return (!needs.kafka || kafka) && (!needs.redis || findExecutable('redis-server') !== undefined);
}

function givenServer(address: string): RunningServer {
  return { address, usage: () => undefined, stop: async () => undefined };
}

async function start(
  which: 'kafka' | 'redis',
  port: number,
  engine: DockerEngine | undefined,
  dataDir: string,
  data: 'keep' | 'empty-first' | 'discard',
  log: (line: string) => void,
): Promise<RunningServer> {
  if (engine !== undefined) {
    await requireFreePort(port, which === 'kafka' ? 'Kafka' : 'Redis', `--${which}-port`);
    const options: DockerServerOptions = { port, ...(data === 'discard' ? {} : { dataDir, emptyFirst: data === 'empty-first' }) };
    return which === 'kafka' ? engine.startKafka(options) : engine.startRedis(options);
  }
  return startLocal(which, port, join(dataDir, which), data, log);
}

async function startLocal(
  which: 'kafka' | 'redis',
  port: number,
  directory: string,
  data: 'keep' | 'empty-first' | 'discard',
  log: (line: string) => void,
): Promise<RunningServer> {
  if (data !== 'keep') await emptyDirectory(which, directory);
  const server = which === 'kafka'
    ? await startKafka({ dataDir: directory, port, log })
    : await startRedis({ dataDir: directory, port });
  return {
    address: 'brokers' in server ? server.brokers : server.url,
    usage: () => ({ cpuSeconds: server.cpuSeconds(), residentBytes: server.residentBytes() }),
    async stop() {
      await server.stop();
      if (data === 'discard') rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function emptyDirectory(which: 'kafka' | 'redis', directory: string): Promise<void> {
  // A server that an earlier run left behind would go on writing into what is being removed.
  if (which === 'kafka') await releaseKafkaDirectory(directory);
  else await releaseDirectory('Redis', directory);
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    throw explainStorageError(error, directory);
  }
}
