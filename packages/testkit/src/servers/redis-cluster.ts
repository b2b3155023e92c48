import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { findExecutable } from './find-executable.ts';
import { freePorts } from './free-port.ts';
import { answersPing } from './local-redis.ts';
import { startServerProcess, waitUntilReady, type ServerProcess } from './server-process.ts';
import { explainStorageError, SetupError } from './setup-error.ts';

const run = promisify(execFile);

const SLOTS = 16_384;
const MASTERS = 3;
const FORMING_TIMEOUT_MS = 30_000;

/** One master of a cluster of our own. */
export interface LocalRedisNode extends ServerProcess {
  readonly port: number;
}

/** Three masters that share all slots, without replicas. */
export interface LocalRedisCluster {
  /** `redis-cluster://127.0.0.1:PORT,127.0.0.1:PORT,127.0.0.1:PORT`. */
  readonly url: string;
  readonly nodes: readonly LocalRedisNode[];
  /** Stops all nodes; fulfilled when they are gone. */
  stop(): Promise<void>;
}

export interface LocalRedisClusterOptions {
  /** Holds one directory for each node. Start every cluster on an empty one. */
  readonly dataDir: string;
  /** Further arguments of every `redis-server`. */
  readonly extraArgs?: readonly string[];
}

/**
 * Starts a Redis Cluster of three masters on free ports of the loopback interface and waits until each of them says
 * that all slots are served.
 * @throws SetupError when a program is missing, the directory is not writable or the cluster does not form
 */
export async function startRedisCluster(options: LocalRedisClusterOptions): Promise<LocalRedisCluster> {
  const dataDir = resolve(options.dataDir);
  const server = findExecutable('redis-server');
  const cli = findExecutable('redis-cli');
  if (server === undefined || cli === undefined) {
    throw new SetupError(
      `${server === undefined ? 'redis-server' : 'redis-cli'} was not found: install it (on Debian: apt-get install redis-server).`,
    );
  }
  // The bus has a port of its own: the default, 10,000 above the other, may lie beyond the last port there is.
  const ports = await freePorts(2 * MASTERS);
  const nodes: LocalRedisNode[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (let i = 0; i < MASTERS; i++) {
      const [port = 0, busPort = 0] = ports.slice(2 * i);
      nodes.push(await startNode(server, join(dataDir, `node-${i + 1}`), port, busPort, options.extraArgs ?? []));
    }
    await joinNodes(cli, nodes, ports);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `redis-cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`, nodes, stop };
}

async function startNode(
  command: string,
  directory: string,
  port: number,
  busPort: number,
  extraArgs: readonly string[],
): Promise<LocalRedisNode> {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw explainStorageError(error, directory);
  }
  const logFile = join(directory, 'redis.log');
  const server = await startServerProcess({
    name: 'Redis Cluster',
    command,
    args: [
      '--port', String(port),
      '--bind', '127.0.0.1',
      '--dir', directory,
      '--daemonize', 'no',
      '--appendonly', 'yes',
      '--save', '',
      '--maxmemory-policy', 'noeviction',
      '--cluster-enabled', 'yes',
      '--cluster-port', String(busPort),
      '--cluster-node-timeout', '5000',
      ...extraArgs,
    ],
    directory,
    logFile,
  });
  await waitUntilReady(server, () => answersPing(port), { logFile, timeoutMs: 60_000 });
  return { ...server, port };
}

/** Deals the slots, gives each node an epoch of its own (so that none has to be negotiated) and introduces them. */
async function joinNodes(cli: string, nodes: readonly LocalRedisNode[], ports: readonly number[]): Promise<void> {
  const ask = async (port: number, ...command: string[]): Promise<string> => {
    const { stdout } = await run(cli, ['-h', '127.0.0.1', '-p', String(port), 'CLUSTER', ...command]);
    return stdout;
  };
  for (const [i, { port }] of nodes.entries()) {
    const from = Math.floor((i * SLOTS) / MASTERS);
    const to = Math.floor(((i + 1) * SLOTS) / MASTERS) - 1;
    await ask(port, 'ADDSLOTSRANGE', String(from), String(to));
    await ask(port, 'SET-CONFIG-EPOCH', String(i + 1));
  }
  const first = nodes[0]?.port ?? 0;
  for (let i = 1; i < MASTERS; i++) {
    await ask(first, 'MEET', '127.0.0.1', String(ports[2 * i]), String(ports[2 * i + 1]));
  }
  const deadlineMs = Date.now() + FORMING_TIMEOUT_MS;
  for (const { port } of nodes) {
    for (;;) {
      const info = await ask(port, 'INFO');
      if (info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${MASTERS}`)) break;
      if (Date.now() > deadlineMs) {
        throw new SetupError(`The Redis Cluster did not form within ${FORMING_TIMEOUT_MS / 1000} s: ${info.trim()}`);
      }
      await sleep(50);
    }
  }
}
