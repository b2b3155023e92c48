import { describe, expect, test } from 'vitest';
import { rawTrail, recentViewed } from './selectors.ts';
import { click, FoldBench, MINUTE_MS, order, line, START_MS } from './test-events.ts';
import { dayOf } from './fold-environment.ts';

const DAY = dayOf(START_MS);

function at(minutes: number): number {
  return START_MS + minutes * MINUTE_MS;
}

describe('positions of a session', () => {
  test('a view is told with the items before it, nearest first', () => {
    const bench = new FoldBench();
    bench.foldAll(['a', 'b', 'a', 'c'].map((item, i) => click('view', item, at(i))));
    expect(bench.calls).toEqual([
      ['view', DAY, 'a', []],
      ['view', DAY, 'b', ['a']],
      ['view', DAY, 'a', ['b', 'a']],
      ['view', DAY, 'c', ['a', 'b', 'a']],
    ]);
    expect(recentViewed(bench.profile)).toEqual(['c', 'a', 'b']);
  });

  test('at most ten positions before are told, and twenty items kept', () => {
    const bench = new FoldBench();
    const items = Array.from({ length: 25 }, (_, i) => `item${i}`);
    bench.foldAll(items.map((item, i) => click('view', item, at(i))));
    expect(bench.calls.at(-1)).toEqual(['view', DAY, 'item24', items.slice(14, 24).reverse()]);
    expect(bench.profile.recents.map((item) => item.itemId)).toEqual(items.slice(5).reverse());
    expect(recentViewed(bench.profile)).toHaveLength(10);
  });

  test('a refresh takes no position and is told to nobody, but the raw trail and the repeat prior see it', () => {
    const bench = new FoldBench();
    const results = ['a', 'a', 'b', 'a'].map((item, i) => bench.fold(click('view', item, at(i))));
    expect(results.map((result) => result.list)).toEqual(['next', 'next', 'next', 'next']);
    expect(bench.profile.sessionPositions).toBe(3);
    expect(bench.profile.views).toBe(4);
    expect(bench.calls.map((call) => call[2])).toEqual(['a', 'b', 'a']);
    expect(rawTrail(bench.profile)).toEqual(['a', 'b', 'a', 'a']);
    // Before the second a: [a]; before b: [a, a]; before the last a: [b, a, a].
    expect(bench.repeatPrior.totals.slice(0, 4)).toEqual([3, 2, 1, 0]);
    expect(bench.repeatPrior.repeats.slice(0, 4)).toEqual([1, 1, 1, 0]);
  });

  test('the raw trail holds ten views however often one item was refreshed', () => {
    const bench = new FoldBench();
    bench.fold(click('view', 'z', at(0)));
    for (let i = 0; i < 14; i++) bench.fold(click('view', 'a', at(1)));
    expect(rawTrail(bench.profile)).toEqual(new Array(10).fill('a'));
    expect(bench.profile.trail[0]!.views).toBe(10);
    bench.fold(click('view', 'b', at(2)));
    expect(rawTrail(bench.profile)).toEqual(['b', ...new Array(9).fill('a')]);
  });

  test('past its cap a session gives no evidence and goes on in the profile', () => {
    const bench = new FoldBench({ sessionPositions: 3 });
    const results = ['a', 'b', 'c', 'd', 'e'].map((item, i) => bench.fold(click('view', item, at(i))));
    expect(results.map((result) => result.notes)).toEqual([[], [], [], ['session-cap'], ['session-cap']]);
    expect(results[4]!.list).toBe('next');
    expect(bench.calls).toHaveLength(3);
    expect(bench.repeatPrior.totals[0]).toBe(2);
    expect(rawTrail(bench.profile)).toEqual(['e', 'd', 'c', 'b', 'a']);
    bench.fold(click('view', 'f', at(60)));
    expect(bench.calls).toHaveLength(4);
  });
});

describe('where a session ends', () => {
  test('after more than half an hour without an event', () => {
    const bench = new FoldBench();
    bench.foldAll([click('view', 'a', at(0)), click('view', 'b', at(30))]);
    expect(bench.profile.sessions).toBe(1);
    bench.fold(click('view', 'c', at(60) + 1));
    expect(bench.profile.sessions).toBe(2);
    expect(bench.calls.at(-1)).toEqual(['view', DAY, 'c', []]);
    expect(rawTrail(bench.profile)).toEqual(['c']);
  });

  test('any click keeps it alive, and so does an order, which opens none', () => {
    const bench = new FoldBench();
    bench.foldAll([click('view', 'a', at(0)), click('search', undefined, at(25)), order([line('a')], at(50))]);
    bench.fold(click('view', 'b', at(75)));
    expect(bench.profile.sessions).toBe(1);
    bench.foldAll([order([line('a')], at(200)), click('view', 'c', at(95))]);
    expect(bench.profile.sessions).toBe(1);
    expect(bench.calls.at(-1)).toEqual(['view', DAY, 'c', ['b', 'a']]);
  });
});

describe('events out of order', () => {
  test('inside the session a late view takes the next position in the order of arrival', () => {
    const bench = new FoldBench();
    bench.foldAll([click('view', 'a', at(0)), click('view', 'c', at(10)), click('view', 'b', at(5))]);
    expect(bench.profile.sessions).toBe(1);
    expect(bench.profile.sessionLastMs).toBe(at(10));
    expect(bench.calls.at(-1)).toEqual(['view', DAY, 'b', ['c', 'a']]);
    expect(recentViewed(bench.profile)).toEqual(['b', 'c', 'a']);
  });

  test('up to a gap before its start the session grows backwards', () => {
    const bench = new FoldBench();
    bench.foldAll([click('view', 'a', at(60)), click('view', 'b', at(30)), click('view', 'c', at(0))]);
    expect(bench.profile.sessions).toBe(1);
    expect(bench.profile.sessionStartMs).toBe(at(0));
    expect(bench.profile.sessionPositions).toBe(3);
  });

  test('a straggler of an older session counts as a view without neighbours and stays out of the trail', () => {
    const bench = new FoldBench();
    bench.foldAll([click('view', 'x', at(0)), click('view', 'a', at(120)), click('view', 'b', at(121))]);
    const result = bench.fold(click('view', 's', at(60)));
    expect(result).toEqual({ notes: ['straggler'], list: 'next', orders: 0 });
    expect(bench.calls.at(-1)).toEqual(['view', DAY, 's', []]);
    expect(rawTrail(bench.profile)).toEqual(['b', 'a']);
    expect(bench.profile.sessions).toBe(2);
    expect(recentViewed(bench.profile)).toEqual(['b', 'a', 's', 'x']);
  });

  test('a straggler moves no known item and cannot push a newer one out', () => {
    const bench = new FoldBench();
    for (let i = 0; i < 20; i++) bench.fold(click('view', `item${i}`, at(100 + i)));
    const before = bench.profile.recents.map((item) => item.itemId);
    bench.foldAll([click('view', 'item3', at(0)), click('view', 'other', at(1))]);
    expect(bench.profile.recents.map((item) => item.itemId)).toEqual(before);
    expect(bench.profile.recents.find((item) => item.itemId === 'item3')!.viewedAtSec).toBe(at(103) / 1000);
  });
});
