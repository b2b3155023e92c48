import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from './free-port.ts';
import { startKafka } from './local-kafka.ts';
import { startRedis } from './local-redis.ts';
import { processStartTicks } from './process-cpu.ts';
import { startServers } from './servers.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'millrace-servers-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

async function untilGone(pid: number): Promise<void> {
  await expect.poll(() => processStartTicks(pid), { timeout: 120_000 }).toBeUndefined();
}

describe('a Redis of our own', () => {
  test('keeps its data over a stop and a start', async () => {
    const port = await freePort();
    const first = await startRedis({ dataDir, port });
    await withRedis(first.url, (redis) => redis.set('kept', 'yes'));
    expect(first.residentBytes()).toBeGreaterThan(1_000_000);
    await first.stop();
    expect(first.running()).toBe(false);
    const second = await startRedis({ dataDir, port });
    expect(await withRedis(second.url, (redis) => redis.get('kept'))).toBe('yes');
    await second.stop();
  });

  test('is set up as the engine needs it', async () => {
    const server = await startRedis({ dataDir, port: await freePort() });
    const settings = await withRedis(server.url, (redis) => redis.config('GET', 'maxmemory-policy', 'appendonly', 'appendfsync'));
    expect(Object.fromEntries(Array.isArray(settings) ? pairs(settings as string[]) : Object.entries(settings as object))).toEqual({
      'maxmemory-policy': 'noeviction',
      'appendonly': 'yes',
      'appendfsync': 'everysec',
    });
    await server.stop();
  });

  test('refuses a data directory that a living process uses, by name and with the way out', async () => {
    const server = await startRedis({ dataDir, port: await freePort() });
    const file = join(dataDir, 'server.pid');
    // The owner is this process in truth; say that it is the parent, which lives too.
    const owned = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
    writeFileSync(file, JSON.stringify({ ...owned, ownerPid: process.ppid, ownerStartTicks: processStartTicks(process.ppid) }));
    await expect(startRedis({ dataDir, port: await freePort() })).rejects.toThrow(
      `${dataDir} is in use by the Redis of another Millrace process (pid ${process.ppid}): stop that process or choose another directory with --data-dir.`,
    );
    await server.stop();
  });

  test('ends when its owner is killed, and the next start finds what was written', async () => {
    const port = await freePort();
    const script = `
      import { startRedis } from ${JSON.stringify(join(import.meta.dirname, 'local-redis.ts'))};
      const server = await startRedis({ dataDir: ${JSON.stringify(dataDir)}, port: ${port} });
      console.log(server.pid);
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await withRedis(`redis://127.0.0.1:${port}`, (redis) => redis.set('kept', 'yes'));
    owner.kill('SIGKILL');
    await untilGone(pid);
    const next = await startRedis({ dataDir, port });
    expect(await withRedis(next.url, (redis) => redis.get('kept'))).toBe('yes');
    await next.stop();
  });
});

describe('a port that somebody else has', () => {
  test.for(['Kafka', 'Redis'] as const)('is named for %s together with the option that chooses another', async (name) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const start = name === 'Kafka' ? startKafka({ dataDir, port }) : startRedis({ dataDir, port });
    await expect(start).rejects.toThrow(
      `Port ${port}, which ${name} needs, is taken by another program: stop that program or choose another port with --${name.toLowerCase()}-port.`,
    );
    other.close();
  });
});

describe('a Kafka of our own', () => {
  test('keeps its topics and records over a stop and a start, also on another port', async () => {
    const first = await startKafka({ dataDir, port: await freePort() });
    const kafka = new Kafka({ brokers: [first.brokers], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 2 }], waitForLeaders: true });
    await admin.disconnect();
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: 'kept', messages: [{ partition: 1, value: 'a' }, { partition: 1, value: 'b' }] });
    await producer.disconnect();
    const [pid] = first.pids();
    expect(first.cpuSeconds()).toBeGreaterThan(0);
    await first.stop();
    expect(first.pids()).toEqual([]);
    await untilGone(pid ?? 0);

    const second = await startKafka({ dataDir, port: await freePort() });
    const again = new Kafka({ brokers: [second.brokers], logLevel: logLevel.NOTHING }).admin();
    await again.connect();
    const offsets = await again.fetchTopicOffsets('kept');
    expect(offsets.map(({ partition, high }) => [partition, high]).sort()).toEqual([[0, '0'], [1, '2']]);
    await again.disconnect();
    await second.stop();
  });
});

describe('startServers', () => {
  test('takes the addresses given, and what it starts itself it removes when told to', async () => {
    const given = process.env['MILLRACE_TEST_KAFKA'] ?? '';
    const servers = await startServers({ dataDir, want: 'local', data: 'discard', given: { kafka: given } });
    expect(servers.kafka.address).toBe(given);
    expect(servers.kafka.usage()).toBeUndefined();
    expect(servers.redis.usage()?.residentBytes).toBeGreaterThan(1_000_000);
    expect(existsSync(join(dataDir, 'redis'))).toBe(true);
    await servers.stop();
    expect(existsSync(join(dataDir, 'redis'))).toBe(false);
  });

  test('empties the directory of an earlier run when told to', async () => {
    const given = { kafka: 'unused:9092' };
    const first = await startServers({ dataDir, want: 'local', given });
    await withRedis(first.redis.address, (redis) => redis.set('kept', 'yes'));
    await first.stop();
    const kept = await startServers({ dataDir, want: 'local', given });
    expect(await withRedis(kept.redis.address, (redis) => redis.dbsize())).toBe(1);
    await kept.stop();
    const emptied = await startServers({ dataDir, want: 'local', given, data: 'empty-first' });
    expect(await withRedis(emptied.redis.address, (redis) => redis.dbsize())).toBe(0);
    await emptied.stop();
  });
});

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index] ?? '', flat[2 * index + 1] ?? '']);
}
