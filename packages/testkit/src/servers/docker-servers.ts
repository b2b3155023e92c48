import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerRuntimeClient, StartedTestContainer } from 'testcontainers';
import { probeKafka } from './kafka-probe.ts';
import { kafkaVersion } from './kafka-jars.ts';
import { commonKafkaSettings, kafkaEnvironment, nodeSettings } from './kafka-properties.ts';
import { answersPing } from './local-redis.ts';
import { processCpuSeconds, processResidentBytes } from './process-cpu.ts';
import type { ProcessUsage, RunningServer } from './running-server.ts';
import { SetupError } from './setup-error.ts';

const redisImage = 'redis:7.4';
const imageDeadlineMs = 60_000;
const startDeadlineMs = 60_000;

function kafkaImage(): string {
  return `apache/kafka:${kafkaVersion()}`;
}

/** How to run a server in a container. */
export interface DockerServerOptions {
  readonly port: number;
  /** Names the volume that keeps the data from start to start; without it they end with the container. */
  readonly dataDir?: string;
  /** Empties that volume first. */
  readonly emptyFirst?: boolean;
}

/** The engine answers, but a container did not start or cannot be reached. */
export class DockerStartError extends SetupError {}

/** A Docker engine that answers and has, or could fetch, the images of the servers that are wanted. */
export interface DockerEngine {
  startKafka(options: DockerServerOptions): Promise<RunningServer>;
  startRedis(options: DockerServerOptions): Promise<RunningServer>;
}

/**
 * Connects to the Docker engine of this machine and sees to the images, within a minute.
 * @returns the engine, or one clause that says why Docker cannot be used, such as "no Docker engine answers"
 */
export async function connectDocker(
  want: { readonly kafka: boolean; readonly redis: boolean },
  log: (line: string) => void,
): Promise<DockerEngine | string> {
  // Loading the library takes a second and a half, so only those who want Docker pay for it.
  const testcontainers = await import('testcontainers');
  let client: ContainerRuntimeClient;
  try {
    client = await testcontainers.getContainerRuntimeClient();
  } catch {
    return 'no Docker engine answers';
  }
  const images = [...(want.kafka ? [kafkaImage()] : []), ...(want.redis ? [redisImage] : [])];
  for (const image of images) {
    const reason = await provideImage(client, testcontainers.ImageName.fromString(image), image, log);
    if (reason !== undefined) return reason;
  }
  return new ContainerEngine(testcontainers, client);
}

async function provideImage(
  client: ContainerRuntimeClient,
  name: Parameters<ContainerRuntimeClient['image']['exists']>[0],
  image: string,
  log: (line: string) => void,
): Promise<string | undefined> {
  if (await client.image.exists(name)) return undefined;
  log(`Fetching the Docker image ${image} (once, at most ${imageDeadlineMs / 1000} s) …`);
  const pulled = client.image.pull(name).then(
    () => undefined,
    (error: unknown) => `Docker could not fetch ${image} (${error instanceof Error ? error.message : String(error)})`,
  );
  const abort = new AbortController();
  const late = sleep(imageDeadlineMs, `Docker did not fetch ${image} within ${imageDeadlineMs / 1000} s`, {
    signal: abort.signal,
  }).catch(() => undefined);
  const reason = await Promise.race([pulled, late]);
  abort.abort();
  return reason;
}

class ContainerEngine implements DockerEngine {
  readonly #testcontainers: typeof import('testcontainers');
  readonly #client: ContainerRuntimeClient;

  constructor(testcontainers: typeof import('testcontainers'), client: ContainerRuntimeClient) {
    this.#testcontainers = testcontainers;
    this.#client = client;
  }

  async startKafka(options: DockerServerOptions): Promise<RunningServer> {
    const { port } = options;
    // The broker listens on the same port inside and outside, so that the address it announces is true in both places.
    const node = { id: 1, port, controllerPort: port === 9093 ? 9094 : 9093 };
    const directory = '/var/lib/kafka/data';
    const settings = {
      ...nodeSettings(node, [node], directory, { listen: '0.0.0.0', advertise: this.#client.info.containerRuntime.host }),
      ...commonKafkaSettings(1),
    };
    const environment = { ...kafkaEnvironment(settings), KAFKA_HEAP_OPTS: '-Xms256m -Xmx512m' };
    return this.#start('Kafka', kafkaImage(), options, directory, /Kafka Server started/, environment, []);
  }

  async startRedis(options: DockerServerOptions): Promise<RunningServer> {
    const command = [
      'redis-server', '--port', String(options.port), '--bind', '0.0.0.0', '--protected-mode', 'no', '--dir', '/data',
      '--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '', '--maxmemory-policy', 'noeviction',
    ];
    return this.#start('Redis', redisImage, options, '/data', /Ready to accept connections/, {}, command);
  }

  async #start(
    name: 'Kafka' | 'Redis',
    image: string,
    options: DockerServerOptions,
    dataDirectory: string,
    readyLine: RegExp,
    environment: Record<string, string>,
    command: string[],
  ): Promise<RunningServer> {
    const { GenericContainer, Wait } = this.#testcontainers;
    const container = new GenericContainer(image)
      .withEnvironment(environment)
      .withWaitStrategy(Wait.forLogMessage(readyLine))
      .withStartupTimeout(startDeadlineMs);
    if (command.length > 0) container.withCommand(command);
    if (options.dataDir !== undefined) {
      const volume = volumeName(options.dataDir, name);
      if (options.emptyFirst === true) await this.#removeVolume(volume);
      container.withBindMounts([{ source: volume, target: dataDirectory, mode: 'rw' }]);
    }
    // An engine without a bridge (no right to set up a network) can only run containers in the host's own network.
    if (process.env['MILLRACE_DOCKER_NETWORK'] === 'host') container.withNetworkMode('host');
    else container.withExposedPorts({ container: options.port, host: options.port });
    let started: StartedTestContainer;
    try {
      started = await container.start();
    } catch (error) {
      throw new DockerStartError(
        `${name} could not be started in Docker (${error instanceof Error ? error.message : String(error)}): mend that, or set MILLRACE_SERVERS=local to run it without Docker.`,
        { cause: error },
      );
    }
    const address = `${this.#client.info.containerRuntime.host}:${options.port}`;
    await this.#untilReady(name, address, started);
    const { State } = await this.#client.container.inspect(this.#client.container.getById(started.getId()));
    return {
      address: name === 'Redis' ? `redis://${address}` : address,
      usage: () => usageOf(State.Pid),
      async stop() {
        await started.stop({ timeout: 20_000 });
      },
    };
  }

  async #untilReady(name: 'Kafka' | 'Redis', address: string, started: StartedTestContainer): Promise<void> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const deadlineMs = Date.now() + startDeadlineMs;
    while (Date.now() < deadlineMs) {
      const ready = name === 'Redis'
        ? await answersPing(Number(port), hostname)
        : ((await probeKafka(Number(port), hostname))?.controllerId ?? -1) >= 0;
      if (ready) return;
      await sleep(100);
    }
    await started.stop();
    throw new DockerStartError(`${name} runs in Docker but does not answer at ${address}: see whether a firewall is in the way.`);
  }

  async #removeVolume(volume: string): Promise<void> {
    try {
      await this.#client.container.dockerode.getVolume(volume).remove();
    } catch (error) {
      // There was none: nothing to empty.
      if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    }
  }
}

/** One volume for each data directory and server, so that two directories on one machine stay apart. */
function volumeName(dataDir: string, name: string): string {
  const hash = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 12);
  return `millrace-${hash}-${name.toLowerCase()}`;
}

/** The engine's processes are visible on Linux; elsewhere they live in a virtual machine, and their use stays unknown. */
function usageOf(pid: number): ProcessUsage | undefined {
  const cpuSeconds = processCpuSeconds(pid);
  const residentBytes = processResidentBytes(pid);
  return cpuSeconds === undefined || residentBytes === undefined ? undefined : { cpuSeconds, residentBytes };
}
