import { describe, expect, test } from 'vitest';
import { DAY_MS } from './fold-environment.ts';
import { Profile } from './profile.ts';
import { periodicity, usualHour } from './rhythm.ts';
import { click, FoldBench, line, order, START_MS } from './test-events.ts';

const HOUR_MS = 3_600_000;

function profileOfHours(hours: Readonly<Record<number, number>>): Profile {
  const profile = new Profile();
  profile.hourCounts = Array.from({ length: 24 }, (_, hour) => hours[hour] ?? 0);
  return profile;
}

describe('usual hour', () => {
  test('is the circular mean, across midnight too', () => {
    expect(usualHour(profileOfHours({ 23: 5, 1: 5 }))).toMatchObject({ hour: 0, count: 10 });
    // cos 15° = .9659: two hours around midnight point almost the same way.
    expect(usualHour(profileOfHours({ 23: 5, 1: 5 }))!.resultant).toBeCloseTo(0.9659258, 6);
    for (let hour = 0; hour < 24; hour++) {
      expect(usualHour(profileOfHours({ [hour]: 8 }))).toEqual({ hour, resultant: expect.closeTo(1, 12), count: 8 });
    }
  });

  test('is not shown below eight hours or without a habit', () => {
    expect(usualHour(profileOfHours({ 9: 7 }))).toBeUndefined();
    expect(usualHour(profileOfHours({ 3: 10, 15: 10 }))).toBeUndefined();
    // Six against two: a resultant of exactly one half is not above it.
    expect(usualHour(profileOfHours({ 0: 6, 12: 2 }))).toBeUndefined();
    expect(usualHour(new Profile())).toBeUndefined();
  });

  test('an hour counts once however much happens in it, a weekday once a day', () => {
    const bench = new FoldBench();
    for (let i = 0; i < 5; i++) bench.fold(click('view', `i${i}`, START_MS + i));
    bench.fold(click('view', 'x', START_MS + 2 * HOUR_MS));
    bench.fold(click('view', 'y', START_MS + 1 * HOUR_MS));
    bench.fold(click('view', 'z', START_MS + 7 * DAY_MS));
    expect(bench.profile.hourCounts.map((n, hour) => [hour, n]).filter(([, n]) => n! > 0)).toEqual([[9, 2], [11, 1]]);
    expect(bench.profile.weekdayCounts).toEqual([2, 0, 0, 0, 0, 0, 0]);
  });

  test('a full circle is halved', () => {
    const bench = new FoldBench();
    bench.fold(click('view', 'a', START_MS + 2 * HOUR_MS));
    for (let day = 1; day <= 128; day++) bench.fold(click('view', 'a', START_MS + day * DAY_MS));
    expect(bench.profile.hourCounts[9]).toBe(64);
    expect(bench.profile.hourCounts[11]).toBe(0);
  });
});

describe('periodic buyer', () => {
  function buyerOfGaps(gaps: readonly number[]): Profile {
    const bench = new FoldBench();
    let day = 0;
    bench.fold(order([line('a')], START_MS));
    for (const gap of gaps) bench.fold(order([line('a')], START_MS + (day += gap) * DAY_MS));
    return bench.profile;
  }

  test('needs three gaps that vary little; the next purchase is the last and the median gap', () => {
    expect(periodicity(buyerOfGaps([7, 7]))).toBeUndefined();
    expect(periodicity(buyerOfGaps([7, 7, 7]))).toEqual({
      medianGapDays: 7, variation: 0, nextPurchaseMs: START_MS + 28 * DAY_MS,
    });
    expect(periodicity(buyerOfGaps([6, 8, 7, 10]))!.medianGapDays).toBe(7.5);
  });

  test('the limit is a coefficient of variation of .35', () => {
    expect(periodicity(buyerOfGaps([65, 135, 65, 135]))!.variation).toBeCloseTo(0.35, 10);
    expect(periodicity(buyerOfGaps([64, 136, 64, 136]))).toBeUndefined();
  });
});
