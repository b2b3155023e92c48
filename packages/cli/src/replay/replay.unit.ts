import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventEncoder, partitionOf } from '@millrace/events';
import { MemoryLog } from '@millrace/stream/memory-log';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileRecords, parseReplayLine, shopRecords, type ReplayRecord } from './replay-source.ts';
import { sendRecords, type ReplayClock } from './send-records.ts';

const PARTITIONS = 4;
const ALL = { fromMs: undefined, limitEvents: undefined };

/** Time passes only while somebody sleeps. */
class FakeClock implements ReplayClock {
  now = 1_000_000;
  readonly sleeps: number[] = [];
  nowMs(): number {
    return this.now;
  }
  async sleep(ms: number): Promise<void> {
    this.sleeps.push(ms);
    this.now += ms;
  }
}

let directory: string;
let log: MemoryLog;
let clock: FakeClock;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-replay-'));
  clock = new FakeClock();
  log = new MemoryLog(() => clock.now);
  for (const topic of ['x.clickstream', 'x.purchases', 'x.customers', 'x.catalog']) log.createTopic(topic, PARTITIONS);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function file(lines: readonly unknown[]): string {
  const path = join(directory, 'events.jsonl');
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

function view(key: string, timeMs: number): unknown {
  return { topic: 'clickstream', key, payload: { eventId: `${key}-${timeMs}`, timeMs, kind: 'view', userId: key, itemId: 'a' } };
}

function send(records: Iterable<ReplayRecord> | AsyncIterable<ReplayRecord>, speed: number, signal = new AbortController().signal) {
  return sendRecords(log, records, {
    partitions: PARTITIONS,
    topicName: (topic) => `x.${topic}`,
    speed,
    signal,
    clock,
    onProgress: () => undefined,
  });
}

async function collect(records: AsyncIterable<ReplayRecord>): Promise<ReplayRecord[]> {
  const all: ReplayRecord[] = [];
  for await (const record of records) all.push(record);
  return all;
}

/** Append times and keys of a topic, all partitions. */
function appended(topic: string): { key: string; atMs: number }[] {
  const all = Array.from({ length: PARTITIONS }, (_, partition) => log.recordsOf(topic, partition)).flat();
  return all.map(({ key, timestampMs }) => ({ key: String(key), atMs: timestampMs - 1_000_000 })).sort((a, b) => a.atMs - b.atMs);
}

describe('replay', () => {
  test('keeps the distances of event time, divided by the speed', async () => {
    const path = file([view('a', 0), view('b', 60_000), view('c', 60_000), view('d', 180_000)]);
    const sent = await send(fileRecords(path, ALL), 60);
    expect(sent).toEqual({ records: 4, events: 4, timeMs: 180_000 });
    expect(appended('x.clickstream').map(({ atMs }) => atMs)).toEqual([0, 1_000, 1_000, 3_000]);
  });

  test('sends facts at once, and lets the first event begin the time', async () => {
    const fact = { topic: 'catalog', key: 'a', payload: { timeMs: 0, itemId: 'a', name: 'A' } };
    await send(fileRecords(file([fact, view('u', 7 * 86_400_000), view('u', 7 * 86_400_000 + 5_000)]), ALL), 1);
    expect(clock.sleeps).toEqual([5_000]);
  });

  test('does not wait at all with the greatest speed', async () => {
    await send(fileRecords(file([view('a', 0), view('a', 1e12)]), ALL), Number.POSITIVE_INFINITY);
    expect(clock.sleeps).toEqual([]);
  });

  test('puts each record into the partition of its key, in order, with the payload as it came', async () => {
    const lines = ['a', 'b', 'c', 'ü', 'a'].map((key, i) => view(key, i));
    await send(fileRecords(file(lines), ALL), Number.POSITIVE_INFINITY);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const mine = (lines as { key: string; payload: unknown }[]).filter(({ key }) => partitionOf(key, PARTITIONS) === partition);
      const found = log.recordsOf('x.clickstream', partition).map(({ key, value }) => ({ key: String(key), payload: JSON.parse(String(value)) as unknown }));
      expect(found).toEqual(mine.map(({ key, payload }) => ({ key, payload })));
    }
  });

  test('begins at a time and stops after a number of events; an order counts its lines', async () => {
    const order = { topic: 'purchases', key: 'b', payload: { timeMs: 20, lines: [{}, {}] } };
    const records = await collect(fileRecords(file([view('a', 10), order, view('c', 30), view('d', 40)]), { fromMs: 15, limitEvents: 3 }));
    expect(records.map(({ key }) => key)).toEqual(['b', 'c']);
  });

  test('stops between two records when it is interrupted', async () => {
    const interruption = new AbortController();
    async function* endless(): AsyncGenerator<ReplayRecord> {
      for (let i = 0; ; i++) {
        if (i === 5) interruption.abort();
        yield parseReplayLine(JSON.stringify(view('a', i)), 'a line');
      }
    }
    expect((await send(endless(), Number.POSITIVE_INFINITY, interruption.signal)).records).toBe(5);
  });

  test('takes a payload of null as a tombstone', () => {
    expect(parseReplayLine('{"topic":"customers","key":"u","payload":null}', 'a line').record.value).toBeNull();
  });

  test.for([
    ['nonsense', 'Line 1 is not JSON.'],
    ['7', 'Line 1 has no topic of clickstream, purchases, customers, catalog.'],
    ['{"topic":"user-journal","key":"a","payload":{}}', 'Line 1 has no topic of clickstream, purchases, customers, catalog.'],
    ['{"topic":"catalog","payload":{}}', "Line 1 has no key: the user's or the item's id."],
    ['{"topic":"catalog","key":"a","payload":[]}', 'Line 1 has no payload that is an object or null.'],
    ['{"topic":"catalog","key":"a"}', 'Line 1 has no payload that is an object or null.'],
  ] as const)('%s', ([line, message]) => {
    expect(() => parseReplayLine(line, 'line 1')).toThrow(message);
  });

  test('says which file cannot be read', async () => {
    await expect(collect(fileRecords(join(directory, 'nothing'), ALL))).rejects.toThrow(/nothing cannot be read \(ENOENT\)/);
  });

  test('reads the shop as Avro', () => {
    const records = [...shopRecords(new EventEncoder(), { fromMs: Date.UTC(2010, 11, 6), limitEvents: 20 })];
    expect(records.reduce((total, { events }) => total + events, 0)).toBeGreaterThanOrEqual(20);
    expect(records.every(({ record }) => record.value?.[0] === 0)).toBe(true);
    expect(records.find(({ events }) => events > 0)!.timeMs).toBeGreaterThan(Date.UTC(2010, 10, 28));
  });
});
