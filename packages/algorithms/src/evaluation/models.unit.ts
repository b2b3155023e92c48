import { describe, expect, test } from 'vitest';
import { basketModelOf, type NextItemModel } from './next-item-model.ts';
import { PopularityModel } from './popularity-model.ts';
import { RecentModel } from './recent-model.ts';
import { AssociationRulesModel, ItemKnnModel, SequentialRulesModel } from './rule-models.ts';
import { SessionKnnModel } from './session-knn-model.ts';

/** Teaches whole visits, a letter an item; times go up with every view. */
function taught<M extends NextItemModel>(model: M, ...visits: readonly string[]): M {
  let timeMs = 0;
  visits.forEach((letters, number) => {
    const visit = { number, items: [] as string[] };
    for (const item of letters) {
      model.learn(visit, item, (timeMs += 1));
      visit.items.push(item);
    }
    model.forget(visit);
  });
  return model;
}

function list(model: NextItemModel, prefix: string, length = 20): Record<string, number> {
  const visit = { number: -1, items: [...prefix] };
  return Object.fromEntries(model.recommend(visit, 1_000, length).map(({ item, score }) => [item, score]));
}

test('popularity: by views, whatever the visit', () => {
  const model = taught(new PopularityModel(), 'abc', 'bc', 'c');
  expect(list(model, 'a')).toEqual({ c: 3, b: 2, a: 1 });
  expect(Object.keys(list(model, 'a', 2))).toEqual(['c', 'b']);
});

test('popularity keeps its order when an item passes many others of its count', () => {
  const model = taught(new PopularityModel(), 'abcdef', 'f', 'e', 'f');
  expect(Object.entries(list(model, ''))).toEqual(expect.arrayContaining([['f', 3], ['e', 2], ['a', 1], ['b', 1], ['c', 1], ['d', 1]]));
  expect(Object.values(list(model, ''))).toEqual([3, 2, 1, 1, 1, 1]);
});

test('recent: last viewed first, each item once', () => {
  expect(Object.keys(list(taught(new RecentModel(), 'abca'), ''))).toEqual(['a', 'c', 'b']);
});

describe('rules look at the last item', () => {
  test('association rules count both directions and every pair of views, a refresh with itself too', () => {
    const model = taught(new AssociationRulesModel(), 'aba', 'ac');
    // a–b: two pairs of views; a–a: one pair, counted from both ends; a–c: one.
    expect(list(model, 'xa')).toEqual({ a: 2, b: 2, c: 1 });
    expect(list(model, 'c')).toEqual({ a: 1 });
  });

  test('pruning keeps the heaviest, of equal ones those that came first, and then orders by id', () => {
    expect(Object.keys(list(taught(new AssociationRulesModel(2), 'az', 'ab', 'ac'), 'a'))).toEqual(['b', 'z']);
  });

  test('sequential rules count forward, by distance, up to a number of steps', () => {
    const model = taught(new SequentialRulesModel(2, 'quadratic'), 'abcd');
    expect(list(model, 'a')).toEqual({ b: 1, c: 1 / 4 });
    expect(list(model, 'd')).toEqual({});
    expect(list(taught(new SequentialRulesModel(2, 'div'), 'abcd'), 'b')).toEqual({ c: 1, d: 1 / 2 });
  });

  test('item-kNN divides by the roots of the damped supports and leaves the item itself out', () => {
    const model = taught(new ItemKnnModel(100, 20), 'aab', 'ac');
    const scores = list(model, 'a');
    expect(Object.keys(scores)).toEqual(['b', 'c']);
    expect(scores['b']).toBeCloseTo(2 / Math.sqrt(23 * 21), 12);
    expect(scores['c']).toBeCloseTo(1 / Math.sqrt(23 * 21), 12);
  });

  test('nothing is known after an item that nobody viewed', () => {
    expect(list(taught(new AssociationRulesModel(), 'ab'), 'q')).toEqual({});
  });
});

describe('neighbours among visits', () => {
  test('S-kNN: cosine of the sets, summed over the neighbours', () => {
    const model = taught(new SessionKnnModel('s-knn', { k: 10, sample: 10, similarity: 'cosine', score: 'same', idfWeight: 0 }), 'ab', 'abcd', 'xy');
    const scores = list(model, 'ab');
    // 2/√2·√2 for the first visit and 2/√4·√2 for the second.
    expect(scores['a']).toBeCloseTo(2 + Math.SQRT2, 12);
    expect(scores['c']).toBeCloseTo(Math.SQRT2, 12);
    expect(scores['x']).toBeUndefined();
  });

  test('V-S-kNN: place weights, step of the newest common item, idf', () => {
    const model = taught(new SessionKnnModel('vs-knn', { k: 10, sample: 10, similarity: 'quadratic', score: 'div', idfWeight: 5 }), 'ac', 'bd', 'zz');
    const scores = list(model, 'ab');
    const idf = Math.log(3);
    // The first shares a, viewed two steps ago at place 1 of 2; the second shares b, just viewed.
    expect(scores['c']).toBeCloseTo((0.25 / 2) * (1 / 2) * (1 + 5 * idf), 12);
    expect(scores['d']).toBeCloseTo((1 / 2) * (1 + 5 * idf), 12);
  });

  test('only the most recent visits are looked at, and only the k nearest vote', () => {
    const settings = { similarity: 'same', score: 'same', idfWeight: 0 } as const;
    expect(list(taught(new SessionKnnModel('m', { ...settings, k: 10, sample: 1 }), 'ab', 'ac'), 'a')).toEqual({ a: 1, c: 1 });
    expect(list(taught(new SessionKnnModel('m', { ...settings, k: 1, sample: 10 }), 'abx', 'ac'), 'ab')).toEqual({ a: 1, b: 1, x: 1 });
  });

  test('votes that are not positive have no place: the linear weight of a step is 0 at the tenth and negative after it', () => {
    const model = taught(new SessionKnnModel('m', { k: 10, sample: 10, similarity: 'same', score: 'linear', idfWeight: 0 }), 'ax');
    expect(list(model, 'a12345678')['x']).toBeCloseTo(0.1 / 9, 12);
    expect(list(model, 'a123456789')).toEqual({});
    expect(list(model, 'a123456789bcd')).toEqual({});
  });

  test('a visit that is still open is no neighbour of itself', () => {
    const model = new SessionKnnModel('m', { k: 10, sample: 10, similarity: 'same', score: 'same', idfWeight: 0 });
    const visit = { number: 4, items: [] as string[] };
    for (const item of 'ab') {
      model.learn(visit, item, 1);
      visit.items.push(item);
    }
    expect(model.recommend(visit, 2, 20)).toEqual([]);
    expect(list(model, 'a')).toEqual({ a: 1, b: 1 });
  });
});

test('a model of the next item completes baskets without what is in them', () => {
  const model = basketModelOf(new PopularityModel());
  model.learn(['a', 'b'], 1);
  model.learn(['b', 'c'], 2);
  expect(model.recommend(['b'], 3, 2).map(({ item }) => item).sort()).toEqual(['a', 'c']);
});
