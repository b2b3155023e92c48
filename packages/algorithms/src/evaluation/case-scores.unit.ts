import { describe, expect, test } from 'vitest';
import { CaseTable, scoreCase } from './case-scores.ts';

describe('the scores of one list, worked by hand', () => {
  test('two of three items of the rest at places 2 and 4 of 5', () => {
    const scores = scoreCase(['x', 'b', 'y', 'a', 'z'], 'a', new Set(['a', 'b', 'c']), 5);
    expect(scores.hitRate).toBe(1);
    expect(scores.mrr).toBe(1 / 4);
    expect(scores.precision).toBe(2 / 5);
    expect(scores.recall).toBe(2 / 3);
    expect(scores.f1).toBe(0.5);
    // Precision at the hits: 1/2 and 2/4; three items could have been found.
    expect(scores.map).toBeCloseTo((1 / 2 + 2 / 4) / 3, 12);
    // (1/log2 3 + 1/log2 5) / (1 + 1/log2 3 + 1/log2 4)
    expect(scores.ndcg).toBeCloseTo(0.498_189_3, 6);
  });

  test('a perfect list scores 1 in everything but what k bounds', () => {
    expect(scoreCase(['a', 'b'], 'a', new Set(['a', 'b']), 2)).toEqual({ hitRate: 1, mrr: 1, ndcg: 1, precision: 1, recall: 1, f1: 1, map: 1 });
  });

  test('an item beyond place k is not there, and an empty list scores 0', () => {
    const nothing = { hitRate: 0, mrr: 0, ndcg: 0, precision: 0, recall: 0, f1: 0, map: 0 };
    expect(scoreCase(['x', 'a'], 'a', new Set(['a']), 1)).toEqual(nothing);
    expect(scoreCase([], 'a', new Set(['a']), 20)).toEqual(nothing);
  });

  test('more items left than places: recall is bounded, map and ndcg are not', () => {
    const scores = scoreCase(['a'], 'b', new Set(['a', 'b', 'c', 'd']), 1);
    expect(scores).toMatchObject({ hitRate: 0, mrr: 0, precision: 1, recall: 0.25, map: 1, ndcg: 1 });
  });

  test('a short list is divided by k all the same', () => {
    expect(scoreCase(['a'], 'a', new Set(['a']), 20).precision).toBe(1 / 20);
  });
});

test('a table keeps cases in the order in which they came', () => {
  const table = new CaseTable();
  table.add(7, 2, scoreCase(['a'], 'a', new Set(['a']), 1));
  table.add(3, 1, scoreCase([], 'a', new Set(['a']), 1));
  expect([table.size, table.clusters, table.lengths, table.values.hitRate]).toEqual([2, [7, 3], [2, 1], [1, 0]]);
});
