import { MemoryStateStore } from '@millrace/stream/memory-state-store';
import type { MemoryLog } from '@millrace/stream/memory-log';
import type { WireEvent } from '@millrace/testkit/shop/index';
import { beforeAll, expect, test } from 'vitest';
import { describeValue } from '../command/output.ts';
import { fill, memoryLog, openTestWire, runUntilLagIsZero, type TestPipeline } from '../pipeline.fixture.ts';
import { inspectItem } from './inspect-item.ts';
import { inspectShard } from './inspect-shard.ts';
import { inspectUser } from './inspect-user.ts';

const SHARDS = 2;
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2020, 0, 1);

let pipeline: TestPipeline & { readonly log: MemoryLog; readonly store: MemoryStateStore };

function order(user: string, day: number, items: readonly string[]): WireEvent {
  const timeMs = START_MS + day * DAY_MS + Number(user) * 1_000;
  const lines = items.map((itemId) => ({ itemId, quantity: 1, unitPrice: 2 }));
  const payload = { eventId: `o${user}`, timeMs, kind: 'order' as const, orderId: user, userId: user, currency: 'EUR', lines };
  return { topic: 'purchases', key: user, timeMs, payload, events: lines.length };
}

/** Fourteen orders a day for two days: six with a and b, one with a alone, one with b alone, six with c. */
function* orders(): Generator<WireEvent> {
  const name = (itemId: string): WireEvent => ({
    topic: 'catalog', key: itemId, timeMs: 0, events: 0, payload: { timeMs: 0, itemId, name: `The ${itemId}` },
  });
  yield name('a');
  yield name('b');
  let user = 100;
  for (const day of [0, 1]) {
    for (let i = 0; i < 6; i++) yield order(String(user++), day, ['a', 'b']);
    yield order(String(user++), day, ['a']);
    yield order(String(user++), day, ['b']);
    for (let i = 0; i < 6; i++) yield order(String(user++), day, ['c']);
  }
}

beforeAll(async () => {
  const wire = await openTestWire(SHARDS, '');
  pipeline = { log: memoryLog(wire, SHARDS), store: new MemoryStateStore(), wire, shards: SHARDS, prefix: '' };
  await fill(pipeline, orders());
  await runUntilLagIsZero(pipeline);
});

test('an item shows its rules with every count of one day', async () => {
  const item = await inspectItem(pipeline.store, SHARDS, 'a');
  expect(item).toMatchObject({
    catalog: { name: 'The a' },
    orders: 14,
    ordersInAll: 28,
    rulesAsOf: '2020-01-02',
    bb: [{ item: 'b', name: 'The b', count: 12 }],
    places: { bestSelling: 1 },
  });
  // By hand: 12 of 28 orders have both, 14 have a, 14 have b.
  const [rule] = item!['rules'] as Record<string, number | string>[];
  expect(rule).toMatchObject({ to: 'b', count: 12, support: 12 / 28 });
  expect(rule!['confidence']).toBeCloseTo(12 / 14, 12);
  expect(rule!['lift']).toBeCloseTo(12 / 14 / (14 / 28), 12);
  expect(rule!['leverage']).toBeCloseTo(12 / 28 - (14 / 28) ** 2, 12);
  expect(rule!['conviction']).toBeCloseTo((1 - 14 / 28) / (1 - 12 / 14), 12);
});

test('a user shows the profile, and what the shard keeps beside it', async () => {
  const user = await inspectUser(pipeline.store, SHARDS, '100');
  expect(user).toMatchObject({ user: '100', profile: { orders: { count: 1 }, events: 1 } });
  expect(user!['forgottenUnlessSeenBefore']).toMatch(/^2021-02-/);
  expect(await inspectUser(pipeline.store, SHARDS, 'nobody')).toBeUndefined();
  expect(await inspectItem(pipeline.store, SHARDS, 'nothing')).toBeUndefined();
});

test('shards show where they stand', async () => {
  const shown = await Promise.all([0, 1].map((number) => inspectShard(pipeline, { kind: 'u', number })));
  const count = shown.reduce((total, shard) => total + (shard!['keys'] as Record<string, number>)['profiles']!, 0);
  expect(count).toBe(28);
  const inputs = shown.flatMap((shard) => shard!['inputs'] as { topic: string; lag: number; position: number }[]);
  expect(inputs.every(({ lag }) => lag === 0)).toBe(true);
  expect(inputs.filter(({ topic }) => topic.startsWith('purchases')).reduce((total, { position }) => total + position, 0)).toBe(28);
  const item = await inspectShard(pipeline, { kind: 'i', number: 0 });
  expect(item).toMatchObject({ shard: 'i0', journal: undefined });
  expect(await inspectShard(pipeline, { kind: 'u', number: 7 })).toBeUndefined();
});

test('values are shown as indented lines and tables', () => {
  expect(describeValue({ a: 1, list: [{ x: 1, y: 'long' }, { x: 22, z: null }], deep: { b: { c: [1, 2] } }, none: [] }).split('\n')).toEqual([
    'a:    1',
    'list:',
    '  x   y     z',
    '  1   long',
    '  22        null',
    'deep:',
    '  b:',
    '    c: 1, 2',
    'none: none',
  ]);
});
