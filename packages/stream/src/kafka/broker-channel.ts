import { isIP, connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory, KafkaConfig } from 'kafkajs';
import Broker from 'kafkajs/src/broker/index.js';
import type { KafkaJsLogger } from 'kafkajs/src/loggers/index.js';
import ConnectionPool from 'kafkajs/src/network/connectionPool.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import { AlarmError } from '../errors.ts';
import { clientError } from './kafka-errors.ts';
import { NEEDED_APIS, type KafkaRequest } from './requests.ts';
import { WireReader } from './wire.ts';

export interface ChannelOptions {
  readonly clientId: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  readonly logger: KafkaJsLogger;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
}

const KEEP_ALIVE_DELAY_MS = 60_000;

/** kafkajs leaves Nagle's algorithm on, which holds the second of two small requests back until the first is answered. */
export const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
    : connectTcp({ host, port }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  socket.setNoDelay(true);
  return socket;
};

/**
 * One TCP connection to one broker, for one purpose: a broker answers the requests of a connection one after another, so
 * a fetch that waits for data must not share one with anything in a hurry.
 *
 * A channel that breaks is thrown away, never reconnected: kafkajs would keep half a response of the old connection and
 * read the new one behind it.
 */
export class BrokerChannel {
  readonly address: string;
  readonly #broker: Broker;
  readonly #pool: ConnectionPool;
  readonly #requestTimeoutMs: number;
  #connecting: Promise<void> | undefined;
  #broken = false;

  constructor(host: string, port: number, options: ChannelOptions) {
    this.address = `${host}:${port}`;
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.#pool = new ConnectionPool({
      host,
      port,
      rack: null,
      clientId: options.clientId,
      logger: options.logger,
      socketFactory,
      connectionTimeout: options.connectTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      enforceRequestTimeout: true,
      maxInFlightRequests: null,
      ...(options.ssl === undefined ? {} : { ssl: options.ssl === true ? {} : options.ssl }),
      ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    });
    this.#broker = new Broker({ connectionPool: this.#pool, logger: options.logger });
  }

  /** Whether a request may still be sent here: connecting, or connected and authenticated. */
  get usable(): boolean {
    return !this.#broken && (this.#connecting !== undefined || this.#broker.isConnected());
  }

  /**
   * Opens the connection, authenticates and checks that the broker speaks what we speak. To be called once, first.
   *
   * @throws RetryableError when the broker cannot be reached, AlarmError when it will never let us in.
   */
  connect(): Promise<void> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Sends one request and reads its answer. @throws RetryableError @throws AlarmError */
  async send<T>(request: KafkaRequest<T>): Promise<T> {
    const { api, body, decode } = request;
    if (this.#connecting !== undefined) await this.#connecting;
    try {
      return await this.#pool.pool[0].send({
        request: { apiKey: api.key, apiName: api.name, apiVersion: api.version, encode: () => encoded(body) },
        response: { decode: (payload) => decode(new WireReader(payload)), parse: (decoded) => decoded },
        requestTimeout: this.#requestTimeoutMs + request.brokerWaitMs,
        logResponseError: false,
      });
    } catch (error) {
      // After a time-out the answer may still come, or the request may still be carried out behind the next one.
      this.destroy(error);
      throw clientError(error, this.address);
    }
  }

  /** Lets requests under way finish, then closes the connection. */
  async close(): Promise<void> {
    this.#broken = true;
    await this.#broker.disconnect();
  }

  /** Cuts the connection; every request under way fails with `reason`. */
  destroy(reason: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    const [connection] = this.#pool.pool;
    connection.rejectRequests(reason instanceof Error ? reason : new Error(String(reason)));
    connection.socket?.destroy();
    void this.#broker.disconnect().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    try {
      await this.#broker.connect();
      this.#checkVersions();
    } catch (error) {
      this.destroy(error);
      throw clientError(error, this.address);
    }
  }

  #checkVersions(): void {
    for (const { name, key, version } of NEEDED_APIS) {
      const spoken = this.#broker.versions?.[key];
      if (spoken !== undefined && version >= spoken.minVersion && version <= spoken.maxVersion) continue;
      const range = spoken === undefined ? 'none' : `${spoken.minVersion} to ${spoken.maxVersion}`;
      throw new AlarmError(
        'kafka-version',
        `Kafka at ${this.address} does not speak version ${version} of ${name} (it speaks ${range}): Millrace needs brokers from 2.3 to 4.x.`,
      );
    }
  }
}

function encoded(body: Buffer): Encoder {
  const encoder = new Encoder(body.length);
  encoder.writeBufferInternal(body);
  return encoder;
}
