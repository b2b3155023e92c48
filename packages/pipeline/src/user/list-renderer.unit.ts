import { ByteWriter, DEFAULT_FOLD_PARAMETERS, DEFAULT_NEIGHBOUR_CACHE_LIMITS, emptyFoldNotes, emptyRepeatPrior, encodeRow, ItemInterner, ItemRow, UNIT, VV, type RankRequest } from '@millrace/algorithms';
import { partitionOf } from '@millrace/events';
import { MemoryStateStore } from '@millrace/stream/memory-state-store';
import type { ShardId } from '@millrace/stream/state-store';
import { beforeEach, describe, expect, test } from 'vitest';
import { catalogFactsCodec } from '../item/catalog-facts.ts';
import { catalogKey, rowKey } from '../keys.ts';
import { ListRenderer } from './list-renderer.ts';

const ITEM_SHARDS = 3;
const DAY = 100;
const CATALOG_MAX_AGE_MS = 1_000;
const shardOf = (item: string): ShardId => ({ kind: 'i', number: partitionOf(item, ITEM_SHARDS) });

/** A store that counts how it is asked. */
class CountingStore extends MemoryStateStore {
  peeks = 0;
  override peek(shard: ShardId, keys: readonly string[], bytes?: number): Promise<(Buffer | null)[]> {
    this.peeks++;
    return super.peek(shard, keys, bytes);
  }
}

let store: CountingStore;
let renderer: ListRenderer;

beforeEach(async () => {
  store = new CountingStore();
  const limits = { ...DEFAULT_NEIGHBOUR_CACHE_LIMITS, catalogMaxAgeMs: CATALOG_MAX_AGE_MS, maxAvailabilities: 100 };
  renderer = new ListRenderer(store, ITEM_SHARDS, DEFAULT_FOLD_PARAMETERS, limits);
  await put('x', rowKey('x'), rowWith({ a: 9, b: 5, c: 3 }));
});

async function put(item: string, key: string, value: Buffer): Promise<void> {
  const shard = shardOf(item);
  const { head } = await store.read(shard, []);
  const token = Buffer.alloc(8, head === null ? 1 : head[0]! + 1);
  const commit = { head: token, puts: [[key, value] as const], deletes: [], timersSet: [], timersCancelled: [], memos: [] };
  await store.commit(shard, { ...commit, parentToken: head?.subarray(0, 8) ?? null });
}

function rowWith(neighbours: Readonly<Record<string, number>>): Buffer {
  const interner = new ItemInterner();
  const row = new ItemRow(interner);
  row.reach(DAY, DEFAULT_FOLD_PARAMETERS);
  row.addView(UNIT * 10, UNIT);
  for (const [item, times] of Object.entries(neighbours)) {
    row.add(VV, interner.intern(item), times * UNIT, DEFAULT_FOLD_PARAMETERS, emptyFoldNotes());
  }
  const writer = new ByteWriter();
  encodeRow(row, writer);
  return writer.take();
}

function sell(item: string, available: boolean): Promise<void> {
  return put(item, catalogKey(item), catalogFactsCodec.encode({ name: item, categoryPath: [], available }, catalogKey(item))!);
}

const request: RankRequest = { placement: 'next', recent: ['x'], rawTrail: [], day: DAY, length: 3, repeatPrior: emptyRepeatPrior() };

async function listAt(nowMs: number): Promise<string[]> {
  const [ranking] = await renderer.rank([request], nowMs);
  return ranking!.items.map(({ item }) => item);
}

describe('lists are rendered from what the item shards hold', () => {
  test('neighbours in the order of their counts', async () => {
    expect(await listAt(0)).toEqual(['a', 'b', 'c']);
  });

  test('an item that cannot be had makes room for the next, and comes back when it can be had again', async () => {
    await sell('b', false);
    expect(await listAt(0)).toEqual(['a', 'c']);
    await sell('b', true);
    expect(await listAt(CATALOG_MAX_AGE_MS)).toEqual(['a', 'c']);
    expect(await listAt(CATALOG_MAX_AGE_MS + 1)).toEqual(['a', 'b', 'c']);
    await sell('a', false);
    expect(await listAt(2 * CATALOG_MAX_AGE_MS + 2)).toEqual(['b', 'c']);
  });

  test('a second list at the same moment reads nothing again', async () => {
    await listAt(0);
    const { peeks } = store;
    await listAt(0);
    expect(store.peeks).toBe(peeks);
  });

  test('requests of several batches that wait are read for together', async () => {
    const first = renderer.rank([request], 0);
    const others = [renderer.rank([request], 0), renderer.rank([request, request], 0)];
    expect((await first)[0]!.items).toHaveLength(3);
    const [one, two] = await Promise.all(others);
    expect([one!.length, two!.length]).toEqual([1, 2]);
    expect(two![1]!.items).toEqual((await first)[0]!.items);
  });

  test('a store that cannot be read now fails those who asked, and nobody after them', async () => {
    const peek = store.peek.bind(store);
    store.peek = () => Promise.reject(new Error('away'));
    await expect(renderer.rank([request], 0)).rejects.toThrow('away');
    store.peek = peek;
    expect(await listAt(0)).toEqual(['a', 'b', 'c']);
  });
});
