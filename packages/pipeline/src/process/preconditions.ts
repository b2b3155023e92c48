import type { Logger } from '@millrace/runtime';
import { AlarmError, RetryableError } from '@millrace/stream/errors';
import { checkTopics, type KafkaConnection, type TopicSpec } from '@millrace/stream/kafka/index';
import { checkRedis, type RedisConnection } from '@millrace/stream/redis/index';

/**
 * Looks whether Kafka and Redis are set as exactness needs: partitions, clean-up and timestamps of the topics, and in
 * production what survives the loss of a broker; version, eviction and persistence of Redis. Says everything that is
 * wrong; what may be wrong for a while is a warning.
 *
 * @throws AlarmError `precondition` when the process must not work on these servers
 */
export async function checkPreconditions(
  kafka: KafkaConnection,
  redis: RedisConnection,
  topics: readonly TopicSpec[],
  options: { readonly production: boolean },
  logger: Logger,
): Promise<void> {
  const topicFindings = await findings('topics', logger, () => checkTopics(kafka, topics, options));
  const redisFindings = await findings('redis', logger, () => checkRedis(redis));
  const errors = [
    ...topicFindings.map(({ message }) => message),
    ...redisFindings.filter(({ severity }) => severity === 'error').map(({ message }) => message),
  ];
  for (const { message, severity } of redisFindings) {
    if (severity === 'warning') logger.warn('precondition.warning', { detail: message });
  }
  if (errors.length === 0) return;
  for (const detail of errors) logger.error('precondition.failed', { detail });
  throw new AlarmError('precondition', `Kafka or Redis are not set as the state needs: ${errors.join(' ')}`);
}

/** What cannot be looked at (no right to, no answer now) is said and does not keep the process from starting. */
async function findings<T>(what: string, logger: Logger, check: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof AlarmError || error instanceof RetryableError)) throw error;
    logger.warn('precondition.unchecked', { what, detail: error.message });
    return [];
  }
}
