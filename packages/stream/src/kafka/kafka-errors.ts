import { AlarmError, RetryableError } from '../errors.ts';

/** What an error code of a response means for what happens next. Source: https://kafka.apache.org/protocol.html#protocol_error_codes */
export type ErrorKind =
  /** Ask again. */
  | 'retry'
  /** Ask again after the metadata: the leader is another one. */
  | 'stale-metadata'
  /** The batch is larger than the topic takes: send less at a time. */
  | 'too-large'
  | 'out-of-range'
  | 'unknown-topic'
  /** Asking again does not help. */
  | 'alarm';

const CODES: Readonly<Record<number, readonly [name: string, kind: ErrorKind]>> = {
  [-1]: ['UNKNOWN_SERVER_ERROR', 'retry'],
  1: ['OFFSET_OUT_OF_RANGE', 'out-of-range'],
  2: ['CORRUPT_MESSAGE', 'retry'],
  3: ['UNKNOWN_TOPIC_OR_PARTITION', 'unknown-topic'],
  5: ['LEADER_NOT_AVAILABLE', 'stale-metadata'],
  6: ['NOT_LEADER_OR_FOLLOWER', 'stale-metadata'],
  7: ['REQUEST_TIMED_OUT', 'retry'],
  8: ['BROKER_NOT_AVAILABLE', 'stale-metadata'],
  9: ['REPLICA_NOT_AVAILABLE', 'stale-metadata'],
  10: ['MESSAGE_TOO_LARGE', 'too-large'],
  13: ['NETWORK_EXCEPTION', 'stale-metadata'],
  17: ['INVALID_TOPIC_EXCEPTION', 'alarm'],
  18: ['RECORD_LIST_TOO_LARGE', 'too-large'],
  19: ['NOT_ENOUGH_REPLICAS', 'retry'],
  20: ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'retry'],
  29: ['TOPIC_AUTHORIZATION_FAILED', 'alarm'],
  31: ['CLUSTER_AUTHORIZATION_FAILED', 'alarm'],
  35: ['UNSUPPORTED_VERSION', 'alarm'],
  42: ['INVALID_REQUEST', 'alarm'],
  44: ['POLICY_VIOLATION', 'alarm'],
  56: ['KAFKA_STORAGE_ERROR', 'stale-metadata'],
  74: ['FENCED_LEADER_EPOCH', 'stale-metadata'],
  75: ['UNKNOWN_LEADER_EPOCH', 'stale-metadata'],
  76: ['UNSUPPORTED_COMPRESSION_TYPE', 'alarm'],
  78: ['OFFSET_NOT_AVAILABLE', 'retry'],
  87: ['INVALID_RECORD', 'alarm'],
  89: ['THROTTLING_QUOTA_EXCEEDED', 'retry'],
};

const ADVICE: Readonly<Record<string, string>> = {
  INVALID_TOPIC_EXCEPTION: 'correct the name of the topic in the configuration',
  TOPIC_AUTHORIZATION_FAILED:
    'the topic is missing, or this user may not use it: create the topics, and give the user DESCRIBE, READ and WRITE on them',
  CLUSTER_AUTHORIZATION_FAILED: 'give the user of this client the permission that the broker asks for',
  INVALID_RECORD: 'the topic refuses records such as this one: its cleanup.policy must be delete, or the record needs a key',
  MESSAGE_TOO_LARGE: 'raise max.message.bytes of the topic; a single record does not fit',
  RECORD_LIST_TOO_LARGE: 'raise segment.bytes of the topic; a single record does not fit',
  UNKNOWN_TOPIC_OR_PARTITION: 'create the topics with the partition count that the configuration names',
};

export function errorKind(errorCode: number): ErrorKind {
  return CODES[errorCode]?.[1] ?? 'alarm';
}

/**
 * Names an error code of a response for what happens next.
 *
 * @param where topic and partition, as part of a sentence.
 * @returns RetryableError (`kafka-…`) when asking again can help, AlarmError when a person must look.
 */
export function responseError(errorCode: number, action: string, where: string): RetryableError | AlarmError {
  const [name, kind] = CODES[errorCode] ?? [`error code ${errorCode}`, 'alarm'];
  const code = `kafka-${name.toLowerCase().replaceAll(/[_ ]/g, '-')}`;
  const advice = ADVICE[name];
  const message = `Kafka could not ${action} ${where}: ${name}${advice === undefined ? '' : `; ${advice}`}.`;
  return kind === 'retry' || kind === 'stale-metadata' ? new RetryableError(code, message) : new AlarmError(code, message);
}

const SASL_ERRORS = new Set(['ILLEGAL_SASL_STATE', 'UNSUPPORTED_SASL_MECHANISM', 'SASL_AUTHENTICATION_FAILED']);

/** The topic does not exist, or has fewer partitions than this one. */
export function topicMissing(topic: string, partition: number): AlarmError {
  return new AlarmError(
    'topic-missing',
    `Kafka has no partition ${partition} of the topic ${topic}: ${ADVICE['UNKNOWN_TOPIC_OR_PARTITION']}.`,
  );
}

/**
 * Names an error of the client (connection, time-out, authentication) for what happens next. Errors that are none of
 * these are mistakes of ours and come back as they are.
 *
 * @param address host and port, never a password.
 */
export function clientError(error: unknown, address: string): Error {
  if (error instanceof RetryableError || error instanceof AlarmError) return error;
  if (!(error instanceof Error)) return new Error(String(error));
  const options = { cause: error };
  const type = (error as { type?: string }).type ?? '';
  if (error.name === 'KafkaJSSASLAuthenticationError' || SASL_ERRORS.has(type)) {
    return new AlarmError(
      'kafka-authentication',
      `Kafka at ${address} does not accept the login (${error.message}): correct user, password and mechanism, and check that this port asks for SASL at all.`,
      options,
    );
  }
  if (/certificate|unable to verify|self.signed|wrong version number|alert/i.test(error.message)) {
    return new AlarmError(
      'kafka-tls',
      `The TLS handshake with Kafka at ${address} failed (${error.message}): check that the port speaks TLS and that the CA certificate is the broker's.`,
      options,
    );
  }
  if (error.name === 'KafkaJSRequestTimeoutError') {
    return new RetryableError('kafka-timeout', `Kafka at ${address} did not answer in time; whether it carried the request out is unknown.`, options);
  }
  if (error.name.startsWith('KafkaJS')) {
    return new RetryableError('kafka-connection', `Kafka at ${address}: ${error.message}.`, options);
  }
  return error;
}
