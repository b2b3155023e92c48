import { expect, test } from 'vitest';
import { concentrationCurve, gini, ItemViews, listStatistics, longTail, RecommendedItems } from './list-statistics.ts';

const never = (): number => {
  throw new Error('no chance is needed while the sample has room');
};

function viewsOf(counts: Readonly<Record<string, number>>): ItemViews {
  const views = new ItemViews();
  for (const [item, count] of Object.entries(counts)) for (let view = 0; view < count; view++) views.add(item);
  return views;
}

test('Gini: all alike 0, one has all (n - 1) / n, 1 2 3 4 a quarter', () => {
  expect(gini([3, 3, 3])).toBe(0);
  expect(gini([0, 0, 0, 8])).toBe(0.75);
  expect(gini([4, 1, 3, 2])).toBe(0.25);
  expect(gini([])).toBe(0);
});

test('the long tail is all but the most viewed fifth, rounded up', () => {
  expect(longTail(viewsOf({ a: 9, b: 1, c: 5, d: 1, e: 1, f: 1 }))).toEqual(new Set(['b', 'd', 'e', 'f']));
});

test('statistics of three lists, worked by hand', () => {
  const known = viewsOf({ a: 8, b: 4, c: 2, d: 1, e: 1 });
  const recommended = new RecommendedItems(10, never);
  recommended.add(['a', 'b']);
  recommended.add(['a', 'c']);
  recommended.add(['a', 'c']);
  const statistics = listStatistics(recommended, known, (x, y) => (x === 'a' && y === 'b' ? 1 : 0.5));
  // a three times at 1 bit, b at 2 bits, c twice at 3 bits
  expect(statistics.novelty).toBeCloseTo((3 * 1 + 2 + 2 * 3) / 6, 12);
  expect(statistics.coverage).toBe(3 / 5);
  expect(statistics.diversity).toBeCloseTo((0 + 0.5 + 0.5) / 3, 12);
  expect(statistics.personalisation).toBe((0.5 + 0) / 2);
  expect(statistics.longTailShare).toBe(3 / 6);
  expect(statistics.gini).toBeCloseTo(gini([3, 1, 2, 0, 0]), 12);
});

test('a full sample exchanges a list only where chance says so', () => {
  const answers = [0.9, 0.1];
  const recommended = new RecommendedItems(1, () => answers.shift()!);
  for (const item of ['a', 'b', 'c']) recommended.add([item]);
  expect(recommended.sampled).toEqual([['c']]);
});

test('the concentration curve rises from 0 to 1 from the most recommended item on', () => {
  expect(concentrationCurve(new Map([['a', 1], ['b', 3]]), 4, 4)).toEqual([0, 0.75, 1, 1, 1]);
});
