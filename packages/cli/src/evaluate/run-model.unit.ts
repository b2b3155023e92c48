import type { NextItemModel, ScoredItem, Visit } from '@millrace/algorithms';
import { basketModelOf } from '@millrace/algorithms';
import { describe, expect, test } from 'vitest';
import type { OrderData, SessionData } from './data-set.ts';
import { runOnOrders, runOnSessions, type RunOptions } from './run-model.ts';
import { visitSimilarity } from './summary.ts';

/** Writes down what it is told, and always proposes the same. */
class Witness implements NextItemModel {
  readonly name = 'witness';
  readonly settings = {};
  readonly told: string[] = [];

  learn(visit: Visit, item: string): void {
    this.told.push(`learn ${visit.number} ${visit.items.join('')}+${item}`);
  }

  follow(visit: Visit, item: string): void {
    this.told.push(`follow ${visit.number} ${visit.items.join('')}+${item}`);
  }

  prepare(): void {
    this.told.push('prepare');
  }

  recommend(visit: Visit, timeMs: number, length: number): ScoredItem[] {
    this.told.push(`rank ${visit.number} ${visit.items.join('')} at ${timeMs}`);
    return [{ item: 'b', score: 2 }, { item: 'c', score: 1 }].slice(0, length);
  }

  forget(visit: Visit): void {
    this.told.push(`forget ${visit.number}`);
  }
}

function options(mode: RunOptions['mode'], more: Partial<RunOptions> = {}): RunOptions {
  return { mode, k: 2, seed: 1, signal: new AbortController().signal, onProgress: () => undefined, ...more };
}

const SESSIONS: SessionData = {
  kind: 'sessions',
  name: 'tiny',
  protocol: [],
  visits: [
    { items: ['a', 'b'], timesMs: [1, 3] },
    { items: ['c'], timesMs: [2] },
    { items: ['a', 'c', 'b'], timesMs: [4, 5, 6] },
  ],
  training: Int32Array.of(0, 1, 0),
  test: [2],
  leastViews: 1,
};

describe('sessions', () => {
  test('split: learn all of the training part, then only follow and rank', async () => {
    const witness = new Witness();
    const run = await runOnSessions(witness, SESSIONS, options('split'));
    expect(witness.told).toEqual([
      'learn 0 +a', 'learn 1 +c', 'forget 1', 'learn 0 a+b', 'forget 0',
      'follow 2 +a', 'prepare', 'rank 2 a at 4', 'follow 2 a+c', 'prepare', 'rank 2 ac at 5', 'follow 2 ac+b', 'forget 2',
    ]);
    expect([run.cases.values.mrr, run.cases.lengths, run.cases.clusters]).toEqual([[1 / 2, 1], [1, 2], [2, 2]]);
    // c and b are still to come after a, and both are in the list; after c only b is.
    expect(run.cases.values.precision).toEqual([1, 1 / 2]);
  });

  test('streaming: every view is ranked before it is learned, the training part too', async () => {
    const witness = new Witness();
    const run = await runOnSessions(witness, SESSIONS, options('streaming'));
    expect(witness.told.slice(0, 7)).toEqual(['learn 0 +a', 'learn 1 +c', 'forget 1', 'prepare', 'rank 0 a at 1', 'learn 0 a+b', 'forget 0']);
    expect(witness.told.filter((line) => line.startsWith('follow'))).toEqual([]);
    expect(run.cases.size).toBe(3);
  });

  test('a protocol may ask for two views before the first list', async () => {
    expect((await runOnSessions(new Witness(), { ...SESSIONS, leastViews: 2 }, options('split'))).cases.lengths).toEqual([2]);
  });

  test('Ctrl-C ends it', async () => {
    const many = { ...SESSIONS, visits: [{ items: new Array<string>(5_000).fill('a'), timesMs: new Array<number>(5_000).fill(1) }], training: new Int32Array(5_000), test: [] };
    await expect(runOnSessions(new Witness(), many, options('split', { signal: AbortSignal.abort() }))).rejects.toThrow();
  });
});

test('orders: each item is hidden once and asked for after the others, orders of one item not at all', async () => {
  const witness = new Witness();
  const data: OrderData = {
    kind: 'orders', name: 'tiny', protocol: [], trainingOrders: 1,
    orders: [{ items: ['a', 'b'], timeMs: 1 }, { items: ['q'], timeMs: 2 }, { items: ['b', 'x'], timeMs: 3 }],
  };
  const run = await runOnOrders(basketModelOf(witness), data, options('split'));
  expect(run.cases.values.hitRate).toEqual([1, 0]);
  expect(witness.told.filter((line) => line.startsWith('rank'))).toEqual(['rank -1 x at 3', 'rank -1 b at 3']);
  expect(witness.told.filter((line) => line.startsWith('learn'))).toEqual(['learn 0 +a', 'learn 0 a+b']);
});

test('items are alike as far as they are in the same visits', () => {
  const similarity = visitSimilarity({ ...SESSIONS, visits: [{ items: ['a', 'b', 'a'], timesMs: [] }, { items: ['a'], timesMs: [] }], training: Int32Array.of(0, 0, 0, 1) });
  expect(similarity('a', 'b')).toBeCloseTo(1 / Math.sqrt(2), 12);
  expect(similarity('a', 'q')).toBe(0);
});
