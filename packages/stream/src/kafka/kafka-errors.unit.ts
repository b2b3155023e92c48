import { describe, expect, test } from 'vitest';
import { AlarmError, RetryableError } from '../errors.ts';
import { clientError, errorKind, responseError } from './kafka-errors.ts';

/** An error as kafkajs throws it. */
function kafkaJsError(name: string, message: string, type?: string): Error {
  return Object.assign(new Error(message), { name, ...(type === undefined ? {} : { type }) });
}

describe("Kafka's errors", () => {
  test.each([
    [6, 'RetryableError', 'kafka-not-leader-or-follower'],
    [7, 'RetryableError', 'kafka-request-timed-out'],
    [20, 'RetryableError', 'kafka-not-enough-replicas-after-append'],
    [10, 'AlarmError', 'kafka-message-too-large'],
    [29, 'AlarmError', 'kafka-topic-authorization-failed'],
    [999, 'AlarmError', 'kafka-error-code-999'],
  ])('the code %i is a %s', (errorCode, name, code) => {
    const error = responseError(errorCode, 'append to', 'partition 3 of clicks');
    expect(error).toMatchObject({ name, code });
    expect(error.message).toContain('append to partition 3 of clicks');
  });

  test('an unknown code is never tried again', () => {
    expect(errorKind(999)).toBe('alarm');
  });

  test.each([
    ['KafkaJSConnectionError', 'connect ECONNREFUSED', undefined, 'kafka-connection'],
    ['KafkaJSRequestTimeoutError', 'Request Produce timed out', undefined, 'kafka-timeout'],
  ])('%s can pass', (name, message, type, code) => {
    const error = clientError(kafkaJsError(name, message, type), 'broker:9092');
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({ code, message: expect.stringContaining('broker:9092') as unknown });
  });

  test.each([
    ['KafkaJSSASLAuthenticationError', 'invalid credentials', undefined, 'kafka-authentication'],
    ['KafkaJSProtocolError', 'not valid given the current SASL state', 'ILLEGAL_SASL_STATE', 'kafka-authentication'],
    ['KafkaJSConnectionError', 'unable to verify the first certificate', undefined, 'kafka-tls'],
  ])('%s: %s needs a person', (name, message, type, code) => {
    expect(clientError(kafkaJsError(name, message, type), 'broker:9092')).toMatchObject({ name: 'AlarmError', code });
  });

  test('what is named already, and what is a mistake of ours, comes back as it is', () => {
    const [alarm, mistake] = [new AlarmError('x', 'x'), new TypeError('undefined is not a function')];
    expect(clientError(alarm, 'broker:9092')).toBe(alarm);
    expect(clientError(mistake, 'broker:9092')).toBe(mistake);
  });
});
