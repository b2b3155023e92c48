import { connect } from 'node:net';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findExecutable } from './find-executable.ts';
import { requireFreePort } from './free-port.ts';
import { releaseDirectory, startServerProcess, waitUntilReady } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';
import { explainStorageError, SetupError } from './setup-error.ts';

/** Where and how to run one standalone Redis. */
export interface LocalRedisOptions {
  /** Holds the append-only file, the log and the pid file of this Redis. A later start on it finds its data again. */
  readonly dataDir: string;
  readonly port: number;
  /** The command-line option that chooses the port, for the message when it is taken. Default `--redis-port`. */
  readonly portOption?: string;
  /** `everysec` (default) may lose the last second in a crash, which the engine must bear; `always` for comparison. */
  readonly appendfsync?: 'everysec' | 'always' | 'no';
  /** Further arguments of `redis-server`, such as `['--maxmemory', '100mb']`. */
  readonly extraArgs?: readonly string[];
}

/** A Redis of our own. */
export interface LocalRedis extends ServerProcess {
  /** `redis://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
}

/**
 * Starts `redis-server` with an append-only file under `dataDir` and waits until it has loaded its data.
 * @throws SetupError when the program is missing, the port is taken, the directory is not writable or in use
 */
export async function startRedis(options: LocalRedisOptions): Promise<LocalRedis> {
  const dataDir = resolve(options.dataDir);
  const command = findExecutable('redis-server');
  if (command === undefined) {
    throw new SetupError(
      'redis-server was not found: install it (on Debian: apt-get install redis-server) or give the address of a Redis with --redis.',
    );
  }
  try {
    mkdirSync(dataDir, { recursive: true });
  } catch (error) {
    throw explainStorageError(error, dataDir);
  }
  await releaseDirectory('Redis', dataDir);
  await requireFreePort(options.port, 'Redis', options.portOption ?? '--redis-port');
  const logFile = join(dataDir, 'redis.log');
  const server = await startServerProcess({
    name: 'Redis',
    command,
    args: [
      '--port', String(options.port),
      '--bind', '127.0.0.1',
      '--dir', dataDir,
      '--daemonize', 'no',
      '--appendonly', 'yes',
      '--appendfsync', options.appendfsync ?? 'everysec',
      '--save', '',
      '--maxmemory-policy', 'noeviction',
      ...(options.extraArgs ?? []),
    ],
    directory: dataDir,
    logFile,
  });
  await waitUntilReady(server, () => answersPing(options.port), { logFile, timeoutMs: 60_000 });
  return { ...server, url: `redis://127.0.0.1:${options.port}`, port: options.port };
}

/** True when the Redis at a port (of the loopback interface by default) answers PING with PONG; while it loads its data it answers an error. */
export function answersPing(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolvePing) => {
    const socket = connect({ port, host });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolvePing(answer);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => finish(data.toString().startsWith('+PONG')));
  });
}
