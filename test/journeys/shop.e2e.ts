import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeShop, avroRecords, fillTopics, jsonRecord, shopEvents, type WireEvent } from '@millrace/testkit';
import { parseStartOptions, type StartOptions } from '@millrace/cli/start/options';
import { RunningPipeline } from '@millrace/cli/start/running-pipeline';
import { verifyPipeline } from '@millrace/cli/verify/verify-pipeline';
import { DEAD_LETTER_HEADERS } from '@millrace/stream/dead-letters';
import { readLog } from '@millrace/stream/journal';
import type { LogRecord } from '@millrace/stream/log';
import { partitionOf, type WireRecommendations } from '@millrace/events';

/**
 * The whole pipeline, as a shop would run it: real Kafka, real Redis, both services as processes. Workers are killed in
 * the middle of the stream; at the end the state must be the fold of the log, and every output there once.
 */

const SHARDS = 4;
const EVENTS = 5_000;
const FOLDED_WITHIN_MS = 120_000;
const BROKEN = ['{"kind":"view"', 'not an event at all', '{"kind":"view","eventId":"e","timeMs":-5,"userId":"17850","itemId":"x"}'];

let dataDir: string;
let pipeline: RunningPipeline;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'millrace-journey-'));
  const options = parseStartOptions(['--data-dir', dataDir, '--shards', String(SHARDS)], dataDir) as StartOptions;
  pipeline = await RunningPipeline.open(options, () => undefined);
  await pipeline.startServices({ MILLRACE_CLOCK_TICK_EVERY_MS: '0', MILLRACE_ENGINE_BATCH_LIMIT_RECORDS: '100', MILLRACE_ENGINE_COALESCE_LAG_MS: '86400000' });
});

afterAll(async () => {
  await pipeline?.stop(() => undefined);
  await rm(dataDir, { recursive: true, force: true });
});

test('clicks and orders become exact state and lists, although workers are killed on the way', async () => {
  const { log, wire } = pipeline;
  const events = [...shopEvents({ seed: 7, maxEvents: EVENTS })];
  const encode = avroRecords(wire.encoder);
  // The last ones, most of them lines of orders, come when all is well again.
  const late = events.length - 100;
  const third = Math.ceil(late / 3);
  await fill(events.slice(0, third), encode);
  // Something has been learned before anybody is killed: what is rendered later has counts to stand on.
  await waitUntilFolded();
  await fill(events.slice(third, 2 * third), encode);
  await pipeline.killService('user-stream');
  await pipeline.startService('user-stream');
  await pipeline.killService('item-stream');
  // Apps without Avro write JSON to the same topics.
  await fill(events.slice(2 * third, late), jsonRecord);
  await appendBroken();
  await pipeline.startService('item-stream');
  await waitUntilFolded();
  await fill(events.slice(late), encode);
  await waitUntilFolded();

  const verification = await verifyPipeline({ log, store: pipeline.store, wire, shards: SHARDS });
  const differences = verification.shards.flatMap((shard) => shard.differences);
  expect(differences).toEqual([]);
  expect(verification.equal).toBe(true);
  const clicksAndLines = events.reduce((sum, event) => sum + event.events, 0);
  // A few lines are postage and the like: cleaned before they are folded.
  expect(verification.events).toBeGreaterThan(clicksAndLines * 0.99);
  expect(verification.events).toBeLessThanOrEqual(clicksAndLines);

  const names = describeShop();
  const lists = await readLists();
  expect(lists.size).toBeGreaterThan(100);
  const ofKnownItems = [...lists.values()].filter(({ items }) => items.every(({ itemId }) => names.has(itemId)));
  expect(ofKnownItems.length).toBe(lists.size);
  const placements = new Set([...lists.values()].map(({ placement }) => placement));
  expect(placements).toEqual(new Set(['next', 'after-purchase']));
  for (const { items } of lists.values()) {
    expect(items.length).toBeGreaterThan(0);
    for (const { because } of items) expect(because.length).toBeGreaterThan(0);
  }

  const dead = await readAll(wire.topics.deadLetters);
  const byId = new Map(dead.map(({ headers, value }) => [headers![DEAD_LETTER_HEADERS.id]!.toString(), value!.toString()]));
  expect([...byId.values()].sort()).toEqual([...BROKEN].sort());
});

test('the workers say of themselves what Prometheus and Kubernetes ask', async () => {
  const [item, user] = [pipeline.healthUrlOf('item-stream'), pipeline.healthUrlOf('user-stream')];
  for (const url of [item, user]) {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  }
  const metrics = await (await fetch(`${user}/metrics`)).text();
  expect(metrics).toMatch(/^millrace_shards_claimed 4$/m);
  expect(metrics).toMatch(/^millrace_list_latency_seconds_count [1-9]/m);
  expect(metrics).toMatch(/^millrace_shard_lag_records\{shard="0"\} 0$/m);
});

function fill(events: readonly WireEvent[], encode: Parameters<typeof fillTopics>[2]['encode']): Promise<unknown> {
  return fillTopics(pipeline.log, events, { partitions: SHARDS, encode });
}

async function appendBroken(): Promise<void> {
  const key = Buffer.from('17850');
  const records = BROKEN.map((text) => ({ key, value: Buffer.from(text) }));
  await pipeline.log.append([{ topic: pipeline.wire.topics.clickstream, partition: partitionOf('17850', SHARDS), records }]);
}

async function waitUntilFolded(): Promise<void> {
  const deadlineMs = Date.now() + FOLDED_WITHIN_MS;
  for (;;) {
    const lag = await pipeline.lag();
    if (lag.users + lag.items === 0) return;
    if (Date.now() > deadlineMs) throw new Error(`Still ${lag.users} records and ${lag.items} of evidence to fold.`);
    await sleep(100);
  }
}

/** Lists by id; the first one of an id counts. */
async function readLists(): Promise<Map<string, WireRecommendations>> {
  const lists = new Map<string, WireRecommendations>();
  for (const { value } of await readAll(pipeline.wire.topics.recommendations)) {
    const list = pipeline.wire.encoder.decodeRecommendations(value!);
    if (!lists.has(list.id)) lists.set(list.id, list);
  }
  return lists;
}

async function readAll(topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (let partition = 0; partition < SHARDS; partition++) {
    const [bounds] = await pipeline.log.bounds([{ topic, partition }]);
    records.push(...(await readLog(pipeline.log, topic, partition, bounds!.first, bounds!.next)));
  }
  return records;
}
