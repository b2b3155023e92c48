import { expect, test } from 'vitest';
import { murmur2, partitionOf } from './partition.ts';

// The values of Kafka's own test: UtilsTest.testMurmur2.
const KAFKAS_VALUES: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
];

test.each(KAFKAS_VALUES)("murmur2 of %s is what Kafka's own test says", (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
});

test.each(KAFKAS_VALUES)('the partition of %s is the same from its bytes and from its text', (key, hash) => {
  expect(partitionOf(key, 8)).toBe((hash & 0x7fffffff) % 8);
  expect(partitionOf(Buffer.from(key), 8)).toBe((hash & 0x7fffffff) % 8);
});

test('a negative hash still gives a partition of the topic', () => {
  expect(partitionOf('21', 8)).toBeGreaterThanOrEqual(0);
});
