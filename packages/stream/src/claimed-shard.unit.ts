import { beforeEach, describe, expect, test } from 'vitest';
import type { InputRecord } from './aligned-merge.ts';
import { ClaimedShard, FoldFailed } from './claimed-shard.ts';
import { CountingStream, type CountedEvent, type CountedUser } from './counting-stream.fixture.ts';
import { MemoryStateStore } from './memory-state-store.ts';
import { silentObserver } from './observer.ts';
import { encodeHead, type ShardPosition } from './shard-head.ts';
import type { ShardId } from './state-store.ts';

const SHARD: ShardId = { kind: 'u', number: 3 };
const GENESIS: ShardPosition = {
  token: Buffer.from('genesis_'),
  incarnation: Buffer.from('genesis_'),
  journalOffset: 0,
  positions: [0, 0],
  clockMs: 0,
};
const LIVE = { coalesced: false, isRedo: false, omissions: [] };

let store: MemoryStateStore;
let commits: number;
let shard: ClaimedShard<CountedEvent>;

beforeEach(async () => {
  store = new MemoryStateStore();
  commits = 0;
  await store.commit(SHARD, {
    parentToken: null,
    head: encodeHead(GENESIS),
    puts: [],
    deletes: [],
    timersSet: [],
    timersCancelled: [],
    memos: [],
  });
  shard = claim();
});

function claim(owner?: string): ClaimedShard<CountedEvent> {
  const parts = { handler: new CountingStream(), store, observer: silentObserver, limitEntities: 100, owner };
  return new ClaimedShard<CountedEvent>(parts, SHARD, GENESIS);
}

function batchOf(...events: readonly (CountedEvent | 'broken')[]): InputRecord<CountedEvent>[] {
  const handler = new CountingStream();
  return events.map((event, offset) => {
    const value = Buffer.from(event === 'broken' ? event : JSON.stringify(event));
    const record = { offset, timestampMs: 0, key: null, value, headers: undefined };
    return { input: 0, record, decoded: handler.decode(0, record) };
  });
}

async function fold(records: InputRecord<CountedEvent>[], mode: Parameters<typeof shard.fold>[1] = LIVE): Promise<string[]> {
  await shard.load(records);
  shard.fold(records, mode);
  const said = shard.announcements({ journalOffset: commits + 1, incarnation: GENESIS.incarnation });
  await shard.commit(Buffer.from(`commit_${commits++}`), commits, [records.length, 0]);
  return said.filter(({ topic }) => topic === 'said').map((append) => append.records[0]!.value!.toString());
}

async function storedUser(user: string): Promise<CountedUser | null> {
  const { values } = await store.read(SHARD, [`u:${user}`]);
  return values[0] === null ? null : (JSON.parse(values[0]!.toString()) as CountedUser);
}

describe('timers', () => {
  test('fire before the record that moves the clock to them, in the order of due time and name', async () => {
    await fold(batchOf({ user: 'b', timeMs: 1, dueMs: 20 }, { user: 'a', timeMs: 2, dueMs: 20 }, { user: 'c', timeMs: 3, dueMs: 10 }));
    expect(await fold(batchOf({ user: 'd', timeMs: 15 }, { user: 'd', timeMs: 30 }))).toEqual([
      '2: fired c 10',
      '2: first/0 at 15',
      '2: fired a 20',
      '2: fired b 20',
      '2: first/1 at 30',
    ]);
  });

  test('set and due in one batch fire in it, and are never stored', async () => {
    expect(await fold(batchOf({ user: 'a', timeMs: 1, dueMs: 5 }, { user: 'b', timeMs: 6 }))).toContain('1: fired a 5');
    expect((await store.timers(SHARD)).timers).toEqual([]);
    expect(await storedUser('a')).toEqual({ events: 1, fired: [5] });
  });

  test('set for a time that the clock has passed fire when it moves next, in whichever batch', async () => {
    await fold(batchOf({ user: 'a', timeMs: 10 }));
    expect(await fold(batchOf({ user: 'a', timeMs: 10, dueMs: 4 }))).toEqual(['2: first/0 at 10']);
    expect(await fold(batchOf({ user: 'b', timeMs: 11 }))).toEqual(['3: fired a 4', '3: first/0 at 11']);
  });

  // A record that is left out names a time that the clock does not reach; what was loaded for it is still to fire.
  test('outlive a batch whose last record was left out', async () => {
    await fold(batchOf({ user: 'a', timeMs: 1, dueMs: 10 }));
    const left = [{ input: 0, offset: 1, reason: 'quarantined' }];
    const records = batchOf({ user: 'b', timeMs: 5 }, { user: 'b', timeMs: 20, isPoison: true });
    expect(await fold(records, { ...LIVE, omissions: left })).toEqual(['2: first/0 at 5']);
    expect(await fold(batchOf({ user: 'b', timeMs: 15 }))).toEqual(['3: fired a 10', '3: first/0 at 15']);
  });
});

describe('what is folded', () => {
  test('goes to the store with its position and clock, in one commit', async () => {
    await fold(batchOf({ user: 'a', timeMs: 9 }, { user: 'b', timeMs: 4 }, { user: 'a', timeMs: 12 }));
    expect(await storedUser('a')).toEqual({ events: 2, fired: [] });
    expect(shard.position).toMatchObject({ positions: [3, 0], clockMs: 12 });
    expect((await store.read(SHARD, [])).head).toEqual(encodeHead(shard.position));
  });

  test('names the record that it fails on', async () => {
    const records = batchOf({ user: 'a', timeMs: 1 }, { user: 'a', timeMs: 2, isPoison: true });
    await shard.load(records);
    expect(() => shard.fold(records, LIVE)).toThrow(new FoldFailed(0, 1, undefined).message);
  });

  test('leaves what is unreadable, and what is left out, to the dead letters', async () => {
    const records = batchOf({ user: 'a', timeMs: 1 }, 'broken', { user: 'a', timeMs: 2 });
    await shard.load(records);
    shard.fold(records, { ...LIVE, omissions: [{ input: 0, offset: 2, reason: 'quarantined' }] });
    const letters = shard.announcements({ journalOffset: 1, incarnation: GENESIS.incarnation }).filter(({ topic }) => topic === 'dead');
    expect(letters.map(({ records: [letter] }) => letter!.headers!['millrace-reason'])).toEqual(['unreadable', 'quarantined']);
    expect(shard.deadLetterCount).toBe(2);
  });
});

describe('somebody else', () => {
  const COMMIT = { puts: [], deletes: [], timersSet: [], timersCancelled: [], memos: [] };
  const stranger = encodeHead({ ...GENESIS, token: Buffer.from('stranger') });

  test('who has committed is noticed by the next read, whatever it reads', async () => {
    await store.commit(SHARD, { parentToken: GENESIS.token, head: stranger, ...COMMIT });
    await expect(shard.load(batchOf({ user: 'a', timeMs: 1 }))).rejects.toMatchObject({ code: 'head-moved' });
    await expect(shard.check()).rejects.toMatchObject({ code: 'head-moved' });
    await expect(shard.loadShardKeys()).rejects.toMatchObject({ code: 'head-moved' });
  });

  test('who has committed between load and commit is not overwritten', async () => {
    const records = batchOf({ user: 'a', timeMs: 1 });
    await shard.load(records);
    shard.fold(records, LIVE);
    await store.commit(SHARD, { parentToken: GENESIS.token, head: stranger, ...COMMIT });
    await expect(shard.commit(Buffer.from('mine____'), 1, [1, 0])).rejects.toMatchObject({ code: 'commit-refused' });
    expect(await storedUser('a')).toBeNull();
  });

  test('who has claimed is noticed, by those who know who they are', async () => {
    await store.own(SHARD, 'me');
    const mine = claim('me');
    await mine.check();
    await store.own(SHARD, 'another');
    await expect(mine.check()).rejects.toMatchObject({ code: 'owner-changed' });
    await shard.check();
  });

  test('who has committed the same token is oneself', async () => {
    const records = batchOf({ user: 'a', timeMs: 1 });
    await shard.load(records);
    shard.fold(records, LIVE);
    await shard.commit(Buffer.from('mine____'), 1, [1, 0]);
    const again = claim();
    await expect(again.commit(Buffer.from('mine____'), 1, [1, 0])).resolves.toBe(0);
  });
});
