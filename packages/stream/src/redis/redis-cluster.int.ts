import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startRedisCluster, type LocalRedisCluster } from '@millrace/testkit/servers/redis-cluster';
import { startBreakableProxy } from '@millrace/testkit/network/breakable-proxy';
import { everything, genesis } from '../behaviour/example-commits.ts';
import { NO_REDIS_SERVER } from '../behaviour/redis-for-tests.ts';
import { stateStoreSuite } from '../behaviour/state-store.suite.ts';
import type { ShardId } from '../state-store.ts';
import { checkRedis } from './redis-check.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import { RedisStateStore } from './redis-state-store.ts';

/** What `everything()` writes. */
const KEYS = ['head', 'm:1', 'p:1', 'p:2', 'timers'];
const WAIT = { timeout: 60_000, interval: 20 };
const because = NO_REDIS_SERVER === undefined ? '' : ` (skipped: ${NO_REDIS_SERVER})`;

describe.skipIf(NO_REDIS_SERVER !== undefined)(`on a cluster of three masters${because}`, () => {
  let cluster: LocalRedisCluster;
  let nodes: Redis[];
  let connection: RedisConnection;
  let store: RedisStateStore;
  const dataDir = join(tmpdir(), `millrace-redis-cluster-${process.pid}`);

  beforeAll(async () => {
    cluster = await startRedisCluster({ dataDir });
    nodes = cluster.nodes.map(({ port }) => new Redis({ port, protocol: 2 }));
    connection = connectRedis(cluster.url);
    store = new RedisStateStore(connection);
  });
  afterAll(async () => {
    for (const node of nodes) node.disconnect();
    await connection.close();
    await cluster.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  stateStoreSuite('Redis Cluster', async () => {
    const second = connectRedis(cluster.url);
    return { store, other: new RedisStateStore(second), release: () => second.close() };
  });

  test('shards spread over the masters, each whole on one of them', async () => {
    const shards = Array.from({ length: 16 }, (_, number): ShardId => ({ kind: 'u', number }));
    for (const shard of shards) await store.commit(shard, genesis(1, everything()));
    const held = await Promise.all(nodes.map((node) => node.dbsize()));
    expect(held.every((keys) => keys > 0)).toBe(true);
    expect(held.reduce((sum, keys) => sum + keys)).toBe(16 * KEYS.length);
    for (const shard of shards) {
      expect(await keysOf(store, shard)).toEqual(KEYS);
      expect((await store.memoryBytes(shard)).keys).toBe(KEYS.length);
      await store.clear(shard);
    }
    expect(await checkRedis(connection)).toEqual([]);
  });

  test('a slot that has moved to another master is followed', async () => {
    const shard: ShardId = { kind: 'u', number: 5 };
    expect(await store.commit(shard, genesis(1, everything()))).toBe('applied');
    await store.clear(shard);
    const [owner, target] = await ownerAndNext('{u5}head');
    const slot = await nodes[0]!.cluster('KEYSLOT', '{u5}head');
    const id = await nodes[target]!.cluster('MYID');
    for (const node of [nodes[target]!, nodes[owner]!, ...nodes]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', id);
    expect(await store.commit(shard, genesis(1, everything()))).toBe('applied');
    expect(await keysOf(store, shard)).toEqual(KEYS);
    expect(await nodes[target]!.exists('{u5}head')).toBe(1);
    await store.clear(shard);
  });

  test('nothing is sent again by itself: a lost reply counts once', async () => {
    const shard: ShardId = { kind: 'u', number: 6 };
    const proxies = await Promise.all(cluster.nodes.map(({ port }) => startBreakableProxy('127.0.0.1', port)));
    const announce = async (ports: readonly number[]): Promise<void> => {
      await Promise.all(nodes.map((node, i) => node.config('SET', 'cluster-announce-port', ports[i] ?? 0)));
      // Each master must have heard it from the others before a client asks one of them.
      for (const node of nodes) {
        await vi.waitFor(async () => {
          const slots = JSON.stringify(await node.cluster('SLOTS'));
          for (const [i, { port }] of cluster.nodes.entries()) expect(slots).toContain(String(ports[i] ?? port));
        }, WAIT);
      }
    };
    await announce(proxies.map(({ port }) => port));
    const lossy = connectRedis(`redis-cluster://127.0.0.1:${proxies[0]!.port}`);
    const lossyStore = new RedisStateStore(lossy);
    try {
      const token = Buffer.from('token001');
      expect(await lossyStore.countAttempt(shard, token, 'first')).toMatchObject({ attempts: 1 });
      const [owner] = await ownerAndNext('{u6}head');
      proxies[owner]!.loseNextReply();
      await expect(lossyStore.countAttempt(shard, token, 'lost')).rejects.toMatchObject({
        name: 'RetryableError',
        code: 'redis-connection',
      });
      expect(await store.countAttempt(shard, token, 'third')).toEqual({ attempts: 3, previousMark: 'lost' });
      await vi.waitFor(async () => expect((await lossyStore.countAttempt(shard, token, 'x')).attempts).toBeGreaterThan(3), WAIT);
    } finally {
      await lossy.close();
      await announce([]);
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await store.clear(shard);
    }
  });

  test('a master that is gone: its shards ask again, and nothing hangs', async () => {
    const shard: ShardId = { kind: 'u', number: 7 };
    expect(await store.commit(shard, genesis(1, everything()))).toBe('applied');
    const [owner] = await ownerAndNext('{u7}head');
    await cluster.nodes[owner]!.stop();
    for (let i = 0; i < 3; i++) {
      await expect(store.read(shard, [])).rejects.toMatchObject({ name: 'RetryableError' });
      await expect(store.commit(shard, genesis(1, everything()))).rejects.toMatchObject({ name: 'RetryableError' });
    }
  });

  test('a cluster that is not there answers with an error that may be retried', async () => {
    const nowhere = connectRedis({ url: 'redis-cluster://127.0.0.1:1', connectTimeoutMs: 1_000 });
    await expect(new RedisStateStore(nowhere).read({ kind: 'u', number: 1 }, [])).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'redis-connection',
    });
    await nowhere.close();
  });

  /** Index of the master that serves the key's slot, and of the one after it. */
  async function ownerAndNext(key: string): Promise<[owner: number, next: number]> {
    // The others answer MOVED.
    const serves = await Promise.all(nodes.map((node) => node.exists(key).then(() => true, () => false)));
    const owner = serves.indexOf(true);
    return [owner, (owner + 1) % nodes.length];
  }
});

async function keysOf(store: RedisStateStore, shard: ShardId): Promise<string[]> {
  const keys: string[] = [];
  for await (const batch of store.keys(shard)) keys.push(...batch);
  return keys.sort();
}
