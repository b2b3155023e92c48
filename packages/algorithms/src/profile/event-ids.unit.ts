import { expect, test } from 'vitest';
import { DEFAULT_FOLD_PARAMETERS } from '../fold-parameters.ts';
import { forgetIds, hash40 } from './event-ids.ts';
import { click, FoldBench, START_MS } from './test-events.ts';

test('200,000 similar ids have no two equal hashes, and all five bytes are used evenly', () => {
  const seen = new Set<number>();
  let largest = 0;
  const high = new Array<number>(256).fill(0);
  const low = new Array<number>(256).fill(0);
  for (let i = 0; i < 100_000; i++) {
    for (const hash of [hash40(`event-${i}`), hash40(`00000000-0000-4000-8000-${String(i).padStart(12, '0')}`)]) {
      largest = Math.max(largest, hash);
      seen.add(hash);
      high[Math.floor(hash / 2 ** 32)]! += 1;
      low[hash % 256]! += 1;
    }
  }
  expect(seen.size).toBe(200_000);
  expect(largest).toBeLessThan(2 ** 40);
  // 781 in each, with a standard deviation of 28.
  expect(Math.min(...high, ...low)).toBeGreaterThan(600);
  expect(Math.max(...high, ...low)).toBeLessThan(960);
});

test('a hash is the same for ever: it is stored', () => {
  expect(hash40('')).toBe(944_680_560_080);
  expect(hash40('event-1')).toBe(84_489_983_067);
});

test('a clock that went back keeps the hours in order', () => {
  const bench = new FoldBench();
  bench.fold(click('view', 'a', START_MS));
  bench.clockMs = 0;
  bench.fold(click('view', 'b', START_MS - 2 * 3_600_000));
  expect(bench.profile.idHours).toEqual([START_MS / 3_600_000, START_MS / 3_600_000]);
});

test('a sweep forgets the ids of users who stay away', () => {
  const { profile } = new FoldBench().foldAll([click('view', 'a', START_MS)]);
  expect(forgetIds(profile, START_MS + 24 * 3_600_000, DEFAULT_FOLD_PARAMETERS)).toBe(false);
  expect(forgetIds(profile, START_MS + 25 * 3_600_000, DEFAULT_FOLD_PARAMETERS)).toBe(true);
  expect(profile.idHashes).toEqual([]);
  expect(profile.idHours).toEqual([]);
});
