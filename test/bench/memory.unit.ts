import { expect, test } from 'vitest';
import { MemoryStateStore } from '@millrace/stream/memory-state-store';
import type { ClickstreamEvent } from '@millrace/testkit/shop/wire-event';
import { LoadNotes, measureMemory, nextDayViews } from './memory.ts';

const DAY_MS = 86_400_000;
const HALF_HOUR_MS = 30 * 60_000;

function view(itemId: string, timeMs: number): ClickstreamEvent {
  return { topic: 'clickstream', key: 'u', timeMs, events: 1, payload: { eventId: itemId, timeMs, kind: 'view', channel: 'web', userId: 'u', itemId } };
}

function notesOf(items: number): LoadNotes {
  const notes = new LoadNotes();
  const load = Array.from({ length: items }, (_, i) => view(`i${i}`, 10 * DAY_MS + 1_000 - i));
  expect([...notes.passing(load)]).toEqual(load);
  return notes;
}

test('a load is noted while it passes through unchanged', () => {
  const notes = notesOf(3);
  expect([...notes.items]).toEqual(['i0', 'i1', 'i2']);
  expect(notes.lastMs).toBe(10 * DAY_MS + 1_000);
});

test('every item is viewed once on the day after the load', () => {
  const views = [...nextDayViews(notesOf(500))];
  expect(new Set(views.map(({ payload }) => payload.itemId)).size).toBe(500);
  expect(views).toHaveLength(500);
  expect(new Set(views.map(({ timeMs }) => Math.floor(timeMs / DAY_MS)))).toEqual(new Set([11]));
  expect(new Set(views.map(({ payload }) => payload.eventId)).size).toBe(500);
});

test('no two views of a user are in one session, so that no pair comes of them', () => {
  const lastByUser = new Map<string, number>();
  for (const { key, timeMs } of nextDayViews(notesOf(500))) {
    expect(timeMs - (lastByUser.get(key) ?? 0)).toBeGreaterThan(HALF_HOUR_MS);
    lastByUser.set(key, timeMs);
  }
});

test('the views come in the order of their time', () => {
  const times = [...nextDayViews(notesOf(500))].map(({ timeMs }) => timeMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test('all bytes of the shards are divided by profiles and by rows', async () => {
  const store = new MemoryStateStore();
  const head = Buffer.alloc(16, 1);
  const commit = { parentToken: null, head, deletes: [], timersSet: [], timersCancelled: [], memos: [] };
  await store.commit({ kind: 'u', number: 0 }, { ...commit, puts: [['p:a', Buffer.alloc(8)], ['p:b', Buffer.alloc(8)], ['s', Buffer.alloc(8)]] });
  await store.commit({ kind: 'i', number: 1 }, { ...commit, puts: [['r:x', Buffer.alloc(8)], ['c:x', Buffer.alloc(8)]] });
  const user = await store.memoryBytes({ kind: 'u', number: 0 });
  const item = await store.memoryBytes({ kind: 'i', number: 1 });
  expect(await measureMemory(store, 2)).toEqual({
    users: 2,
    items: 1,
    keys: user.keys + item.keys,
    bytesPerUser: user.bytes / 2,
    bytesPerItem: item.bytes,
  });
});
