import { expect, test } from 'vitest';
import { nearestName } from './nearest-name.ts';

const KNOWN = ['kafka.brokers', 'kafka.clientId', 'redis.url', 'shards'];

test.each([
  ['kafka.broker', 'kafka.brokers'],
  ['kafka_brokers', 'kafka.brokers'],
  ['KAFKA.BROKRES', 'kafka.brokers'],
  ['redis.uri', 'redis.url'],
  ['shrads', 'shards'],
])('%s was meant to be %s', (name, nearest) => {
  expect(nearestName(name, KNOWN)).toBe(nearest);
});

test('nothing is near what is far', () => {
  expect(nearestName('gateway.port', KNOWN)).toBeUndefined();
  expect(nearestName('', KNOWN)).toBeUndefined();
  expect(nearestName('shards', [])).toBeUndefined();
});

test('a swap of neighbours counts once', () => {
  expect(nearestName('abc', ['acb'])).toBe('acb');
  expect(nearestName('abc', ['cba'])).toBeUndefined();
});

test('a name of any length is answered at once', () => {
  expect(nearestName('x'.repeat(1_000_000), KNOWN)).toBeUndefined();
});
