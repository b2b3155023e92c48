import { describe, expect, test } from 'vitest';
import { bootstrapMean, comparePaired, MOST_CLUSTERS, quantile, sumByCluster } from './resampling.ts';

/** The generator mulberry32 (Tommy Ettinger): small, and even enough for a test. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `clusters` visits of one case each, the first `ones` of them a hit. */
function hits(ones: number, clusters: number): number[] {
  return Array.from({ length: clusters }, (_, at) => (at < ones ? 1 : 0));
}

const single = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

test('values are summed by cluster, in the order in which clusters come', () => {
  const { sums, counts } = sumByCluster([1, 2, 4, 8], [9, 5, 9, 5], (at) => at !== 3);
  expect([[...sums], [...counts]]).toEqual([[5, 2], [2, 1]]);
});

test('more clusters than are drawn from are put together in turn, and nothing is lost', () => {
  const { sums, counts } = sumByCluster(single(MOST_CLUSTERS + 2), single(MOST_CLUSTERS + 2));
  expect(sums.length).toBe(MOST_CLUSTERS);
  expect([sums[0], sums[1], sums[2], counts[1], counts[2]]).toEqual([MOST_CLUSTERS, 1 + MOST_CLUSTERS + 1, 2, 2, 1]);
});

test('quantiles are interpolated', () => {
  expect([quantile([1, 2, 3, 4], 0.5), quantile([1, 2, 3, 4], 1), quantile([10, 20], 0.25)]).toEqual([2.5, 4, 12.5]);
});

describe('bootstrap', () => {
  test('half of 400 cases: the interval is that of the normal approximation, ±1.96 · sqrt(.25 / 400)', () => {
    const { mean, low, high } = bootstrapMean(sumByCluster(hits(200, 400), single(400)), 4_000, seeded(1));
    expect(mean).toBe(0.5);
    expect(low).toBeCloseTo(0.5 - 0.049, 2);
    expect(high).toBeCloseTo(0.5 + 0.049, 2);
  });

  test('ten equal cases in each visit tell no more than one: the interval does not shrink', () => {
    const values = hits(20, 40).flatMap((value) => new Array<number>(10).fill(value));
    const clusters = single(40).flatMap((cluster) => new Array<number>(10).fill(cluster));
    const { low, high } = bootstrapMean(sumByCluster(values, clusters), 4_000, seeded(1));
    expect(high - low).toBeGreaterThan(2 * 1.96 * Math.sqrt(0.25 / 40) * 0.9);
  });

  test('the same seed gives the same interval to the last digit; another seed does not', () => {
    const sums = sumByCluster(hits(13, 50), single(50));
    expect(bootstrapMean(sums, 200, seeded(4))).toEqual(bootstrapMean(sums, 200, seeded(4)));
    const noisy = sumByCluster(single(50).map((at) => Math.sqrt(at)), single(50));
    expect(bootstrapMean(noisy, 200, seeded(4))).not.toEqual(bootstrapMean(noisy, 200, seeded(5)));
  });

  test('nothing has no mean', () => {
    expect(bootstrapMean(sumByCluster([], []), 10, seeded(1))).toEqual({ mean: Number.NaN, low: Number.NaN, high: Number.NaN });
  });
});

describe('paired comparison', () => {
  test('equal models: no difference, p = 1', () => {
    expect(comparePaired([1, 0, 1], [1, 0, 1], [0, 1, 2], 500, seeded(1))).toEqual({ difference: { mean: 0, low: 0, high: 0 }, pValue: 1 });
  });

  test('five visits all better by 1: of the 32 sign patterns two are as extreme, p near 1/16', () => {
    const { difference, pValue } = comparePaired([0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [0, 1, 2, 3, 4], 20_000, seeded(2));
    expect(difference).toEqual({ mean: 1, low: 1, high: 1 });
    expect(pValue).toBeGreaterThan(0.058);
    expect(pValue).toBeLessThan(0.067);
  });

  test('the same five differences in one visit prove nothing', () => {
    expect(comparePaired([0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [8, 8, 8, 8, 8], 100, seeded(2)).pValue).toBe(1);
  });

  test('a clear difference over many visits', () => {
    const { difference, pValue } = comparePaired(hits(100, 400), hits(200, 400), single(400), 999, seeded(3));
    expect(difference.mean).toBe(0.25);
    expect(difference.low).toBeGreaterThan(0.2);
    expect(pValue).toBe(1 / 1_000);
  });

  test('models tested on different cases cannot be compared', () => {
    expect(() => comparePaired([1], [1, 0], [0, 1], 10, seeded(1))).toThrow('1 and 2 cases');
  });
});
