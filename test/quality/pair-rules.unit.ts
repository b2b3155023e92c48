import { describe, expect, test } from 'vitest';
import { BB, pairRules, UNIT } from '@millrace/algorithms';
import type { ItemRow, PairRule } from '@millrace/algorithms';
import type { PairWorld } from '@millrace/algorithms/evaluation/index';
import { linesOf, missing, nameOf } from './data-sets.ts';
import { emptyPairWorld } from './pair-world.ts';

const GROCERIES = 'groceries/groceries.csv.gz';
const DAY = 20_000;

/** Baskets with trimmed names, each item once. */
function baskets(): string[][] {
  return linesOf(GROCERIES).map((line) => [...new Set(line.split(',').map((name) => name.trim()))]);
}

function learn(orders: readonly (readonly string[])[]): PairWorld {
  const world = emptyPairWorld();
  for (const items of orders) world.basket(DAY, items);
  world.flush();
  return world;
}

/** Orders with an item (under the item alone) and with two items, counted the plain way. */
function recount(orders: readonly (readonly string[])[]): Map<string, Map<string, number>> {
  const counts = new Map<string, Map<string, number>>();
  for (const items of orders) {
    for (const a of items) {
      const row = counts.get(a) ?? new Map<string, number>();
      counts.set(a, row);
      for (const b of items) row.set(b, (row.get(b) ?? 0) + 1);
    }
  }
  return counts;
}

function countsOf(row: ItemRow): Map<string, number> {
  const counts = new Map(row.ids.map((id, slot) => [row.interner.text(id), row.counts[slot * 3 + BB]! / UNIT]));
  return counts;
}

const absent = missing(GROCERIES);

describe.skipIf(absent !== undefined)(nameOf('pair rules of the Groceries baskets', absent), () => {
  test('every pair count and every item count equals a brute-force recount', () => {
    const orders = baskets();
    const world = learn(orders);
    const expected = recount(orders);
    expect(orders.length).toBe(9_835);
    expect(expected.size).toBe(169);
    for (const [item, row] of expected) {
      const learned = world.row(item)!;
      expect(learned.nBb).toBe(row.get(item)! * UNIT);
      row.delete(item);
      expect(countsOf(learned)).toEqual(row);
    }
    expect(world.notes.capTrims).toBe(0);
  });

  test.each([
    { minSupport: 0.001, minConfidence: 0.8, rules: 0 },
    { minSupport: 0.001, minConfidence: 0.5, rules: 11 },
    { minSupport: 0.006, minConfidence: 0.25, rules: 150 },
    { minSupport: 0.01, minConfidence: 0.5, rules: 0 },
  ])('$rules rules of one item on each side at support $minSupport and confidence $minConfidence', ({ minSupport, minConfidence, rules }) => {
    const orders = baskets();
    const world = learn(orders);
    const items = new Set(orders.flat());
    const gate = { minCount: 0, minLlr: 0, minLift: 0, minSupport, minConfidence };
    const found: PairRule[] = [];
    for (const item of items) {
      found.push(...pairRules(item, world.row(item)!, (other) => world.row(other)?.nBb, orders.length * UNIT, gate));
    }
    expect(found.length).toBe(rules);
  });
});
