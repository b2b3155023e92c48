import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { startRedisCluster } from '../../../testkit/src/servers/redis-cluster.ts';
import { NO_REDIS_SERVER } from '../behaviour/redis-for-tests.ts';
import { stateStoreSuite } from '../behaviour/state-store.suite.ts';
import type { ShardCommit, ShardId } from '../state-store.ts';
import { checkRedis } from './redis-check.ts';
import { connectRedis } from './redis-connection.ts';
import { RedisStateStore } from './redis-state-store.ts';

const because = NO_REDIS_SERVER === undefined ? '' : ` (skipped: ${NO_REDIS_SERVER})`;

describe.skipIf(NO_REDIS_SERVER !== undefined)(`on a cluster of three masters${because}`, () => {
  stateStoreSuite('Redis Cluster', async () => {
    const cluster = await startCluster();
    const connections = [connectRedis(cluster.url), connectRedis(cluster.url)] as const;
    return {
      store: new RedisStateStore(connections[0]),
      other: new RedisStateStore(connections[1]),
      release: async () => {
        await Promise.all(connections.map((connection) => connection.close()));
        await cluster.stop();
      },
    };
  });

  test('shards spread over the masters, each whole on one of them; a slot that moves is followed', async () => {
    const cluster = await startCluster();
    const connection = connectRedis(cluster.url);
    const nodes = cluster.nodes.map(({ port }) => new Redis({ port, protocol: 2 }));
    try {
      const store = new RedisStateStore(connection);
      const shards = Array.from({ length: 16 }, (_, number): ShardId => ({ kind: 'u', number }));
      for (const shard of shards) await store.commit(shard, genesis());
      const holders = await Promise.all(nodes.map((node) => node.dbsize()));
      expect(holders.every((keys) => keys > 0)).toBe(true);
      expect(holders.reduce((sum, keys) => sum + keys)).toBe(16 * 4);
      for (const shard of shards) expect(await keysOf(store, shard)).toEqual(['head', 'p:1', 'p:2', 'timers']);
      expect(await checkRedis(connection)).toEqual([]);

      // An empty slot changes hands; the client learns it from the MOVED that it gets.
      const shard: ShardId = { kind: 'u', number: 5 };
      await store.clear(shard);
      const slot = await nodes[0]!.cluster('KEYSLOT', '{u5}head');
      const ids = await Promise.all(nodes.map((node) => node.call('CLUSTER', 'MYID') as Promise<string>));
      const owner = Math.floor((3 * slot) / 16_384);
      const target = ids[(owner + 1) % 3]!;
      for (const node of [nodes[(owner + 1) % 3]!, nodes[owner]!, nodes[(owner + 2) % 3]!]) {
        await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', target);
      }
      expect(await store.commit(shard, genesis())).toBe('applied');
      expect(await keysOf(store, shard)).toEqual(['head', 'p:1', 'p:2', 'timers']);
      expect(await nodes[(owner + 1) % 3]!.exists('{u5}head')).toBe(1);

      // A master that is gone: its shards ask again, and nothing hangs.
      await cluster.nodes[(owner + 1) % 3]!.stop();
      await expect(store.read(shard, [])).rejects.toMatchObject({ name: 'RetryableError' });
      await expect(store.commit(shard, genesis())).rejects.toMatchObject({ name: 'RetryableError' });
    } finally {
      for (const node of nodes) node.disconnect();
      await connection.close();
      await cluster.stop();
    }
  });

  test('a cluster that is not there answers with an error that may be retried', async () => {
    const connection = connectRedis({ url: 'redis-cluster://127.0.0.1:1', connectTimeoutMs: 1_000 });
    await expect(new RedisStateStore(connection).read({ kind: 'u', number: 1 }, [])).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'redis-connection',
    });
    await connection.close();
  });
});

async function startCluster(): Promise<Awaited<ReturnType<typeof startRedisCluster>>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-redis-cluster-'));
  const cluster = await startRedisCluster({ dataDir });
  return {
    ...cluster,
    stop: async () => {
      await cluster.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function keysOf(store: RedisStateStore, shard: ShardId): Promise<string[]> {
  const keys: string[] = [];
  for await (const batch of store.keys(shard)) keys.push(...batch);
  return keys.sort();
}

function genesis(): ShardCommit {
  return {
    parentToken: null,
    head: Buffer.from('token001'),
    puts: [['p:1', Buffer.from('one')], ['p:2', Buffer.from('two')]],
    deletes: [],
    timersSet: [{ dueMs: 1, name: 't' }],
    timersCancelled: [],
    memos: [],
  };
}
