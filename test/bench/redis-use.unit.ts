import { expect, test } from 'vitest';
import { redisCountersOf, redisPerEvent } from './redis-use.ts';

function info(evalsha: number, mget: number, bytesIn: number, bytesOut: number): string {
  return [
    '# Server',
    'redis_version:7.0.15',
    '# Stats',
    `total_net_input_bytes:${bytesIn}`,
    `total_net_output_bytes:${bytesOut}`,
    '# Commandstats',
    `cmdstat_evalsha:calls=${evalsha},usec=10,usec_per_call=1.00,rejected_calls=0,failed_calls=0`,
    `cmdstat_config|get:calls=3,usec=10,usec_per_call=1.00,rejected_calls=9,failed_calls=9`,
    `cmdstat_mget:calls=${mget},usec=10,usec_per_call=1.00,rejected_calls=0,failed_calls=0`,
    '',
  ].join('\r\n');
}

test('the counters are read from the answer of INFO', () => {
  const counters = redisCountersOf(info(12, 34, 5_000, 6_000));
  expect(counters).toEqual({
    version: '7.0.15',
    calls: new Map([['evalsha', 12], ['config|get', 3], ['mget', 34]]),
    bytesIn: 5_000,
    bytesOut: 6_000,
  });
});

test('what has grown is shared out to the events, the most frequent command first', () => {
  const cost = redisPerEvent(redisCountersOf(info(10, 0, 1_000, 500)), redisCountersOf(info(20, 40, 3_000, 600)), 20);
  expect(cost).toEqual({ operations: 2.5, operationsByCommand: { mget: 2, evalsha: 0.5 }, bytesIn: 100, bytesOut: 5 });
  expect(Object.keys(cost.operationsByCommand)).toEqual(['mget', 'evalsha']);
});

test('a command that was used for the first time between the readings counts too', () => {
  const before = { version: '7', calls: new Map(), bytesIn: 0, bytesOut: 0 };
  expect(redisPerEvent(before, { ...before, calls: new Map([['set', 5]]) }, 10).operations).toBe(0.5);
});
