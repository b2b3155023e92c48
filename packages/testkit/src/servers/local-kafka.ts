import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { findJava } from './find-executable.ts';
import { freePorts, requireFreePort } from './free-port.ts';
import { kafkaJars, minimumJavaVersion } from './kafka-jars.ts';
import { probeKafka } from './kafka-probe.ts';
import { kafkaProperties } from './kafka-properties.ts';
import type { KafkaNodeAddress, KafkaSettings } from './kafka-properties.ts';
import { repositoryRoot } from './maven.ts';
import { releaseDirectory, startServerProcess, waitUntilReady } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';
import { explainStorageError, SetupError } from './setup-error.ts';

/** Where and how to run Kafka. */
export interface LocalKafkaOptions {
  /** Holds the logs of the brokers. A later start on it finds its topics and records again. */
  readonly dataDir: string;
  /** The port of the first broker; others take free ones. */
  readonly port: number;
  /** The command-line option that chooses the port, for the message when it is taken. Default `--kafka-port`. */
  readonly portOption?: string;
  /** Receives one line of progress at a time. */
  readonly log?: (line: string) => void;
  /** One broker (default), or three with three copies of every topic. The number belongs to the data directory. */
  readonly brokers?: 1 | 3;
  /** What a broker sets otherwise than our local clusters do, given what they set. */
  readonly overrides?: (id: number, settings: KafkaSettings) => KafkaSettings;
}

/** One broker of a local cluster, which can be taken down and brought back while the others run. */
export interface LocalKafkaNode {
  readonly id: number;
  readonly port: number;
  /** The process at this moment; a restart makes a new one. */
  process(): ServerProcess;
  /** Starts it again after its process has ended, on the same port and data. Fulfilled when it answers. */
  restart(): Promise<void>;
}

/** A Kafka of our own. */
export interface LocalKafka {
  /** The bootstrap addresses, separated by commas. */
  readonly brokers: string;
  readonly nodes: readonly LocalKafkaNode[];
  /** The process ids at this moment. */
  pids(): number[];
  /** Stops all brokers, in reverse order of their start. */
  stop(): Promise<void>;
  /** User plus system CPU seconds of all brokers that run. */
  cpuSeconds(): number;
  /** Resident memory of all brokers that run, in bytes. */
  residentBytes(): number;
}

const execute = promisify(execFile);
const readyTimeoutMs = 120_000;

/**
 * Starts a KRaft cluster of one or three brokers and waits until each accepts connections and knows its controller and
 * all its peers. The data directory is formatted once; a later start continues with what is in it.
 * @throws SetupError when Java or Maven is missing, a port is taken, the directory is not writable or in use
 */
export async function startKafka(options: LocalKafkaOptions): Promise<LocalKafka> {
  const log = options.log ?? (() => undefined);
  const dataDir = resolve(options.dataDir);
  const java = findJava(minimumJavaVersion);
  if (java === undefined) {
    throw new SetupError(
      `Kafka needs Java ${minimumJavaVersion} or newer, and none was found in JAVA_HOME, PATH or /usr/lib/jvm: install it (on Debian: apt-get install default-jre-headless) or give the address of a Kafka with --kafka.`,
    );
  }
  const jars = await kafkaJars(log);
  const count = options.brokers ?? 1;
  const directories = Array.from({ length: count }, (_, index) => brokerDirectory(dataDir, index + 1));
  await releaseKafkaDirectory(dataDir);
  await requireFreePort(options.port, 'Kafka', options.portOption ?? '--kafka-port');
  const addresses = await chooseAddresses(count, options.port);
  const runtime: KafkaRuntime = { java: java.command, jars, cluster: count > 1 };
  prepareDirectories(dataDir, directories, addresses, options.overrides);
  await Promise.all(directories.map((directory) => formatOnce(runtime, directory, clusterIdOf(dataDir), log)));
  const nodes: Broker[] = addresses.map((address, index) => new Broker(runtime, address, directories[index] ?? dataDir, count));
  try {
    await Promise.all(nodes.map((node) => node.start()));
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    throw error;
  }
  return {
    brokers: addresses.map((address) => `127.0.0.1:${address.port}`).join(','),
    nodes,
    pids: () => nodes.map((node) => node.process()).filter((server) => server.running()).map((server) => server.pid),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
    cpuSeconds: () => sum(nodes.map((node) => node.process().cpuSeconds())),
    residentBytes: () => sum(nodes.map((node) => node.process().residentBytes())),
  };
}

/**
 * Makes sure that no broker runs on the data directory: ends those whose owner is gone.
 * @throws SetupError when they belong to a process that lives
 */
export async function releaseKafkaDirectory(dataDir: string): Promise<void> {
  for (let id = 1; existsSync(brokerDirectory(dataDir, id)); id += 1) {
    await releaseDirectory('Kafka', brokerDirectory(dataDir, id));
  }
}

function brokerDirectory(dataDir: string, id: number): string {
  return join(dataDir, `broker-${id}`);
}

interface KafkaRuntime {
  readonly java: string;
  readonly jars: string;
  /** Several brokers share the machine: each gets less memory and starts sooner, at the price of speed. */
  readonly cluster: boolean;
}

const loggingConfiguration = join(repositoryRoot, 'packages', 'testkit', 'servers', 'log4j2.properties');

class Broker implements LocalKafkaNode {
  readonly id: number;
  readonly port: number;
  readonly #runtime: KafkaRuntime;
  readonly #directory: string;
  readonly #clusterSize: number;
  #server: ServerProcess | undefined;

  constructor(runtime: KafkaRuntime, address: KafkaNodeAddress, directory: string, clusterSize: number) {
    this.id = address.id;
    this.port = address.port;
    this.#runtime = runtime;
    this.#directory = directory;
    this.#clusterSize = clusterSize;
  }

  process(): ServerProcess {
    if (this.#server === undefined) throw new Error(`Broker ${this.id} has not been started.`);
    return this.#server;
  }

  /** Starts the process and waits until it knows its controller and, in a whole start, all its peers. */
  async start(): Promise<void> {
    await this.#startProcess(this.#clusterSize);
  }

  async restart(): Promise<void> {
    if (this.#server?.running() === true) throw new Error(`Broker ${this.id} still runs: stop it before its restart.`);
    // Other brokers may be down on purpose, so it need not see all of them.
    await this.#startProcess(1);
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  async #startProcess(brokersToSee: number): Promise<void> {
    const logFile = join(this.#directory, 'broker.log');
    const server = await startServerProcess({
      name: 'Kafka',
      command: this.#runtime.java,
      args: [
        ...(this.#runtime.cluster ? ['-Xms128m', '-Xmx256m'] : ['-Xms256m', '-Xmx512m']),
        '-XX:+UseSerialGC',
        // A broker that lives for minutes never earns back what the optimising compiler costs: a third of its CPU time.
        '-XX:TieredStopAtLevel=1',
        '-XX:+ExitOnOutOfMemoryError',
        '-XX:-UsePerfData',
        ...javaArguments(this.#runtime.jars),
        'kafka.Kafka',
        join(this.#directory, 'server.properties'),
      ],
      directory: this.#directory,
      logFile,
      // A cluster whose members stop together loses its quorum, and the last ones would wait for it in vain.
      stopTimeoutMs: this.#runtime.cluster ? 5_000 : 20_000,
    });
    this.#server = server;
    const ready = async (): Promise<boolean> => {
      const metadata = await probeKafka(this.port);
      return metadata !== undefined
        && metadata.controllerId >= 0
        && metadata.brokerIds.includes(this.id)
        && metadata.brokerIds.length >= brokersToSee;
    };
    await waitUntilReady(server, ready, { logFile, timeoutMs: readyTimeoutMs, intervalMs: 100 });
  }
}

function javaArguments(jars: string): string[] {
  return [
    '-Djava.awt.headless=true',
    `-Dlog4j2.configurationFile=${loggingConfiguration}`,
    '-cp',
    join(jars, '*'),
  ];
}

/** The given port for the first broker, free ones for the others and for the controllers, all different. */
async function chooseAddresses(count: number, firstPort: number): Promise<KafkaNodeAddress[]> {
  const free = (await freePorts(2 * count)).filter((port) => port !== firstPort);
  const ports = [firstPort, ...free];
  return Array.from({ length: count }, (_, index) => {
    const port = ports[index];
    const controllerPort = ports[count + index];
    if (port === undefined || controllerPort === undefined) throw new Error('Too few free ports were found.');
    return { id: index + 1, port, controllerPort };
  });
}

/** Writes what every start writes anew, since ports may differ from start to start: the properties of each node. */
function prepareDirectories(
  dataDir: string,
  directories: readonly string[],
  addresses: readonly KafkaNodeAddress[],
  overrides: LocalKafkaOptions['overrides'],
): void {
  try {
    directories.forEach((directory, index) => {
      const address = addresses[index];
      if (address === undefined) return;
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'server.properties'), kafkaProperties(address, addresses, join(directory, 'log'), overrides));
    });
    clusterIdOf(dataDir);
  } catch (error) {
    throw explainStorageError(error, dataDir);
  }
}

/** The id that all nodes of a data directory are formatted with: 16 random bytes in base64url, kept in a file. */
function clusterIdOf(dataDir: string): string {
  const file = join(dataDir, 'cluster-id');
  if (!existsSync(file)) {
    // Kafka's own generator avoids a leading dash, which its command line would take for an option.
    writeFileSync(file, randomBytes(16).toString('base64url').replace(/^-/, 'A'));
  }
  return readFileSync(file, 'utf8');
}

/** `kafka-storage format`, unless the directory was formatted before. */
async function formatOnce(
  runtime: KafkaRuntime,
  directory: string,
  clusterId: string,
  log: (line: string) => void,
): Promise<void> {
  if (existsSync(join(directory, 'log', 'meta.properties'))) return;
  log(`Formatting the Kafka log under ${directory} …`);
  const args = [
    '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', ...javaArguments(runtime.jars),
    'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', join(directory, 'server.properties'),
  ];
  try {
    await execute(runtime.java, args);
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    if (/no space left/i.test(output)) {
      throw new SetupError(`The disk that holds ${directory} is full: free some space and start again.`);
    }
    throw new SetupError(`The Kafka log under ${directory} could not be formatted: ${output.split('\n').at(-1) ?? ''}`);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
