import type { Logger } from '@millrace/runtime/logger';
import kafkajs, { type Admin, type KafkaConfig, type logCreator } from 'kafkajs';
import loggers from 'kafkajs/src/loggers/index.js';
import { socketFactory } from './broker-channel.ts';
import './calm-request-queue.ts';
import { KafkaCluster } from './kafka-cluster.ts';
import { clientError } from './kafka-errors.ts';

export interface KafkaConnectionOptions {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  readonly logger: Logger;
  /** How long a broker may take to answer, on top of the wait that a request itself asks for. */
  readonly requestTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 15_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 3_000;

/** What the rest of this folder needs of Kafka. */
export interface KafkaConnection {
  /** The data path: our own requests over kafkajs' connections. */
  readonly cluster: KafkaCluster;
  /** kafkajs as it is documented, for topics and group membership. */
  readonly client: kafkajs.Kafka;
  readonly logger: Logger;
  readonly requestTimeoutMs: number;
  /** Closes the data path. Consumers and admins made from `client` are closed by whoever made them. */
  close(): Promise<void>;
}

/**
 * Connects to a Kafka cluster.
 *
 * @throws RetryableError when no broker answers, AlarmError when the address, the version, TLS or the login is wrong.
 */
export async function connectKafka(options: KafkaConnectionOptions): Promise<KafkaConnection> {
  const { brokers, clientId, ssl, sasl, logger } = options;
  const requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
  const connectTimeoutMs = options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS;
  const toOurLog = kafkaJsLogCreator(logger);
  const level = kafkajs.logLevel.INFO;
  const security = { ...(ssl === undefined ? {} : { ssl }), ...(sasl === undefined ? {} : { sasl }) };
  const cluster = new KafkaCluster(brokers, {
    clientId,
    ...security,
    logger: loggers.createLogger({ level, logCreator: toOurLog }),
    requestTimeoutMs,
    connectTimeoutMs,
  });
  const client = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    ...security,
    socketFactory,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: connectTimeoutMs,
    logLevel: level,
    logCreator: toOurLog,
    retry: { initialRetryTime: 100, retries: 8, maxRetryTime: 5_000 },
  });
  try {
    await cluster.refresh();
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return { cluster, client, logger, requestTimeoutMs, close: () => cluster.close() };
}

/** Runs `action` with an admin client of its own, and names its errors. @throws RetryableError @throws AlarmError */
export async function withAdmin<T>(connection: KafkaConnection, action: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = connection.client.admin();
  try {
    await admin.connect();
    return await action(admin);
  } catch (error) {
    throw clientError(error, 'the addresses given');
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Fields of kafkajs' log entries that name machines, topics and causes; the rest (stacks, member data) stays out. */
const KEPT_FIELDS = ['broker', 'clientId', 'groupId', 'topic', 'partition', 'error', 'retryCount', 'retryTime', 'code'] as const;

/**
 * kafkajs' log through ours: its errors are warnings here, because nearly all of them are a broker that went away and
 * the next try works; what does not mend itself comes to our caller as an error. Its "info" is chatter of rebalances.
 */
export function kafkaJsLogCreator(logger: Logger): logCreator {
  const { ERROR, WARN } = kafkajs.logLevel;
  return () =>
    ({ namespace, level, log }) => {
      const fields: Record<string, unknown> = { part: namespace, message: log.message };
      for (const name of KEPT_FIELDS) {
        const value: unknown = log[name];
        if (value !== undefined) fields[name] = value instanceof Error ? value.message : value;
      }
      if (level === ERROR || level === WARN) logger.warn('kafka.client', fields);
      else logger.debug('kafka.client', fields);
    };
}
