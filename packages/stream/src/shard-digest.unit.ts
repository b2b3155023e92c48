import { describe, expect, test } from 'vitest';
import { MemoryStateStore } from './memory-state-store.ts';
import { digestOf, readShardState } from './shard-digest.ts';
import type { ShardCommit, ShardId } from './state-store.ts';

const SHARD: ShardId = { kind: 'i', number: 1 };
const COMMIT: ShardCommit = {
  parentToken: null,
  head: Buffer.from('token---rest'),
  puts: [['r:b', Buffer.from('1')], ['r:a', Buffer.from('2')]],
  deletes: [],
  timersSet: [{ name: 'a', dueMs: 5 }, { name: 'b', dueMs: 4 }],
  timersCancelled: [],
  memos: [],
};

async function digestAfter(commit: ShardCommit, more?: (store: MemoryStateStore) => Promise<unknown>): Promise<string> {
  const store = new MemoryStateStore();
  await store.commit(SHARD, commit);
  await more?.(store);
  return digestOf(await readShardState(store, SHARD));
}

describe('the digest of a shard', () => {
  test('does not depend on the order in which its keys were written', async () => {
    const other = { ...COMMIT, puts: [...COMMIT.puts].reverse(), timersSet: [...COMMIT.timersSet].reverse() };
    expect(await digestAfter(other)).toBe(await digestAfter(COMMIT));
  });

  test('leaves out what is no state: memos, the owner, the count of attempts', async () => {
    const noted = { ...COMMIT, memos: [['m:x', Buffer.from('said'), 60] as const] };
    const digest = await digestAfter(noted, async (store) => {
      await store.own(SHARD, 'somebody');
      await store.countAttempt(SHARD, Buffer.from('token---'), 'mark');
    });
    expect(digest).toBe(await digestAfter(COMMIT));
  });

  test.each<[string, Partial<ShardCommit>]>([
    ['a byte of a value', { puts: [['r:b', Buffer.from('1')], ['r:a', Buffer.from('3')]] }],
    ['the key of a value', { puts: [['r:b', Buffer.from('1')], ['r:c', Buffer.from('2')]] }],
    ['the due time of a timer', { timersSet: [{ name: 'a', dueMs: 5 }, { name: 'b', dueMs: 5 }] }],
    ['a timer that is missing', { timersSet: [{ name: 'a', dueMs: 5 }] }],
    ['the head', { head: Buffer.from('token---resT') }],
  ])('tells %s', async (_what, change) => {
    expect(await digestAfter({ ...COMMIT, ...change })).not.toBe(await digestAfter(COMMIT));
  });

  test('parts keys from values', () => {
    const digest = (entries: [string, string][]): string => digestOf(new Map(entries.map(([key, value]) => [key, Buffer.from(value)])));
    expect(digest([['a', 'bc']])).not.toBe(digest([['ab', 'c']]));
    expect(digest([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});
