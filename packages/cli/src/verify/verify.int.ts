import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipelineTopics } from '@millrace/pipeline';
import { silentLogger } from '@millrace/runtime/logger';
import { connectKafka, createTopics, KafkaLog, type KafkaConnection } from '@millrace/stream/kafka/index';
import { connectRedis, RedisStateStore, type RedisConnection } from '@millrace/stream/redis/index';
import { findExecutable } from '@millrace/testkit/servers/find-executable';
import { freePort } from '@millrace/testkit/servers/free-port';
import { startRedis, type LocalRedis } from '@millrace/testkit/servers/local-redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fill, openTestWire, startWorkers, testEvents, untilLagIsZero, type TestPipeline } from '../pipeline.fixture.ts';
import { runCommandLine } from '../run-command-line.ts';
import type { Verification } from './verify-pipeline.ts';

const brokers = process.env['MILLRACE_TEST_KAFKA'];
const SHARDS = 4;
const EVENTS = 2_000;

const missing =
  brokers === undefined ? 'MILLRACE_TEST_KAFKA is not set'
  : findExecutable('redis-server') === undefined ? 'redis-server is not installed'
  : undefined;

describe.skipIf(missing !== undefined)(`the pipeline on Kafka and Redis${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  // Keys have no prefix, so the pipeline has a Redis of its own; topics have one, so the broker is shared.
  const prefix = `cli-${randomUUID().slice(0, 8)}.`;
  const redisDir = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  let server: LocalRedis;
  let kafka: KafkaConnection;
  let redis: RedisConnection;
  let log: KafkaLog;
  let pipeline: TestPipeline & { readonly store: RedisStateStore };

  beforeAll(async () => {
    server = await startRedis({ dataDir: redisDir, port: await freePort(), appendfsync: 'no' });
    kafka = await connectKafka({ brokers: brokers!.split(','), clientId: 'cli-test', logger: silentLogger });
    redis = connectRedis(server.url);
    await createTopics(kafka, pipelineTopics({ shards: SHARDS, prefix, replicationFactor: 1 }));
    log = new KafkaLog(kafka);
    const wire = await openTestWire(SHARDS, prefix);
    pipeline = { log, store: new RedisStateStore(redis), wire, shards: SHARDS, prefix };
    await fill(pipeline, testEvents(EVENTS));
    await whileWorking(() => untilLagIsZero(pipeline));
  });

  afterAll(async () => {
    log?.close();
    const admin = kafka?.client.admin();
    await admin?.connect();
    await admin?.deleteTopics({ topics: pipelineTopics({ shards: SHARDS, prefix, replicationFactor: 1 }).map(({ topic }) => topic) });
    await admin?.disconnect();
    await kafka?.close();
    await redis?.close();
    await server?.stop();
    rmSync(redisDir, { recursive: true, force: true });
  });

  async function whileWorking(action: () => Promise<void>): Promise<void> {
    const workers = startWorkers(pipeline);
    try {
      await action();
    } finally {
      await workers.stop();
    }
  }

  /** A command line against the servers of this test. */
  async function millrace(...args: string[]): Promise<{ code: number; objects: unknown[]; errors: string }> {
    let out = '';
    let errors = '';
    const where = ['--kafka', brokers!, '--redis', server.url, '--shards', String(SHARDS), '--prefix', prefix];
    const code = await runCommandLine([...args, ...where, '--json'], {
      env: {},
      write: (text) => (out += text),
      writeError: (text) => (errors += text),
      signal: new AbortController().signal,
    });
    const objects = out.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
    return { code, objects, errors };
  }

  test('verifies as equal', async () => {
    const { code, objects, errors } = await millrace('verify');
    expect(code, errors).toBe(0);
    expect(objects[0]).toMatchObject({ equal: true, events: EVENTS, evidence: { equal: true, problems: [] } });
  });

  test('verifies as different when a byte of a profile was damaged, and names it', async () => {
    const [key] = await redis.client.keys('{u2}p:*');
    const before = (await redis.client.getBuffer(key!))!;
    const damaged = Buffer.from(before);
    damaged[damaged.length - 1]! ^= 4;
    await redis.client.set(key!, damaged);
    const { code, objects } = await millrace('verify', '--shard', 'u2');
    expect(code).toBe(1);
    const { shards } = objects[0] as Verification;
    expect(shards[0]!.differences).toHaveLength(1);
    expect(shards[0]!.differences[0]).toMatchObject({ shard: 'u2', kind: 'differs', entity: `user ${key!.slice('{u2}p:'.length)}` });
    await redis.client.set(key!, before);
    expect((await millrace('verify', '--shard', 'u2')).code).toBe(0);
  });

  test.for(['u1', 'i3'])('is equal again after %s was lost and rebuilt', async (shard) => {
    await redis.client.unlink(await redis.client.keys(`{${shard}}*`));
    expect((await millrace('verify', '--shard', shard)).code).toBe(1);
    expect((await millrace('rebuild', '--shard', shard)).objects).toMatchObject([{ shard, outcome: 'would-write' }]);
    expect((await millrace('verify', '--shard', shard)).code).toBe(1);
    expect((await millrace('rebuild', '--shard', shard, '--yes')).objects).toMatchObject([{ shard, outcome: 'written' }]);
    expect((await millrace('rebuild', '--shard', shard, '--yes')).code).toBe(1);
    expect((await millrace('verify')).code).toBe(0);
    // The last batch of a user shard is left to the worker that claims it, so that it is announced in any case.
    await whileWorking(() => untilLagIsZero(pipeline));
    const { code, objects } = await millrace('verify');
    expect(code).toBe(0);
    expect(objects[0]).toMatchObject({ equal: true, events: EVENTS });
  });

  test('verifies as equal while the pipeline works', async () => {
    await whileWorking(async () => {
      const filling = fill(pipeline, testEvents(EVENTS, EVENTS));
      const { code, objects, errors } = await millrace('verify');
      await filling;
      expect(code, errors + JSON.stringify(objects)).toBe(0);
      await untilLagIsZero(pipeline);
    });
    const [after] = (await millrace('verify')).objects as Verification[];
    expect(after).toMatchObject({ equal: true });
    // An order in the middle belongs to one half or to the other, with all its lines.
    expect(after!.events).toBeGreaterThan(2 * EVENTS - 10);
  });

  test('says in one sentence that a server cannot be reached', async () => {
    let errors = '';
    const code = await runCommandLine(['verify', '--kafka', brokers!, '--redis', `redis://127.0.0.1:${await freePort()}`, '--prefix', prefix, '--shards', '1'], {
      env: {},
      write: () => undefined,
      writeError: (text) => (errors += text),
      signal: new AbortController().signal,
    });
    expect(code).toBe(3);
    expect(errors).toMatch(/Redis at 127\.0\.0\.1:\d+/);
    expect(errors).not.toMatch(/\n\s+at /);
  });
});
