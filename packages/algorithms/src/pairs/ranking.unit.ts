import { describe, expect, test } from 'vitest';
import { DEFAULT_FOLD_PARAMETERS } from '../fold-parameters.ts';
import { ByteWriter } from './bytes.ts';
import { UNIT } from './decay.ts';
import { ItemInterner } from './item-interner.ts';
import { encodeRow, ROW_TOTALS_BYTES } from './item-row-codec.ts';
import { BB, emptyFoldNotes, ItemRow, VB, VV } from './item-row.ts';
import { NeighbourCache } from './neighbour-cache.ts';
import { Ranker } from './ranking.ts';
import type { RankNeeds, RankRequest } from './ranking.ts';
import { emptyRepeatPrior } from './repeat-prior.ts';
import { TopLists } from './top-lists.ts';

const DAY = 20_000;
const LIMITS = { rowMaxAgeMs: 1_000, totalsMaxAgeMs: 5_000, topListsMaxAgeMs: 1_000, maxRows: 100, maxItems: 1_000 };

interface RowSpec {
  readonly day?: number;
  readonly views?: number;
  readonly purchases?: number;
  readonly orders?: number;
  readonly vv?: Readonly<Record<string, number>>;
  readonly vb?: Readonly<Record<string, number>>;
  readonly bb?: Readonly<Record<string, number>>;
}

/** The encoded value of a row; totals in events, neighbours in units. */
function rowBytes(spec: RowSpec): Buffer {
  const interner = new ItemInterner();
  const row = new ItemRow(interner);
  row.reach(spec.day ?? DAY, DEFAULT_FOLD_PARAMETERS);
  row.addView((spec.views ?? 1) * UNIT, 0);
  row.addPurchase((spec.purchases ?? 0) * UNIT);
  row.addOrder((spec.orders ?? 0) * UNIT);
  for (const [table, neighbours] of [[VV, spec.vv], [VB, spec.vb], [BB, spec.bb]] as const) {
    for (const [item, units] of Object.entries(neighbours ?? {})) row.add(table, interner.intern(item), units, DEFAULT_FOLD_PARAMETERS, emptyFoldNotes());
  }
  const writer = new ByteWriter();
  encodeRow(row, writer);
  return writer.take();
}

function world(rows: Readonly<Record<string, RowSpec>>, trending: Readonly<Record<string, number>> = {}): { cache: NeighbourCache; ranker: Ranker } {
  const cache = new NeighbourCache(1, DEFAULT_FOLD_PARAMETERS, LIMITS);
  cache.beginBatch(10_000);
  for (const [item, spec] of Object.entries(rows)) cache.putRow(item, rowBytes(spec));
  cache.putTopLists(0, topListBytes(trending));
  return { cache, ranker: new Ranker(cache) };
}

function topListBytes(trending: Readonly<Record<string, number>>): Buffer {
  const interner = new ItemInterner();
  const lists = new TopLists(interner);
  for (const [item, views] of Object.entries(trending)) {
    const row = new ItemRow(interner);
    row.reach(DAY, DEFAULT_FOLD_PARAMETERS);
    row.addView(views * UNIT, views * UNIT);
    lists.touch(interner.intern(item), row, DEFAULT_FOLD_PARAMETERS);
  }
  return lists.encode();
}

function request(part: Partial<RankRequest>): RankRequest {
  return { placement: 'next', recent: [], rawTrail: [], day: DAY, length: 20, repeatPrior: emptyRepeatPrior(), ...part };
}

const names = (list: readonly { readonly item: string }[]): string[] => list.map(({ item }) => item);

describe('the score', () => {
  const rows = {
    x: { views: 4, vv: { y: 5_040, z: 2_520 } },
    w: { views: 9, vv: { z: 5_040 } },
    y: { views: 16 },
    z: { views: 1 },
  };

  test('is Σ E[k]·F / (√n[x] · n[y]^¼), normalised to a sum of 1', () => {
    const { items } = world(rows).ranker.rank(request({ recent: ['x', 'w'] }));
    const root = (n: number): number => Math.sqrt(n * UNIT);
    const y = 5_040 / (root(4) * Math.sqrt(root(16)));
    const zFromX = 2_520 / (root(4) * Math.sqrt(root(1)));
    const zFromW = (0.6065306597126334 * 5_040) / (root(9) * Math.sqrt(root(1)));
    const all = y + zFromX + zFromW;
    expect(names(items)).toEqual(['z', 'y']);
    expect(items[0]!.score).toBeCloseTo((zFromX + zFromW) / all, 12);
    expect(items[1]!.score).toBeCloseTo(y / all, 12);
    expect(items[0]!.q).toBe(Math.round(items[0]!.score * 1e9));
  });

  test('names the item that gave the most, with its part', () => {
    const { items } = world(rows).ranker.rank(request({ recent: ['x', 'w'] }));
    const z = items[0]!;
    expect(z.because).toHaveLength(1);
    expect(z.because[0]).toMatchObject({ kind: 'item', item: 'x' });
    const fromX = 2_520 / 2;
    const fromW = (0.6065306597126334 * 5_040) / 3;
    expect(z.because[0]!.weight / z.score).toBeCloseTo(fromX / (fromX + fromW), 12);
  });

  test('gets the repeat prior of every raw view of an item, also of one that is nobody’s neighbour', () => {
    const repeatPrior = { ...emptyRepeatPrior(), repeats: [3, 0, 1, 0, 0, 0, 0, 0, 0, 0], totals: new Array<number>(10).fill(10) };
    const { items } = world(rows).ranker.rank(request({ recent: ['v', 'x'], rawTrail: ['v', 'x', 'v'], repeatPrior }));
    const v = items.find(({ item }) => item === 'v')!;
    expect(v.score).toBeCloseTo(0.4, 12);
    expect(v.because).toEqual([{ kind: 'repeat', item: 'v', weight: expect.closeTo(0.4, 12) as number }]);
  });

  test('lists the greatest reason first', () => {
    const repeatPrior = { ...emptyRepeatPrior(), repeats: [9, 1, 0, 0, 0, 0, 0, 0, 0, 0], totals: new Array<number>(10).fill(10) };
    const kinds = (rawTrail: string[]): string[] =>
      world({ x: { vv: { y: 1 } }, y: { vv: { x: 1 } } })
        .ranker.rank(request({ recent: ['x', 'y'], rawTrail, repeatPrior }))
        .items.find(({ item }) => item === 'y')!
        .because.map(({ kind }) => kind);
    expect(kinds(['y', 'x'])).toEqual(['repeat', 'item']);
    expect(kinds(['x', 'y'])).toEqual(['item', 'repeat']);
  });

  test('takes ties in the order of UTF-8 bytes', () => {
    // In UTF-16 the emoji (a surrogate pair) would come before U+FFFD.
    const { items } = world({ x: { vv: { '\u{1F600}': 5, '\uFFFD': 5, b: 5, ab: 5, a: 5 } } }).ranker.rank(request({ recent: ['x'] }));
    expect(names(items)).toEqual(['a', 'ab', 'b', '\uFFFD', '\u{1F600}']);
  });

  test('ages rows and totals to the day of the event', () => {
    const rowsOfOtherDays = { x: { day: 20_009, views: 4, vv: { y: 5_040 } }, w: { day: 20_011, views: 4, vv: { z: 5_040 } }, y: {}, z: {} };
    // 20,010 is a decay boundary: F[x][y] and n[x] shrink by 55109/65536, and √n less than F.
    const { items } = world(rowsOfOtherDays).ranker.rank(request({ recent: ['x', 'w'], day: 20_011 }));
    const aged = Math.floor((5_040 * 55_109) / 65_536) / Math.sqrt(Math.floor((4 * UNIT * 55_109) / 65_536));
    const now = (0.6065306597126334 * 5_040) / Math.sqrt(4 * UNIT);
    expect(items[0]!.score / items[1]!.score).toBeCloseTo(aged / now, 9);
  });
});

describe('placements', () => {
  test('next may repeat what was seen, discover may not', () => {
    const { ranker } = world({ x: { vv: { y: 9, z: 5 } }, y: { vv: { x: 9 } } });
    const repeatPrior = { ...emptyRepeatPrior(), repeats: new Array<number>(10).fill(1), totals: new Array<number>(10).fill(2) };
    const seen = { recent: ['x', 'y'], rawTrail: ['x', 'y'], repeatPrior };
    expect(names(ranker.rank(request(seen)).items)).toEqual(['y', 'x', 'z']);
    expect(names(ranker.rank(request({ ...seen, placement: 'discover' })).items)).toEqual(['z']);
  });

  test('after-purchase goes from bought together to viewed then bought, and never shows the order itself', () => {
    const { ranker } = world({ a: { orders: 2, bb: { b: 5_040, c: 5_040 }, vb: { d: 5_040, c: 5_040 } }, r: { vb: { e: 99 } }, b: { bb: { a: 5_040 } } });
    const { items } = ranker.rank(request({ placement: 'after-purchase', basket: ['a', 'b'], recent: ['r'], rawTrail: ['r'] }));
    expect(names(items)).toEqual(['c', 'd', 'e']);
    expect(items[0]!.because[0]).toMatchObject({ kind: 'item', item: 'a' });
    expect(items[2]!.because[0]).toMatchObject({ kind: 'item', item: 'r' });
  });

  test('a short list goes on two hops away, then with what is trending, with scores that never grow', () => {
    const { ranker } = world({ x: { vv: { y: 9 } }, y: { vv: { z: 9, x: 5 } } }, { t: 7, z: 9, u: 8 });
    const { items } = ranker.rank(request({ recent: ['x'] }));
    expect(names(items)).toEqual(['y', 'z', 'x', 'u', 't']);
    expect(items.map(({ because }) => because[0]!.kind)).toEqual(['item', 'two_hops', 'two_hops', 'trending', 'trending']);
    expect(items[1]!.because[0]!.item).toBe('x');
    expect(items[3]!.because[0]!.item).toBeUndefined();
    const scores = items.map(({ score }) => score);
    expect([...scores].sort((a, b) => b - a)).toEqual(scores);
  });

  test('leaves out what is excluded or not available and cuts to the length', () => {
    const { ranker } = world({ x: { vv: { a: 9, b: 8, c: 7, d: 6, e: 5 } } });
    const asked: string[] = [];
    const isAvailable = (item: string): boolean => asked.push(item) > 0 && item !== 'b';
    const { items } = ranker.rank(request({ recent: ['x'], exclude: ['a'], isAvailable, length: 2 }));
    expect(names(items)).toEqual(['c', 'd']);
    expect(asked).not.toContain('a');
  });

  test('nothing known gives an empty list', () => {
    expect(world({}).ranker.rank(request({ recent: ['x'] }))).toEqual({ items: [], countsAgeMs: 10_000 });
    expect(world({}).ranker.rank(request({}))).toEqual({ items: [], countsAgeMs: -1 });
  });
});

describe('what must be read first', () => {
  const stored: Record<string, RowSpec> = { x: { vv: { y: 9 } }, y: { vv: { z: 9 } }, z: {} };

  /** Answers every need from `stored` until nothing is asked any more; returns the questions. */
  function serve(cache: NeighbourCache, ranker: Ranker, asked: RankRequest): RankNeeds[] {
    const rounds: RankNeeds[] = [];
    for (;;) {
      const needs: RankNeeds = { rows: [], totals: [] };
      const complete = ranker.tryRank(asked, needs) !== undefined;
      if (needs.rows.length + needs.totals.length === 0) {
        expect(complete).toBe(true);
        return rounds;
      }
      expect(complete).toBe(false);
      rounds.push(needs);
      const bytesOf = (item: string): Buffer | null => (stored[item] === undefined ? null : rowBytes(stored[item]));
      for (const item of needs.rows) cache.putRow(item, bytesOf(item));
      for (const item of needs.totals) cache.putTotals(item, bytesOf(item)?.subarray(0, ROW_TOTALS_BYTES) ?? null);
    }
  }

  test('rows, then totals of their neighbours, then for a short list rows and totals two hops away', () => {
    const { cache, ranker } = world({});
    expect(serve(cache, ranker, request({ recent: ['x', 'unknown'] }))).toEqual([
      { rows: ['x', 'unknown'], totals: [] },
      { rows: [], totals: ['y'] },
      { rows: ['y'], totals: [] },
      { rows: [], totals: ['z'] },
    ]);
    expect(names(ranker.rank(request({ recent: ['x', 'unknown'] })).items)).toEqual(['y', 'z']);
  });

  test('is asked again when it has grown too old, totals later than rows', () => {
    const { cache, ranker } = world({});
    serve(cache, ranker, request({ recent: ['x'] }));
    cache.beginBatch(11_000);
    expect(serve(cache, ranker, request({ recent: ['x'] }))).toEqual([]);
    cache.beginBatch(11_001);
    expect(serve(cache, ranker, request({ recent: ['x'] }))).toEqual([
      { rows: ['x'], totals: [] },
      { rows: ['y'], totals: [] },
    ]);
    expect(ranker.rank(request({ recent: ['x'] })).countsAgeMs).toBe(0);
  });

  test('totals that have changed damp as they are now', () => {
    const { cache, ranker } = world({ x: { vv: { y: 9, z: 8 } }, y: {}, z: {} });
    expect(names(ranker.rank(request({ recent: ['x'] })).items)).toEqual(['y', 'z']);
    cache.putTotals('y', rowBytes({ views: 100 }).subarray(0, ROW_TOTALS_BYTES));
    expect(names(ranker.rank(request({ recent: ['x'] })).items)).toEqual(['z', 'y']);
  });

  test('is asked once in a batch, however many requests want it', () => {
    const { ranker } = world({});
    const needs: RankNeeds = { rows: [], totals: [] };
    expect(ranker.tryRank(request({ recent: ['x'] }), needs)).toBeUndefined();
    expect(ranker.tryRank(request({ recent: ['x'] }), needs)).toBeUndefined();
    expect(needs.rows).toEqual(['x']);
  });

  test('a row that has changed is ranked as it is now', () => {
    const { cache, ranker } = world(stored);
    expect(names(ranker.rank(request({ recent: ['x'], length: 2 })).items)).toEqual(['y', 'z']);
    cache.putRow('x', rowBytes({ vv: { y: 9, w: 99 } }));
    expect(names(ranker.rank(request({ recent: ['x'], length: 2 })).items)).toEqual(['w', 'y']);
    cache.putRow('x', rowBytes({ vv: { v: 99, w: 9 } }));
    expect(names(ranker.rank(request({ recent: ['x'], length: 2 })).items)).toEqual(['v', 'w']);
    cache.putRow('x', null);
    expect(names(ranker.rank(request({ recent: ['x'], length: 2 })).items)).toEqual([]);
  });

  test('stays within its bounds: the rows read longest ago go first, and too many ids start it anew', () => {
    const limits = { ...LIMITS, maxRows: 2, maxItems: 6 };
    const cache = new NeighbourCache(1, DEFAULT_FOLD_PARAMETERS, limits);
    cache.beginBatch(0);
    for (const item of ['a', 'b', 'c']) cache.putRow(item, rowBytes({}));
    cache.putRow('a', rowBytes({}));
    cache.beginBatch(1);
    const held = (): string[] => ['a', 'b', 'c'].filter((item) => cache.neighbours(cache.interner.intern(item), VV, DAY) !== undefined);
    expect(held()).toEqual(['a', 'c']);
    cache.putRow('a', rowBytes({ vv: { p: 1, q: 1, r: 1, s: 1 } }));
    expect(held()).toEqual(['a', 'c']);
    cache.beginBatch(2);
    expect(cache.interner.size).toBe(0);
    expect(cache.topListsNeeded()).toEqual([0]);
    expect(held()).toEqual([]);
  });
});
