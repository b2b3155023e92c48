import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  HEAD_KEY,
  type ShardCommit,
  type ShardId,
  type StateAdmin,
  type StateStore,
  type Timer,
} from '../state-store.ts';
import { bytes, childOf, EMPTY, everything, genesis, head, token } from './example-commits.ts';

export interface StateStoreUnderTest {
  readonly store: StateStore & StateAdmin;
  /** The same data through another connection. */
  readonly other: StateStore & StateAdmin;
  release(): Promise<void>;
}

/**
 * What every state store does, whatever it is made of: run against the in-memory twin, Redis and Redis Cluster.
 * Each test works on shards of its own and leaves nothing behind.
 */
export function stateStoreSuite(name: string, makeStore: () => Promise<StateStoreUnderTest>): void {
  describe(`state store: ${name}`, () => {
    let made: StateStoreUnderTest;
    let store: StateStore & StateAdmin;
    // Shards nobody else uses, so that the suite may share a server with other tests.
    let nextShard = 1_000_000 + (process.pid % 100_000) * 1_000;

    beforeAll(async () => {
      made = await makeStore();
      store = made.store;
    });
    afterAll(async () => {
      await made?.release();
    });

    /** A test with a shard that is empty before and after. */
    function onShard(title: string, body: (shard: ShardId) => Promise<void>): void {
      test(title, async () => {
        const shard: ShardId = { kind: 'u', number: nextShard++ };
        await store.clear(shard);
        try {
          await body(shard);
        } finally {
          await store.clear(shard);
        }
      });
    }

    describe('outcome of a commit', () => {
      onShard('genesis is applied to an empty shard', async (shard) => {
        expect(await store.read(shard, ['p:1'])).toEqual({ head: null, owner: null, values: [null] });
        expect(await store.commit(shard, genesis(1, { puts: [['p:1', bytes('one')]] }))).toBe('applied');
        expect(await store.read(shard, ['p:1'])).toEqual({ head: head(1), owner: null, values: [bytes('one')] });
      });

      onShard('genesis twice: the same one is there already, another one is refused', async (shard) => {
        expect(await store.commit(shard, genesis(1))).toBe('applied');
        expect(await store.commit(shard, genesis(1))).toBe('already');
        const before = await contentOf(shard);
        expect(await store.commit(shard, genesis(2, { puts: [['p:1', bytes('x')]] }))).toBe('refused');
        expect(await contentOf(shard)).toEqual(before);
      });

      onShard('a child is applied to its parent, and repeated it is there already', async (shard) => {
        await store.commit(shard, genesis(1));
        const child = childOf(1, 2, { puts: [['p:1', bytes('two')]] });
        expect(await store.commit(shard, child)).toBe('applied');
        expect(await store.commit(shard, child)).toBe('already');
        expect((await store.read(shard, ['p:1'])).values).toEqual([bytes('two')]);
      });

      onShard('a commit whose reply was lost is not carried out again', async (shard) => {
        await store.commit(shard, genesis(1, everything()));
        const before = await contentOf(shard);
        const again = genesis(1, {
          puts: [['p:1', bytes('again')]],
          deletes: ['p:2'],
          timersSet: [{ dueMs: 1, name: 'again' }],
          timersCancelled: ['timer'],
          memos: [['m:1', bytes('again'), 60]],
        });
        expect(await store.commit(shard, again)).toBe('already');
        expect(await contentOf(shard)).toEqual(before);
      });

      onShard('a commit on another parent is refused and leaves everything untouched', async (shard) => {
        await store.commit(shard, genesis(1, everything()));
        await store.own(shard, 'worker-1');
        const before = await contentOf(shard);
        const stale = childOf(7, 8, {
          puts: [['p:1', bytes('x')], ['p:9', bytes('x')]],
          deletes: ['p:2'],
          timersSet: [{ dueMs: 1, name: 'stale' }],
          timersCancelled: ['timer'],
          memos: [['m:1', bytes('x'), 60], ['m:2', bytes('x'), 60]],
        });
        expect(await store.commit(shard, stale)).toBe('refused');
        expect(await contentOf(shard)).toEqual(before);
      });

      onShard('a commit on a parent is refused where there is no state', async (shard) => {
        expect(await store.commit(shard, childOf(1, 2, everything()))).toBe('refused');
        expect(await contentOf(shard)).toEqual({ head: null, owner: null, entries: [], timers: [] });
      });

      onShard('only the first eight bytes of the head are its token', async (shard) => {
        await store.commit(shard, { ...genesis(1), head: Buffer.concat([token(1), bytes('positions, any length')]) });
        expect(await store.commit(shard, { ...genesis(1), head: token(1) })).toBe('already');
        expect(await store.commit(shard, { ...childOf(1, 2), head: Buffer.concat([token(2), Buffer.alloc(4_000, 1)]) })).toBe('applied');
        expect((await store.read(shard, [])).head).toHaveLength(4_008);
      });

      onShard('tokens are bytes: NUL, line ends, high bytes and digits', async (shard) => {
        const tokens = ['0000000000000000', 'ffffffffffffffff', '0d0a0d0a0d0a0d0a', '3132333435363738', 'c3280000c3280000'].map(
          (hex) => Buffer.from(hex, 'hex'),
        );
        let parentToken: Buffer | null = null;
        for (const next of tokens) {
          expect(await store.commit(shard, { ...EMPTY, parentToken, head: next })).toBe('applied');
          expect(await store.commit(shard, { ...EMPTY, parentToken, head: next })).toBe('already');
          expect((await store.read(shard, [])).head).toEqual(next);
          parentToken = next;
        }
      });

      onShard('of commits that race for one parent exactly one is applied', async (shard) => {
        await store.commit(shard, genesis(1));
        const racers = Array.from({ length: 20 }, (_, i) => i);
        const outcomes = await Promise.all(
          racers.map((i) =>
            (i % 2 === 0 ? store : made.other).commit(shard, childOf(1, 100 + i, { puts: [[`p:${i}`, bytes('won')]] })),
          ),
        );
        expect(outcomes.filter((outcome) => outcome === 'applied')).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(19);
        const winner = outcomes.indexOf('applied');
        expect(await keysOf(shard)).toEqual([HEAD_KEY, `p:${winner}`]);
      });
    });

    describe('what a commit writes', () => {
      onShard('puts, deletes, timers and memos together', async (shard) => {
        await store.commit(shard, genesis(1, everything()));
        const outcome = await store.commit(
          shard,
          childOf(1, 2, {
            puts: [['p:1', bytes('changed')], ['p:3', bytes('new')]],
            deletes: ['p:2', 'never there'],
            timersSet: [{ dueMs: 20, name: 'later' }],
            timersCancelled: ['timer', 'never there'],
            memos: [['m:1', bytes('said'), 60]],
          }),
        );
        expect(outcome).toBe('applied');
        const { head: now, values } = await store.read(shard, ['p:1', 'p:2', 'p:3', 'm:1']);
        expect(now).toEqual(head(2));
        expect(values).toEqual([bytes('changed'), null, bytes('new'), bytes('said')]);
        expect((await store.timers(shard)).timers).toEqual([{ dueMs: 20, name: 'later' }]);
      });

      onShard('a timer that is set again moves; cancelled and set in one commit it is set', async (shard) => {
        await store.commit(shard, genesis(1, { timersSet: [{ dueMs: 5, name: 'a' }, { dueMs: 6, name: 'b' }] }));
        await store.commit(shard, childOf(1, 2, { timersSet: [{ dueMs: 7, name: 'a' }, { dueMs: 3, name: 'b' }], timersCancelled: ['b'] }));
        expect((await store.timers(shard)).timers).toEqual([{ dueMs: 3, name: 'b' }, { dueMs: 7, name: 'a' }]);
      });

      onShard('the last timer that is cancelled leaves no timer', async (shard) => {
        await store.commit(shard, genesis(1, { timersSet: [{ dueMs: 5, name: 'a' }] }));
        await store.commit(shard, childOf(1, 2, { timersCancelled: ['a'] }));
        expect(await store.dueTimers(shard, 100, 10)).toEqual({ head: head(2), owner: null, timers: [], nextDueMs: null });
        expect(await keysOf(shard)).toEqual([HEAD_KEY]);
      });

      onShard('values are bytes: every byte, none, and more than one packet', async (shard) => {
        const values = [Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)), Buffer.alloc(0), Buffer.alloc(300_000, 'é\u0000')];
        await store.commit(shard, genesis(1, { puts: values.map((value, i) => [`p:${i}`, value] as const) }));
        const stored = (await store.read(shard, ['p:0', 'p:1', 'p:2'])).values;
        const peeked = await store.peek(shard, ['p:0', 'p:1', 'p:2']);
        for (const [i, value] of values.entries()) {
          expect(stored[i]?.equals(value)).toBe(true);
          expect(peeked[i]?.equals(value)).toBe(true);
        }
      });

      onShard('keys are any text: braces, spaces, patterns, line ends, 4-byte characters', async (shard) => {
        const keys = [
          'p:{u1}', 'p:}{', 'p:a b', 'p:*', 'p:?[a-z]\\', 'p:\r\n$1\r\n', 'p:\u0000', 'p:😀𐍈', 'p:\u00e9', 'p:e\u0301',
          '__proto__', 'constructor', 'p:' + 'x'.repeat(256),
        ];
        await store.commit(shard, genesis(1, { puts: keys.map((key) => [key, bytes(`value of ${key}`)] as const) }));
        expect((await store.read(shard, keys)).values).toEqual(keys.map((key) => bytes(`value of ${key}`)));
        expect(await keysOf(shard)).toEqual([...keys, HEAD_KEY].sort());
        await store.commit(shard, childOf(1, 2, { deletes: keys }));
        expect(await keysOf(shard)).toEqual([HEAD_KEY]);
      });

      onShard('5,000 keys in one commit, and more timers and deletes than one call of Lua takes', async (shard) => {
        const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
        const value = (i: number): Buffer => bytes(`value ${i}`);
        const all = many(9_000, (i) => `p:${i}`);
        expect(
          await store.commit(
            shard,
            genesis(1, {
              puts: all.map((key, i) => [key, value(i)] as const),
              timersSet: many(9_000, (i) => ({ dueMs: i, name: `t:${i}` })),
              memos: many(100, (i) => [`m:${i}`, value(i), 60] as const),
            }),
          ),
        ).toBe('applied');
        expect((await store.read(shard, all)).values).toEqual(all.map((_, i) => value(i)));
        expect((await store.timers(shard)).timers).toEqual(many(9_000, (i) => ({ dueMs: i, name: `t:${i}` })));
        expect((await store.read(shard, ['m:0', 'm:99'])).values).toEqual([value(0), value(99)]);

        const deletes = all.slice(0, 8_999);
        expect(await store.commit(shard, childOf(1, 2, { deletes, timersCancelled: many(8_999, (i) => `t:${i}`) }))).toBe('applied');
        expect((await store.read(shard, all)).values.filter((kept) => kept !== null)).toEqual([value(8_999)]);
        expect((await store.timers(shard)).timers).toEqual([{ dueMs: 8_999, name: 't:8999' }]);
      });
    });

    describe('timers', () => {
      onShard('come in the order of due time, then of the bytes of the name', async (shard) => {
        // By UTF-16 units the 4-byte character would come before U+FFFD; by bytes it comes after.
        const names = ['B', 'a', 'a\u0000b', 'aa', 'b', 'é', '\ufffd', '😀'];
        const timersSet = [...names].reverse().map((name) => ({ dueMs: 10, name }));
        await store.commit(shard, genesis(1, { timersSet: [...timersSet, { dueMs: 9, name: 'z' }, { dueMs: 11, name: 'A' }] }));
        const expected = ['z', ...names, 'A'];
        expect((await store.timers(shard)).timers.map(({ name }) => name)).toEqual(expected);
        expect((await store.dueTimers(shard, 11, 100)).timers.map(({ name }) => name)).toEqual(expected);
      });

      onShard('are due up to and including the time, at most as many as asked for', async (shard) => {
        const timersSet: Timer[] = [10, 20, 30, 40].map((dueMs) => ({ dueMs, name: `t${dueMs}` }));
        await store.commit(shard, genesis(1, { timersSet }));
        const due = async (upToMs: number, limit: number): Promise<unknown> => {
          const { timers, nextDueMs } = await store.dueTimers(shard, upToMs, limit);
          return [timers.map(({ dueMs }) => dueMs), nextDueMs];
        };
        expect(await due(9, 10)).toEqual([[], 10]);
        expect(await due(10, 10)).toEqual([[10], 10]);
        expect(await due(29, 10)).toEqual([[10, 20], 10]);
        expect(await due(100, 3)).toEqual([[10, 20, 30], 10]);
        expect(await due(100, 0)).toEqual([[], 10]);
      });

      onShard('keep every millisecond', async (shard) => {
        const times = [-5, 0, 1_763_900_000_123, 1_763_900_000_124, 8_640_000_000_000_000];
        await store.commit(shard, genesis(1, { timersSet: times.map((dueMs) => ({ dueMs, name: `t${dueMs}` })) }));
        expect((await store.timers(shard)).timers.map(({ dueMs }) => dueMs)).toEqual(times);
        expect((await store.dueTimers(shard, 1_763_900_000_123, 10)).timers).toHaveLength(3);
      });
    });

    describe('reading', () => {
      onShard('without keys answers the head alone; a key asked for twice comes twice', async (shard) => {
        await store.commit(shard, genesis(1, { puts: [['p:1', bytes('one')]] }));
        expect(await store.read(shard, [])).toEqual({ head: head(1), owner: null, values: [] });
        expect((await store.read(shard, ['p:1', 'p:2', 'p:1'])).values).toEqual([bytes('one'), null, bytes('one')]);
      });

      onShard('peeks at the first bytes of values, or all of them', async (shard) => {
        await store.commit(shard, genesis(1, { puts: [['n:1', bytes('abcdef')], ['n:2', bytes('x')], ['n:3', Buffer.alloc(0)]] }));
        const keys = ['n:1', 'missing', 'n:2', 'n:3'];
        const peek = async (length?: number): Promise<(string | null)[]> =>
          (await store.peek(shard, keys, length)).map((value) => value?.toString() ?? null);
        expect(await peek()).toEqual(['abcdef', null, 'x', '']);
        expect(await peek(3)).toEqual(['abc', null, 'x', '']);
        expect(await peek(1)).toEqual(['a', null, 'x', '']);
        expect(await peek(0)).toEqual(['', null, '', '']);
        expect(await store.peek(shard, [], 8)).toEqual([]);
        expect(await store.peek(shard, [])).toEqual([]);
      });

      onShard('peeks at thousands of keys, in the order asked', async (shard) => {
        const keys = Array.from({ length: 3_500 }, (_, i) => `n:${i}`);
        await store.commit(shard, genesis(1, { puts: keys.map((key) => [key, bytes(key)] as const) }));
        const asked = [...keys].reverse();
        expect(await store.peek(shard, asked)).toEqual(asked.map(bytes));
        expect(await store.peek(shard, asked, 4)).toEqual(asked.map((key) => bytes(key.slice(0, 4))));
      });

      onShard('the owner comes with every read and no commit changes it', async (shard) => {
        await store.own(shard, 'worker-1');
        expect(await store.read(shard, [])).toEqual({ head: null, owner: 'worker-1', values: [] });
        await store.commit(shard, genesis(1));
        expect((await store.read(shard, [])).owner).toBe('worker-1');
        await store.own(shard, 'worker-2 é😀');
        expect((await made.other.dueTimers(shard, 0, 1)).owner).toBe('worker-2 é😀');
        expect((await made.other.timers(shard)).owner).toBe('worker-2 é😀');
      });
    });

    describe('attempts', () => {
      onShard('are counted while the head stays, and forgotten when it moves', async (shard) => {
        const count = (n: number, mark: string): Promise<unknown> => store.countAttempt(shard, token(n), mark);
        expect(await count(1, 'first')).toEqual({ attempts: 1, previousMark: null });
        expect(await count(1, 'second')).toEqual({ attempts: 2, previousMark: 'first' });
        expect(await count(1, '')).toEqual({ attempts: 3, previousMark: 'second' });
        expect(await count(1, 'fourth')).toEqual({ attempts: 4, previousMark: '' });
        expect(await count(2, 'other head')).toEqual({ attempts: 1, previousMark: null });
        expect(await count(1, 'back')).toEqual({ attempts: 1, previousMark: null });
      });

      onShard('are no state: they outlive a commit and stay out of its way', async (shard) => {
        await store.countAttempt(shard, token(1), 'x');
        expect(await store.commit(shard, genesis(1))).toBe('applied');
        expect(await store.countAttempt(shard, token(1), 'y')).toEqual({ attempts: 2, previousMark: 'x' });
      });
    });

    describe('tools', () => {
      onShard('list every key of the shard and no other', async (shard) => {
        await store.commit(shard, genesis(1, everything()));
        await store.own(shard, 'worker');
        await store.countAttempt(shard, token(1), 'x');
        const longer: ShardId = { kind: 'u', number: shard.number * 10 };
        const items: ShardId = { kind: 'i', number: shard.number };
        await store.commit(longer, genesis(1, { puts: [['p:longer', bytes('x')]] }));
        await store.commit(items, genesis(1, { puts: [['p:items', bytes('x')]] }));
        expect(await keysOf(shard)).toEqual(['attempts', 'head', 'm:1', 'owner', 'p:1', 'p:2', 'timers']);
        await store.clear(shard);
        expect(await keysOf(shard)).toEqual([]);
        expect(await keysOf(longer)).toEqual(['head', 'p:longer']);
        expect(await keysOf(items)).toEqual(['head', 'p:items']);
        await store.clear(longer);
        await store.clear(items);
      });

      onShard('measure the memory of a shard', async (shard) => {
        expect(await store.memoryBytes(shard)).toEqual({ bytes: 0, keys: 0 });
        const puts = Array.from({ length: 1_500 }, (_, i) => [`p:${i}`, Buffer.alloc(100)] as const);
        await store.commit(shard, genesis(1, { puts }));
        const { bytes: used, keys } = await store.memoryBytes(shard);
        expect(keys).toBe(1_501);
        expect(used).toBeGreaterThan(150_000);
      });
    });

    onShard('a whole state is written once, however large', async (shard) => {
      const values = new Map(Array.from({ length: 1_200 }, (_, i) => [`p:${i}`, bytes(`value ${i}`)] as const));
      const timers = Array.from({ length: 1_200 }, (_, i) => ({ dueMs: 10 + i, name: `timer ${i}` }));
      expect(await store.writeState(shard, { head: head(7), values, timers })).toBe(true);
      expect(await store.writeState(shard, { head: head(8), values: new Map([['p:1', bytes('?')]]), timers: [] })).toBe(false);
      const { head: at, values: found } = await made.other.read(shard, [...values.keys()]);
      expect([at, found, (await made.other.timers(shard)).timers]).toEqual([head(7), [...values.values()], timers]);
    });

    onShard('no one ever sees half a commit', async (shard) => {
      const commits = 150;
      const keys = Array.from({ length: 60 }, (_, i) => `p:${i}`);
      let running = true;
      const writer = (async () => {
        for (let n = 1; n <= commits; n++) {
          const change: Partial<ShardCommit> = {
            puts: keys.map((key) => [key, token(n)] as const),
            timersSet: [{ dueMs: n, name: `t${n}` }],
            timersCancelled: [`t${n - 1}`],
          };
          await store.commit(shard, n === 1 ? genesis(n, change) : childOf(n - 1, n, change));
        }
        running = false;
      })();
      const seen = new Set<string>();
      const reader = (async () => {
        while (running) {
          const read = await made.other.read(shard, keys);
          const expected = read.head?.subarray(0, 8) ?? null;
          seen.add(String(expected?.toString('hex')));
          expect(read.values).toEqual(keys.map(() => expected));
          const { head: at, timers, nextDueMs } = await made.other.dueTimers(shard, commits, 10);
          const n = at === null ? null : Number(at.readBigUInt64BE(0));
          expect(timers).toEqual(n === null ? [] : [{ dueMs: n, name: `t${n}` }]);
          expect(nextDueMs).toBe(n);
        }
      })();
      await Promise.all([writer, reader]);
      expect(seen.size).toBeGreaterThan(1);
    });

    async function keysOf(shard: ShardId): Promise<string[]> {
      const all: string[] = [];
      for await (const batch of store.keys(shard)) all.push(...batch);
      return all.sort();
    }

    /** All that a shard holds, through the other connection. */
    async function contentOf(shard: ShardId): Promise<unknown> {
      const keys = (await keysOf(shard)).filter((key) => key !== 'timers' && key !== 'attempts');
      const { head: at, owner, values } = await made.other.read(shard, keys);
      const { timers } = await made.other.timers(shard);
      return { head: at, owner, entries: keys.map((key, i) => [key, values[i]?.toString('hex')]), timers };
    }
  });
}
