import { describe, expect, test } from 'vitest';
import { DEFAULT_FOLD_PARAMETERS } from '../fold-parameters.ts';
import { UNIT } from '../pairs/decay.ts';
import { ItemInterner } from '../pairs/item-interner.ts';
import { BB, emptyFoldNotes, ItemRow } from '../pairs/item-row.ts';
import { logLikelihoodRatio, pairRule, pairRules } from './pair-rules.ts';

describe('the figures of a rule', () => {
  test('follow their definitions', () => {
    // 10 of 100 orders have both, 30 the first, 20 the second: the corrected example of algorithms.md §8.
    const rule = pairRule('a', 'c', 10, 30, 20, 100)!;
    expect(rule).toMatchObject({ from: 'a', to: 'c', count: 10, support: 0.1 });
    expect(rule.confidence).toBeCloseTo(1 / 3, 12);
    expect(rule.lift).toBeCloseTo(1 / 3 / 0.2, 12);
    expect(rule.leverage).toBeCloseTo(0.1 - 0.3 * 0.2, 12);
    expect(rule.conviction).toBeCloseTo(0.8 / (2 / 3), 12);
    expect(pairRule('a', 'c', 5, 5, 20, 100)!.conviction).toBe(Infinity);
  });

  test('the log-likelihood ratio is 0 for independent items and equals a published value', () => {
    expect(logLikelihoodRatio(6, 24, 14, 56)).toBeCloseTo(0, 9);
    // Dunning (1993), table 2: "the swiss", 110 / 2442 / 111 / 29114 occurrences.
    expect(logLikelihoodRatio(110, 2_442, 111, 29_114)).toBeCloseTo(270.72, 2);
  });

  test('are not made of counts that cannot be', () => {
    expect(pairRule('a', 'b', 6, 5, 9, 100)).toBeUndefined();
    expect(pairRule('a', 'b', 1, 60, 60, 100)).toBeUndefined();
    expect(pairRule('a', 'b', 0, 0, 5, 100)).toBeUndefined();
  });
});

describe('the rules from an item', () => {
  function rowWith(orders: number, together: Readonly<Record<string, number>>): ItemRow {
    const row = new ItemRow(new ItemInterner());
    row.reach(1, DEFAULT_FOLD_PARAMETERS);
    row.addOrder(orders * UNIT);
    for (const [item, count] of Object.entries(together)) row.add(BB, row.interner.intern(item), count * UNIT, DEFAULT_FOLD_PARAMETERS, emptyFoldNotes());
    return row;
  }

  test('pass a gate of count, likelihood ratio and lift, strongest first', () => {
    const orders: Record<string, number> = { strong: 30, 'as-strong': 30, rare: 4, common: 900, weak: 60 };
    const row = rowWith(50, { strong: 20, rare: 4, common: 46, weak: 6, 'as-strong': 20, unread: 20 });
    const rules = pairRules('a', row, (item) => (orders[item] === undefined ? undefined : orders[item] * UNIT), 1_000 * UNIT);
    expect(rules.map(({ to }) => to)).toEqual(['as-strong', 'strong']);
    expect(rules[0]).toMatchObject({ from: 'a', count: 20, support: 0.02, confidence: 0.4 });
  });
});
