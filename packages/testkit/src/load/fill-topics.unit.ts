import { partitionOf } from '@millrace/events/partition';
import { MemoryLog } from '@millrace/stream/memory-log';
import type { Append, Log, NewRecord } from '@millrace/stream/log';
import { describe, expect, test } from 'vitest';
import type { WireEvent } from '../shop/wire-event.ts';
import { generatedLoad } from './bench-loads.ts';
import { fillTopics, type Filled } from './fill-topics.ts';

const encode = (event: WireEvent): NewRecord => ({ key: Buffer.from(event.key), value: Buffer.from(JSON.stringify(event.payload)) });

const PARTITIONS = 3;
const events = [...generatedLoad({ users: 40, items: 300, events: 3_000, seed: 1 })];

function memoryLog(): MemoryLog {
  const log = new MemoryLog(() => 0);
  for (const topic of ['clickstream', 'purchases']) log.createTopic(topic, PARTITIONS);
  return log;
}

/** A log that appends into `log` and remembers how many appends were under way at once, and each one's size. */
function watched(log: Log) {
  const seen = { most: 0, underWay: 0, partitionBytes: [] as number[], appends: 0 };
  const append = async (requests: readonly Append[]): Promise<number[]> => {
    seen.appends += 1;
    seen.underWay += 1;
    seen.most = Math.max(seen.most, seen.underWay);
    for (const { records } of requests) {
      seen.partitionBytes.push(records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0));
    }
    await new Promise((resolve) => setImmediate(resolve));
    const offsets = await log.append(requests);
    seen.underWay -= 1;
    return offsets;
  };
  return { seen, log: { append, fetch: log.fetch.bind(log), bounds: log.bounds.bind(log) } satisfies Log };
}

describe('filling topics', () => {
  test('puts every record into the partition of its key, in order', async () => {
    const log = memoryLog();
    const filled = await fillTopics(log, events, { partitions: PARTITIONS, encode });
    expect(filled.records).toBe(events.length);
    expect(filled.events).toBe(events.reduce((sum, event) => sum + event.events, 0));
    for (const topic of ['clickstream', 'purchases'] as const) {
      expect(filled.recordsByTopic.get(topic)).toBe(events.filter((event) => event.topic === topic).length);
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        const expected = events.filter((event) => event.topic === topic && partitionOf(event.key, PARTITIONS) === partition);
        expect(expected.length).toBeGreaterThan(0);
        expect(log.recordsOf(topic, partition).map((record) => record.value!.toString())).toEqual(
          expected.map((event) => JSON.stringify(event.payload)),
        );
      }
    }
  });

  test('cuts appends by bytes, has one under way at a time and reports progress', async () => {
    const inner = memoryLog();
    const { log, seen } = watched(inner);
    const filler = Buffer.alloc(10_000);
    const progress: Filled[] = [];
    const filled = await fillTopics(log, events, {
      partitions: PARTITIONS,
      encode: (event) => ({ key: Buffer.from(event.key), value: filler }),
      onProgress: (done) => progress.push(done),
    });
    expect(seen.appends).toBeGreaterThan(5);
    expect(seen.most).toBe(1);
    expect(Math.max(...seen.partitionBytes)).toBeLessThan(1 << 20);
    expect(progress).toHaveLength(seen.appends);
    expect(progress.at(-1)).toEqual(filled);
    expect(progress[0]!.records).toBeLessThan(progress[1]!.records);
  });

  test('uses the broker\'s names of the topics', async () => {
    const log = new MemoryLog(() => 0);
    log.createTopic('staging.clickstream', PARTITIONS);
    const views = events.filter((event) => event.topic === 'clickstream');
    await fillTopics(log, views, { partitions: PARTITIONS, encode, topicName: (topic) => `staging.${topic}` });
    const bounds = await log.bounds([0, 1, 2].map((partition) => ({ topic: 'staging.clickstream', partition })));
    expect(bounds.reduce((sum, { next }) => sum + next, 0)).toBe(views.length);
  });

  test('throws what the log throws and stops on a signal', async () => {
    const broken = watched(memoryLog()).log;
    broken.append = async () => Promise.reject(new Error('The disk is full.'));
    await expect(fillTopics(broken, events, { partitions: PARTITIONS, encode })).rejects.toThrow('The disk is full.');
    const filled = await fillTopics(memoryLog(), events, { partitions: PARTITIONS, encode, signal: AbortSignal.abort() });
    expect(filled.records).toBe(0);
  });
});
