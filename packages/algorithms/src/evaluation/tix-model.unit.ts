import { describe, expect, test } from 'vitest';
import { DEFAULT_FOLD_PARAMETERS } from '../fold-parameters.ts';
import { TixBasketModel, TixModel } from './tix-model.ts';

const DAY_MS = 86_400_000;
const START_MS = 20_000 * DAY_MS;
const SETTINGS = { parameters: DEFAULT_FOLD_PARAMETERS, shards: 3, shardOf: (item: string) => item.charCodeAt(0) % 3 };

function model(placement: 'next' | 'discover' = 'next'): TixModel {
  return new TixModel('tix', { placement, ...SETTINGS });
}

function walk(tix: TixModel, how: 'learn' | 'follow', number: number, letters: string, timeMs = START_MS): { number: number; items: string[] } {
  const visit = { number, items: [] as string[] };
  for (const item of letters) {
    tix[how](visit, item, timeMs);
    visit.items.push(item);
  }
  return visit;
}

function items(tix: TixModel, visit: { number: number; items: string[] }, timeMs = START_MS): string[] {
  tix.prepare();
  return tix.recommend(visit, timeMs, 20).map(({ item }) => item);
}

describe('next item', () => {
  test('what followed in an earlier visit comes first', () => {
    const tix = model();
    walk(tix, 'learn', 0, 'abc');
    walk(tix, 'learn', 1, 'abd');
    walk(tix, 'learn', 2, 'abd');
    // d followed b twice and next to it; a was before it three times, which counts half.
    expect(items(tix, walk(tix, 'follow', 3, 'b')).slice(0, 2)).toEqual(['d', 'a']);
  });

  test('what was learned just now counts in the next list', () => {
    const tix = model();
    const open = walk(tix, 'learn', 0, 'ab');
    expect(items(tix, open)).not.toContain('z');
    walk(tix, 'learn', 1, 'bz');
    expect(items(tix, open)).toContain('z');
  });

  test('following a visit teaches nothing: neither pairs nor the repeat prior', () => {
    const tix = model();
    walk(tix, 'learn', 0, 'ab');
    const prior = structuredClone(tix.world.prior);
    walk(tix, 'follow', 1, 'aqaqaq');
    expect(tix.world.prior).toEqual(prior);
    expect(items(tix, walk(tix, 'follow', 2, 'a'))).toEqual(['b', 'a']);
  });

  test('discover leaves out what was seen', () => {
    const tix = model('discover');
    walk(tix, 'learn', 0, 'abc');
    expect(items(tix, walk(tix, 'follow', 1, 'a'))).toEqual(['b', 'c']);
  });

  test('a visit that is forgotten begins anew', () => {
    const tix = model('discover');
    walk(tix, 'learn', 0, 'ab');
    const visit = walk(tix, 'follow', 1, 'a');
    tix.forget(visit);
    // Without recent items nothing but the trending ones is left.
    expect(items(tix, visit).sort()).toEqual(['a', 'b']);
  });
});

test('baskets are completed from what was bought together, without what is in them', () => {
  const tix = new TixBasketModel('tix', SETTINGS);
  tix.learn(['a', 'b', 'c'], START_MS);
  tix.learn(['a', 'b'], START_MS);
  tix.learn(['q', 'r'], START_MS);
  tix.prepare();
  expect(tix.recommend(['a'], START_MS, 2).map(({ item }) => item)).toEqual(['b', 'c']);
});
