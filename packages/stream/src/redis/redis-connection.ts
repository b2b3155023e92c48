import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { RetryableError, type AlarmError } from '../errors.ts';
import { describeAddress, parseRedisAddress, type RedisAddress } from './redis-address.ts';
import { redisError } from './redis-errors.ts';
import { withScripts, type ScriptedClient } from './redis-scripts.ts';

export interface RedisConnectOptions {
  /** `redis://`, `rediss://`, `redis-cluster://h1:p,h2:p` or `rediss-cluster://`, see `parseRedisAddress`. */
  readonly url: string;
  /** Used instead of what the address says, so that a secret need not be in it. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Certificates and names for TLS; switches TLS on. */
  readonly tls?: ConnectionOptions | undefined;
  /** Shown by `CLIENT LIST`. */
  readonly connectionName?: string | undefined;
  /** How long a command waits for its reply before it fails with `redis-timeout`. */
  readonly commandTimeoutMs?: number | undefined;
  /** How long to wait for the server to accept and be ready before a command fails with `redis-connection`. */
  readonly connectTimeoutMs?: number | undefined;
  /** Told of every failed try to connect, also when no command is waiting. */
  readonly onConnectionError?: ((error: RetryableError | AlarmError) => void) | undefined;
}

const DEFAULT_COMMAND_TIMEOUT_MS = 5_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
const FIRST_RECONNECT_MS = 50;
const LONGEST_RECONNECT_MS = 2_000;
/** Redirections and waits (100 ms each) of one command while a cluster moves slots, before the shard pauses instead. */
const MAX_REDIRECTIONS = 6;
/** A cluster node that hangs is found to have lost its slots even if it never says so. */
const SLOTS_REFRESH_INTERVAL_MS = 15_000;

/**
 * Connects to Redis, standalone or Cluster, in the background: the first command waits for it.
 *
 * No command is ever sent again after its reply was lost: the client cannot know whether it was carried out, and
 * applying twice is worse than an error. What was in flight when a connection broke fails at once.
 *
 * @throws RangeError when the address has none of the allowed forms.
 */
export function connectRedis(target: string | RedisConnectOptions): RedisConnection {
  return new RedisConnection(typeof target === 'string' ? { url: target } : target);
}

/** A connection that names its errors for what happens next. */
export class RedisConnection {
  readonly client: Redis | Cluster;
  readonly scripts: ScriptedClient;
  /** Hosts and ports for messages. */
  readonly address: string;
  readonly isCluster: boolean;
  readonly #connectTimeoutMs: number;
  #ready: Promise<void> | null = null;
  #closed = false;

  constructor(options: RedisConnectOptions) {
    const address = parseRedisAddress(options.url);
    this.address = describeAddress(address);
    this.isCluster = address.cluster;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
    this.client = createClient(address, options);
    this.scripts = withScripts(this.client);
    this.client.on('error', (error) => options.onConnectionError?.(redisError(error, 'connecting', this.address)));
  }

  /**
   * Runs commands once the server is ready.
   *
   * @param action What is being done and to what, for messages: `commit of shard u7`.
   * @throws RetryableError, AlarmError: see `redisError`.
   */
  async run<T>(action: string, commands: () => Promise<T>): Promise<T> {
    try {
      if (this.client.status !== 'ready') await this.#whenReady(action);
      return await commands();
    } catch (error) {
      throw redisError(error, action, this.address);
    }
  }

  /** Sends what is queued, waits for the replies and closes. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.client.status === 'ready') {
      await this.client.quit().catch(() => undefined);
    }
    this.client.disconnect();
  }

  #whenReady(action: string): Promise<void> {
    if (this.#closed || this.client.status === 'end') {
      throw new RetryableError('redis-closed', `Redis at ${this.address}, ${action}: the connection has been closed.`);
    }
    this.#ready ??= this.#nextReady().finally(() => {
      this.#ready = null;
    });
    return this.#ready;
  }

  /** Resolves at the next `ready`, rejects at the next failure: whoever asked decides whether to ask again. */
  #nextReady(): Promise<void> {
    const { client } = this;
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown): void => {
        clearTimeout(timer);
        client.off('ready', onReady);
        client.off('error', settle);
        client.off('end', onEnd);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onReady = (): void => settle();
      const onEnd = (): void => settle(new Error('Connection is closed.'));
      const timer = setTimeout(
        () => settle(new Error(`connection is not ready after ${this.#connectTimeoutMs} ms (${client.status})`)),
        this.#connectTimeoutMs,
      );
      client.on('ready', onReady);
      client.on('error', settle);
      client.on('end', onEnd);
    });
  }
}

function createClient(address: RedisAddress, options: RedisConnectOptions): Redis | Cluster {
  const commandTimeout = options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS;
  const username = options.username ?? address.username;
  const password = options.password ?? address.password;
  const tls = options.tls ?? (address.tls ? {} : undefined);
  const common = {
    // Replies are the same bytes in both protocols for the commands used here; RESP2 needs no HELLO.
    protocol: 2,
    // With 0 tries ioredis rejects what is in flight as soon as the connection breaks; with the resending switched
    // off and any other number it would never settle it.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout,
    // A peer that vanished without a word is given up after two commands' patience instead of the kernel's quarter hour.
    socketTimeout: 2 * commandTimeout,
    connectTimeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
    ...(options.connectionName !== undefined && { connectionName: options.connectionName }),
  } satisfies RedisOptions;

  if (address.cluster) {
    return new Cluster([...address.nodes], {
      redisOptions: common,
      // Otherwise the cluster client sends a command again after "Connection is closed."
      retryDelayOnFailover: 0,
      maxRedirections: MAX_REDIRECTIONS,
      slotsRefreshInterval: SLOTS_REFRESH_INTERVAL_MS,
      slotsRefreshTimeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      clusterRetryStrategy: reconnectAfterMs,
      ...(tls !== undefined && { dnsLookup: (host, done) => done(null, host) }),
    });
  }
  const [node] = address.nodes;
  return new Redis({
    ...common,
    ...node,
    db: address.database,
    retryStrategy: reconnectAfterMs,
    // After a fail-over behind one name the old master is a replica: connect anew, but do not send again.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
}

/** Doubles from 50 ms to 2 s; the random half keeps a fleet of workers from coming back all at once. */
function reconnectAfterMs(tries: number): number {
  const longestMs = Math.min(FIRST_RECONNECT_MS * 2 ** Math.min(tries - 1, 10), LONGEST_RECONNECT_MS);
  return longestMs / 2 + Math.random() * (longestMs / 2);
}
