import { expect, test } from 'vitest';
import { summarizeLatencies } from './latencies.ts';

test('percentiles are by nearest rank, whatever the order of the values', () => {
  const oneToThousand = Array.from({ length: 1_000 }, (_, i) => ((i * 7) % 1_000) + 1);
  expect(summarizeLatencies(oneToThousand)).toEqual({ count: 1_000, p50Ms: 500, p90Ms: 900, p99Ms: 990, p999Ms: 999, maxMs: 1_000 });
});

test('numbers are sorted as numbers', () => {
  expect(summarizeLatencies([9, 10, 100]).p50Ms).toBe(10);
});

test('a single value is every percentile', () => {
  expect(summarizeLatencies([7])).toEqual({ count: 1, p50Ms: 7, p90Ms: 7, p99Ms: 7, p999Ms: 7, maxMs: 7 });
});

test('without any value there is no percentile', () => {
  expect(summarizeLatencies([])).toEqual({ count: 0, p50Ms: NaN, p90Ms: NaN, p99Ms: NaN, p999Ms: NaN, maxMs: NaN });
});
