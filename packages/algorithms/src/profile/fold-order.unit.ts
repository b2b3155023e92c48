import { describe, expect, test } from 'vitest';
import { DAY_MS, dayOf } from './fold-environment.ts';
import { bgNbdStatistics, monetaryMinor, returnShare } from './selectors.ts';
import { click, FoldBench, line, MINUTE_MS, order, START_MS } from './test-events.ts';

const DAY = dayOf(START_MS);

describe('evidence of an order', () => {
  test('is from the items viewed in the seven days before, newest first, to its distinct items', () => {
    const bench = new FoldBench();
    bench.foldAll([
      click('view', 'old', START_MS - 7 * DAY_MS - 1_000),
      click('view', 'edge', START_MS - 7 * DAY_MS),
      click('view', 'a', START_MS - MINUTE_MS),
      click('view', 'b', START_MS - 1_000),
    ]);
    bench.calls.length = 0;
    const result = bench.fold(order([line('a'), line('c'), line('a')], START_MS));
    expect(result).toEqual({ notes: [], list: 'after-purchase', orders: 1 });
    expect(bench.calls).toEqual([
      ['bought', DAY, ['b', 'a', 'edge'], ['a', 'c']],
      ['basket', DAY, ['a', 'c']],
    ]);
  });

  test('does not name what was viewed after it', () => {
    const bench = new FoldBench();
    bench.fold(click('view', 'later', START_MS + MINUTE_MS));
    bench.fold(order([line('a')], START_MS));
    expect(bench.calls[1]).toEqual(['bought', DAY, [], ['a']]);
    expect(bench.calls[2]).toEqual(['basket', DAY, ['a']]);
  });

  test('takes the first 32 distinct items for the basket, all of them as bought', () => {
    const bench = new FoldBench();
    const items = Array.from({ length: 40 }, (_, i) => `item${i}`);
    expect(bench.fold(order(items.map((item) => line(item)), START_MS)).notes).toEqual(['basket-cap']);
    expect(bench.calls).toEqual([['bought', DAY, [], items], ['basket', DAY, items.slice(0, 32)]]);
  });

  test('there is none without a line', () => {
    const bench = new FoldBench();
    expect(bench.fold(order([], START_MS))).toEqual({ notes: ['no-lines'], list: undefined, orders: 0 });
    expect(bench.fold(order([], START_MS, { type: 'return' })).notes).toEqual(['no-lines']);
    expect(bench.calls).toEqual([]);
    expect(bench.profile.orders).toBeUndefined();
  });
});

describe('what orders leave in the profile', () => {
  test('sums, discounts, coupons, marks on the items', () => {
    const bench = new FoldBench();
    bench.foldAll([click('view', 'a', START_MS), click('cart_added', 'a', START_MS)]);
    expect(bench.profile.recents[0]!.carted).toBe(true);
    bench.fold(order([line('a', { quantity: 3, discountMinor: 500 }), line('b')], START_MS, { coupon: 'X' }));
    bench.fold(order([line('c', { discountMinor: 5_000 })], START_MS + 1));
    const { gaps, firstMs, lastMs, ...counts } = bench.profile.orders!;
    expect(counts).toEqual({ count: 2, days: 1, spendMinor: 3_500, items: 5, discountMinor: 5_500, discounted: 2, coupons: 1 });
    expect([gaps.count, firstMs, lastMs]).toEqual([0, START_MS, START_MS + 1]);
    expect(bench.profile.recents[0]).toMatchObject({ itemId: 'a', carted: false, purchased: true });
  });

  test('gaps are counted between days with an order; an order that comes late makes none', () => {
    const bench = new FoldBench();
    for (const day of [10, 10, 13, 20]) bench.fold(order([line('a')], START_MS + day * DAY_MS));
    expect(bench.profile.orders!.gaps).toEqual({ count: 2, sumDays: 10, sumSquaredDays: 58, lastDays: [3, 7] });
    bench.fold(order([line('a')], START_MS + 15 * DAY_MS));
    expect(bench.profile.orders).toMatchObject({ count: 5, days: 3 });
    bench.fold(order([line('a')], START_MS + 2 * DAY_MS));
    expect(bench.profile.orders).toMatchObject({ days: 4, firstMs: START_MS + 2 * DAY_MS });
    expect(bench.profile.orders!.gaps.count).toBe(2);
    for (let i = 1; i <= 10; i++) bench.fold(order([line('a')], START_MS + (20 + i) * DAY_MS));
    expect(bench.profile.orders!.gaps.lastDays).toEqual(new Array(8).fill(1));
    expect(bgNbdStatistics(bench.profile, START_MS + 40 * DAY_MS)).toEqual({
      repeatOrderDays: 13, lastOrderAgeDays: 28, customerAgeDays: 38, spendMinor: 16_000,
    });
  });

  test('a return takes money back and nothing else', () => {
    const bench = new FoldBench();
    bench.fold(order([line('a', { quantity: 4 })], START_MS));
    bench.calls.length = 0;
    const result = bench.fold(order([line('a')], START_MS + DAY_MS, { type: 'return' }));
    expect(result).toEqual({ notes: [], list: undefined, orders: 0 });
    expect(bench.calls).toEqual([]);
    expect(bench.profile.orders!.count).toBe(1);
    expect(bench.profile.activityDays).toBe(1);
    expect(monetaryMinor(bench.profile)).toBe(3_000);
    expect(returnShare(bench.profile)).toBe(0.25);
  });

  test('what was never told is not zero', () => {
    const bench = new FoldBench();
    bench.fold(order([line('a')], START_MS, { type: 'return' }));
    expect(monetaryMinor(bench.profile)).toBeUndefined();
    expect(returnShare(bench.profile)).toBeUndefined();
    expect(bgNbdStatistics(bench.profile, START_MS)).toBeUndefined();
  });

  test('sums stay at the largest exact number', () => {
    const bench = new FoldBench();
    const dear = line('a', { quantity: 10_000, unitPriceMinor: 100_000_000_000 });
    for (let i = 0; i < 12; i++) bench.fold(order([dear], START_MS + i));
    expect(bench.profile.orders!.spendMinor).toBe(Number.MAX_SAFE_INTEGER);
  });
});
