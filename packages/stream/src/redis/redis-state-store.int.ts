import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { genesis } from '../behaviour/example-commits.ts';
import { NO_REDIS_SERVER, sharedOrFreshRedis } from '../behaviour/redis-for-tests.ts';
import { stateStoreSuite } from '../behaviour/state-store.suite.ts';
import { MemoryStateStore } from '../memory-state-store.ts';
import type { ShardCommit, ShardId, StateAdmin, StateStore } from '../state-store.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import { RedisStateStore } from './redis-state-store.ts';

const unavailable = process.env['MILLRACE_TEST_REDIS'] === undefined ? NO_REDIS_SERVER : undefined;
const because = unavailable === undefined ? '' : ` (skipped: ${unavailable})`;

describe.skipIf(unavailable !== undefined)(`on a real Redis${because}`, () => {
  stateStoreSuite('Redis', async () => {
    const redis = await sharedOrFreshRedis();
    const connections = [connectRedis(redis.url), connectRedis(redis.url)] as const;
    return {
      store: new RedisStateStore(connections[0]),
      other: new RedisStateStore(connections[1]),
      release: async () => {
        await Promise.all(connections.map((connection) => connection.close()));
        await redis.stop();
      },
    };
  });

  describe('what only Redis does', () => {
    let redis: Awaited<ReturnType<typeof sharedOrFreshRedis>>;
    let connection: RedisConnection;
    let store: RedisStateStore;
    const shard: ShardId = { kind: 'i', number: 2_000_000 + process.pid };
    const tag = `{i${shard.number}}`;

    beforeAll(async () => {
      redis = await sharedOrFreshRedis();
      connection = connectRedis(redis.url);
      store = new RedisStateStore(connection);
      await store.clear(shard);
    });
    afterAll(async () => {
      await store.clear(shard);
      await connection.close();
      await redis.stop();
    });

    test('memos expire, state does not', async () => {
      await store.commit(shard, genesis(1, { puts: [['p:1', Buffer.from('x')]], memos: [['m:1', Buffer.from('x'), 90]] }));
      expect(await connection.client.ttl(`${tag}m:1`)).toBeGreaterThan(60);
      expect(await connection.client.ttl(`${tag}p:1`)).toBe(-1);
      await store.clear(shard);
    });

    test('timers that are no sorted set stop the shard with everything untouched', async () => {
      await connection.client.set(`${tag}timers`, 'somebody else was here');
      const commit = genesis(1, { puts: [['p:1', Buffer.from('x')]], timersSet: [{ dueMs: 1, name: 't' }] });
      await expect(store.commit(shard, commit)).rejects.toMatchObject({ name: 'AlarmError', code: 'redis-wrongtype' });
      expect(await store.read(shard, ['p:1'])).toEqual({ head: null, owner: null, values: [null] });
      await store.clear(shard);
    });

    test('a head that is no string stops the shard', async () => {
      await connection.client.hset(`${tag}head`, 'a', 'b');
      await expect(store.commit(shard, genesis(1))).rejects.toMatchObject({ name: 'AlarmError', code: 'redis-wrongtype' });
      await store.clear(shard);
    });

    test('scripts that the server has forgotten are sent again', async () => {
      await store.commit(shard, genesis(1));
      await connection.client.script('FLUSH');
      expect(await store.commit(shard, genesis(1))).toBe('already');
      expect((await store.dueTimers(shard, 1, 1)).head).not.toBeNull();
      await store.clear(shard);
    });

    test('what the script could refuse only half-way is never sent', async () => {
      const invalid: Partial<ShardCommit>[] = [
        { timersSet: [{ dueMs: Number.NaN, name: 't' }] },
        { timersSet: [{ dueMs: 1.5, name: 't' }] },
        { memos: [['m:1', Buffer.from('x'), 0]] },
        { memos: [['m:1', Buffer.from('x'), 2 ** 31]] },
        { head: Buffer.alloc(7) },
        { parentToken: Buffer.alloc(9) },
      ];
      for (const change of invalid) {
        await expect(store.commit(shard, genesis(1, { puts: [['p:1', Buffer.from('x')]], ...change }))).rejects.toMatchObject({
          name: 'AlarmError',
          code: 'commit-invalid',
        });
      }
      expect((await store.read(shard, ['p:1'])).values).toEqual([null]);
    });

    test('does what its twin in memory does, whatever the commands', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(arbitraryCommit, { minLength: 1, maxLength: 12 }), async (commits) => {
          await store.clear(shard);
          const twin = new MemoryStateStore();
          for (const commit of commits) {
            expect(await store.commit(shard, commit)).toBe(await twin.commit(shard, commit));
            expect(await stateOf(store)).toEqual(await stateOf(twin));
          }
        }),
        { numRuns: 60 },
      );
      await store.clear(shard);
    });

    async function stateOf(of: StateStore & StateAdmin): Promise<unknown> {
      const keys: string[] = [];
      for await (const batch of of.keys(shard)) keys.push(...batch);
      keys.sort();
      const plain = keys.filter((key) => key !== 'timers');
      return [keys, await of.read(shard, plain), await of.timers(shard), await of.dueTimers(shard, 3, 2), await of.peek(shard, plain, 2)];
    }
  });
});

/** Few tokens, keys and names, so that commits meet each other often. */
const token = fc.constantFrom('token001', 'token002', 'token003').map((text) => Buffer.from(text));
const key = fc.constantFrom('p:1', 'p:2', 'p:{x}', '');
const value = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes));
const name = fc.constantFrom('a', 'a\u0000k', 'é', '😀', '\ufffd');
const arbitraryCommit: fc.Arbitrary<ShardCommit> = fc.record({
  parentToken: fc.option(token, { freq: 3 }),
  head: fc.tuple(token, value).map((parts) => Buffer.concat(parts)),
  puts: fc.array(fc.tuple(key, value), { maxLength: 4 }),
  deletes: fc.array(key, { maxLength: 2 }),
  timersSet: fc.array(fc.record({ dueMs: fc.integer({ min: 0, max: 5 }), name }), { maxLength: 4 }),
  timersCancelled: fc.array(name, { maxLength: 2 }),
  memos: fc.array(fc.tuple(key.map((text) => `m:${text}`), value, fc.constant(600)), { maxLength: 2 }),
});
