import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LocalRedis } from '@millrace/testkit/servers/local-redis';
import { startBreakableProxy, type BreakableProxy } from '@millrace/testkit/network/breakable-proxy';
import { childOf, genesis, token } from '../behaviour/example-commits.ts';
import { NO_REDIS_SERVER, startFreshRedis } from '../behaviour/redis-for-tests.ts';
import type { CommitOutcome, ShardCommit, ShardId } from '../state-store.ts';
import { checkRedis } from './redis-check.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import { RedisStateStore } from './redis-state-store.ts';

const because = NO_REDIS_SERVER === undefined ? '' : ` (skipped: ${NO_REDIS_SERVER})`;
const shard: ShardId = { kind: 'u', number: 7 };

describe.skipIf(NO_REDIS_SERVER !== undefined)(`a Redis in trouble${because}`, () => {
  let redis: LocalRedis;
  /** Straight to the server, to arrange trouble and to look. */
  let direct: RedisConnection;
  let proxy: BreakableProxy;
  let connection: RedisConnection;
  let store: RedisStateStore;

  beforeAll(async () => {
    redis = await startFreshRedis();
    direct = connectRedis(redis.url);
    proxy = await startBreakableProxy('127.0.0.1', redis.port);
    connection = connectRedis({ url: `redis://127.0.0.1:${proxy.port}`, commandTimeoutMs: 2_000 });
    store = new RedisStateStore(connection);
  });
  afterAll(async () => {
    await Promise.all([connection.close(), direct.close()]);
    await proxy.close();
    await redis.stop();
  });
  beforeEach(async () => {
    await direct.run('emptying', () => direct.client.flushall());
  });

  describe('a connection that breaks', () => {
    test('before the commit arrives: the error is retryable, the second try is applied', async () => {
      await store.commit(shard, commitOf(null, 1));
      proxy.loseNextRequest();
      await expect(store.commit(shard, commitOf(1, 2))).rejects.toMatchObject({ name: 'RetryableError', code: 'redis-connection' });
      expect(await outcomeOf(() => store.commit(shard, commitOf(1, 2)))).toBe('applied');
    });

    test('before the reply arrives: the error is retryable, the second try finds it there already', async () => {
      await store.commit(shard, commitOf(null, 1));
      proxy.loseNextReply();
      await expect(store.commit(shard, commitOf(1, 2))).rejects.toMatchObject({ name: 'RetryableError', code: 'redis-connection' });
      expect(await outcomeOf(() => store.commit(shard, commitOf(1, 2)))).toBe('already');
    });

    test('nothing is sent again by itself: a lost reply counts once', async () => {
      await store.countAttempt(shard, token(1), 'first');
      proxy.loseNextReply();
      await expect(store.countAttempt(shard, token(1), 'lost')).rejects.toMatchObject({ name: 'RetryableError' });
      const next = await outcomeOf(() => store.countAttempt(shard, token(1), 'third'));
      expect(next).toEqual({ attempts: 3, previousMark: 'lost' });
    });

    test('all that is in flight fails at once and later commands work again', async () => {
      await store.commit(shard, commitOf(null, 1));
      const inFlight = Array.from({ length: 50 }, () => store.read(shard, ['p:1']));
      const settled = Promise.allSettled(inFlight);
      proxy.breakAll();
      for (const result of await settled) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ name: 'RetryableError', code: 'redis-connection' });
      }
      expect((await outcomeOf(() => store.read(shard, ['p:1']))).values).toEqual([Buffer.from('value 1')]);
    });

    test('again and again: every commit of a chain is carried out once, in order', async () => {
      let lastApplied = 0;
      for (let n = 1; n <= 60; n++) {
        if (n % 5 === 0) proxy.loseNextRequest();
        if (n % 7 === 0) proxy.loseNextReply();
        if (n % 11 === 0) setImmediate(() => proxy.breakAll());
        const outcome = await outcomeOf(() => store.commit(shard, commitOf(n === 1 ? null : n - 1, n)));
        expect(['applied', 'already'] satisfies CommitOutcome[]).toContain(outcome);
        lastApplied = n;
        expect((await outcomeOf(() => store.read(shard, ['p:1']))).values).toEqual([Buffer.from(`value ${n}`)]);
      }
      expect(lastApplied).toBe(60);
    });

    test('a server that is not there answers soon with an error that may be retried', async () => {
      proxy.refuse(true);
      proxy.breakAll();
      await expect(store.read(shard, [])).rejects.toMatchObject({ name: 'RetryableError', code: 'redis-connection' });
      await expect(store.commit(shard, commitOf(null, 1))).rejects.toMatchObject({ name: 'RetryableError', code: 'redis-connection' });
      proxy.refuse(false);
      expect(await outcomeOf(() => store.commit(shard, commitOf(null, 1)))).toBe('applied');
    });

    test('a server that hangs is given up after the command timeout', async () => {
      const patient = connectRedis({ url: redis.url, commandTimeoutMs: 200 });
      const hanging = new RedisStateStore(patient);
      await hanging.read(shard, []);
      redis.signal('SIGSTOP');
      try {
        await expect(hanging.commit(shard, commitOf(null, 1))).rejects.toMatchObject({ name: 'RetryableError', code: 'redis-timeout' });
      } finally {
        redis.signal('SIGCONT');
      }
      expect(await outcomeOf(() => hanging.commit(shard, commitOf(null, 1)))).toMatch(/applied|already/);
      await patient.close();
    });

    test('a connection that was closed says so', async () => {
      const closed = connectRedis(redis.url);
      await closed.close();
      await expect(new RedisStateStore(closed).read(shard, [])).rejects.toMatchObject({ name: 'RetryableError', code: 'redis-closed' });
    });
  });

  describe('a server that refuses to write leaves the shard untouched', () => {
    const full: Partial<ShardCommit> = {
      puts: [['p:1', Buffer.alloc(1_000, 1)], ['p:9', Buffer.alloc(1_000, 1)]],
      deletes: ['p:2'],
      timersSet: [{ dueMs: 9, name: 'late' }],
      timersCancelled: ['timer'],
      memos: [['m:1', Buffer.from('x'), 60]],
    };
    const changes: readonly (readonly [title: string, change: Partial<ShardCommit>])[] = [
      ['everything', full],
      ['deletes and cancelled timers alone', { deletes: ['p:2'], timersCancelled: ['timer'], puts: [] }],
      ['timers alone', { timersSet: [{ dueMs: 9, name: 'late' }], puts: [] }],
    ];

    beforeEach(async () => {
      await store.commit(shard, {
        ...commitOf(null, 1),
        puts: [['p:1', Buffer.from('one')], ['p:2', Buffer.from('two')]],
        timersSet: [{ dueMs: 5, name: 'timer' }],
      });
    });

    async function refusesAll(code: string, name: string): Promise<void> {
      const before = await contentOf();
      for (const [, change] of changes) {
        await expect(store.commit(shard, { ...commitOf(1, 2), ...change })).rejects.toMatchObject({ name, code });
      }
      // Reading goes on: a pause must be able to see its head.
      expect((await store.read(shard, ['p:1'])).values).toEqual([Buffer.from('one')]);
      expect((await store.dueTimers(shard, 10, 10)).timers).toHaveLength(1);
      expect(await store.peek(shard, ['p:1'], 2)).toEqual([Buffer.from('on')]);
      expect(await contentOf()).toEqual(before);
    }

    async function takesAgain(): Promise<void> {
      expect(await outcomeOf(() => store.commit(shard, { ...commitOf(1, 2), ...full }))).toBe('applied');
      expect((await store.timers(shard)).timers).toEqual([{ dueMs: 9, name: 'late' }]);
    }

    test('memory full (OOM)', async () => {
      await direct.client.config('SET', 'maxmemory', '1mb');
      try {
        await refusesAll('redis-oom', 'RetryableError');
      } finally {
        await direct.client.config('SET', 'maxmemory', '0');
      }
      await takesAgain();
    });

    test('a replica (READONLY)', async () => {
      await direct.client.config('SET', 'replica-serve-stale-data', 'yes');
      await direct.client.replicaof('127.0.0.1', '1');
      try {
        const before = await contentOf();
        for (const [, change] of changes) {
          const attempt = outcomeUnless('redis-readonly', () => store.commit(shard, { ...commitOf(1, 2), ...change }));
          expect(await attempt).toBe('redis-readonly');
        }
        expect(await contentOf()).toEqual(before);
      } finally {
        await direct.run('promoting', () => direct.client.replicaof('NO', 'ONE'));
      }
      await takesAgain();
    });

    test('too few replicas (NOREPLICAS)', async () => {
      await direct.client.config('SET', 'min-replicas-to-write', '1');
      try {
        await refusesAll('redis-noreplicas', 'RetryableError');
      } finally {
        await direct.client.config('SET', 'min-replicas-to-write', '0');
      }
      await takesAgain();
    });

    test('a user that lacks one of the commands (NOPERM)', async () => {
      await direct.client.acl('SETUSER', 'narrow', 'on', '>secret', '~*', '+@all', '-zrem');
      const narrow = connectRedis({ url: redis.url, username: 'narrow', password: 'secret' });
      const before = await contentOf();
      await expect(new RedisStateStore(narrow).commit(shard, { ...commitOf(1, 2), ...full })).rejects.toMatchObject({
        name: 'AlarmError',
        code: 'redis-noperm',
      });
      expect(await contentOf()).toEqual(before);
      await narrow.close();
      await direct.client.acl('DELUSER', 'narrow');
    });

    async function contentOf(): Promise<unknown> {
      const other = new RedisStateStore(direct);
      const keys: string[] = [];
      for await (const batch of other.keys(shard)) keys.push(...batch);
      keys.sort();
      return [keys, await other.read(shard, keys.filter((key) => key !== 'timers')), await other.timers(shard)];
    }
  });

  test('a wrong password is an alarm that says what to do, and never repeats it', async () => {
    await direct.client.acl('SETUSER', 'somebody', 'on', '>right', '~*', '+@all');
    const wrong = connectRedis(`redis://somebody:wr%40ng@127.0.0.1:${redis.port}`);
    const error = await new RedisStateStore(wrong).read(shard, []).then(() => null, (thrown: Error) => thrown);
    expect(error).toMatchObject({ name: 'AlarmError', code: 'redis-auth' });
    expect(error?.message).toContain(`127.0.0.1:${redis.port}`);
    expect(error?.message).not.toMatch(/wr(%40|@)ng/);
    await wrong.close();
    await direct.client.acl('DELUSER', 'somebody');
  });

  test('the precondition check names what does not hold', async () => {
    expect(await checkRedis(direct)).toEqual([]);
    await direct.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await direct.client.config('SET', 'appendonly', 'no');
    const findings = await checkRedis(direct);
    await direct.client.config('SET', 'maxmemory-policy', 'noeviction');
    await direct.client.config('SET', 'appendonly', 'yes');
    // A Redis that is writing its first AOF refuses to end.
    await vi.waitFor(async () => expect(await direct.client.info('persistence')).toContain('aof_rewrite_in_progress:0'), {
      timeout: 60_000,
      interval: 20,
    });
    expect(findings.map(({ severity, setting, found }) => [severity, setting, found])).toEqual([
      ['error', 'maxmemory-policy', 'allkeys-lru'],
      ['warning', 'appendonly', 'no'],
    ]);
  });
});

/** Asks again after every error that allows it, as the engine does. */
async function outcomeOf<T>(command: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await command();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'RetryableError' || tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Asks again until the error has this code, and answers the code; an outcome instead of an error comes back as it is. */
async function outcomeUnless(code: string, command: () => Promise<CommitOutcome>): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      return await command();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === code) return code;
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function commitOf(parent: number | null, n: number): ShardCommit {
  const change = { puts: [['p:1', Buffer.from(`value ${n}`)]] } as const;
  return parent === null ? genesis(n, change) : childOf(parent, n, change);
}
