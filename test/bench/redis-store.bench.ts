/**
 * What the Redis state store costs: µs of CPU per key, in this process and in the server.
 *
 *   node test/bench/redis-store.bench.ts [--bytes 560] [--keys 100000]
 *
 * Works on `MILLRACE_TEST_REDIS` if that is set, otherwise on a `redis-server` of its own. Prints one JSON object. CPU
 * time is steadier than throughput where others use the machine too; the least of five rounds is shown.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { sharedOrFreshRedis } from '@millrace/stream/behaviour/redis-for-tests';
import { connectRedis, parseInfo, RedisStateStore, type RedisConnection } from '@millrace/stream/redis/index';
import type { ShardId } from '@millrace/stream/state-store';

const { values: options } = parseArgs({
  options: { bytes: { type: 'string', default: '560' }, keys: { type: 'string', default: '100000' } },
});
const VALUE_BYTES = Number(options.bytes);
const KEYS_PER_ROUND = Number(options.keys);
const BATCHES = [50, 300, 1_000, 5_000] as const;
const ROUNDS = 5;
const PREFIX_BYTES = 8;
const SHARD: ShardId = { kind: 'u', number: 9_999_999 };

interface Cost {
  readonly clientUs: number;
  readonly serverUs: number;
  readonly keysPerSecond: number;
}

const redis = await sharedOrFreshRedis();
const connection = connectRedis(redis.url);
const store = new RedisStateStore(connection);
let lastToken = 0;
let parentToken: Buffer | null = null;

try {
  await store.clear(SHARD);
  const version = parseInfo(await connection.client.info('server')).get('redis_version');
  const results: Record<string, Record<string, Cost>> = {};
  for (const batch of BATCHES) {
    const puts = Array.from({ length: batch }, (_, i) => [`p:${i}`, Buffer.alloc(VALUE_BYTES, i)] as const);
    const keys = puts.map(([key]) => key);
    const calls = Math.ceil(KEYS_PER_ROUND / batch);
    results[`batch of ${batch}`] = {
      commit: await costOf(calls, batch, () => commit(puts)),
      read: await costOf(calls, batch, () => store.read(SHARD, keys)),
      'peek whole': await costOf(calls, batch, () => store.peek(SHARD, keys)),
      [`peek ${PREFIX_BYTES} bytes`]: await costOf(calls, batch, () => store.peek(SHARD, keys, PREFIX_BYTES)),
    };
  }
  const conditions = { redis: version, node: process.version, cores: cpus().length, load: loadavg()[0], valueBytes: VALUE_BYTES };
  console.log(JSON.stringify({ conditions, results }, null, 2));
} finally {
  await store.clear(SHARD);
  await connection.close();
  await redis.stop();
}

async function commit(puts: readonly (readonly [string, Buffer])[]): Promise<void> {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(++lastToken);
  const outcome = await store.commit(SHARD, { parentToken, head, puts, deletes: [], timersSet: [], timersCancelled: [], memos: [] });
  if (outcome !== 'applied') throw new Error(`A commit of the bench was ${outcome}.`);
  parentToken = head;
}

async function costOf(calls: number, keysPerCall: number, call: () => Promise<unknown>): Promise<Cost> {
  const rounds: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const serverBefore = await serverCpuUs(connection);
    const clientBefore = process.cpuUsage();
    const startMs = performance.now();
    for (let i = 0; i < calls; i++) await call();
    const elapsedMs = performance.now() - startMs;
    const client = process.cpuUsage(clientBefore);
    const server = (await serverCpuUs(connection)) - serverBefore;
    const keys = calls * keysPerCall;
    rounds.push({
      clientUs: round2((client.user + client.system) / keys),
      serverUs: round2(server / keys),
      keysPerSecond: Math.round((keys / elapsedMs) * 1_000),
    });
  }
  // The first round warms up the compiler.
  const warm = rounds.slice(1);
  return {
    clientUs: Math.min(...warm.map(({ clientUs }) => clientUs)),
    serverUs: Math.min(...warm.map(({ serverUs }) => serverUs)),
    keysPerSecond: Math.max(...warm.map(({ keysPerSecond }) => keysPerSecond)),
  };
}

async function serverCpuUs({ client }: RedisConnection): Promise<number> {
  const info = parseInfo(await client.info('cpu'));
  return (Number(info.get('used_cpu_user')) + Number(info.get('used_cpu_sys'))) * 1e6;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
