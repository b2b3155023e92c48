import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@millrace/runtime/logger';
import { RetryableError } from '@millrace/stream/errors';
import { connectKafka, createTopics, KafkaLog, type KafkaConnection } from '@millrace/stream/kafka/index';
import { freePorts } from '@millrace/testkit/servers/free-port';
import { startKafka, type LocalKafka } from '@millrace/testkit/servers/local-kafka';
import { afterAll, beforeAll, expect, test } from 'vitest';

const TOPIC = 'moving';
const PARTITIONS = 6;
/** Appends of one partition that are under way at a time: enough for one to overtake another, if that could happen. */
const IN_FLIGHT = 4;
const APPENDS_BETWEEN_FAULTS = 600;
/** A restart takes seconds; without a pause the writers would fill them with work for the machine and nothing to learn. */
const PAUSE_BETWEEN_APPENDS_MS = 10;

let kafka: LocalKafka;
let connection: KafkaConnection;
let dataDir: string;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'millrace-leader-move-'));
  const [port = 0] = await freePorts(1);
  kafka = await startKafka({ dataDir, port, brokers: 3 });
  connection = await connectKafka({ brokers: kafka.brokers.split(','), clientId: 'leader-move', logger: silentLogger, requestTimeoutMs: 5_000 });
  await createTopics(connection, [{ topic: TOPIC, partitions: PARTITIONS, replicationFactor: 3, config: { 'min.insync.replicas': '2' } }]);
});

afterAll(async () => {
  await connection?.close();
  await kafka?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test('brokers are killed and come back while many append and read: nothing acknowledged is lost or overtaken', async () => {
  const log = new KafkaLog(connection, { deliveryTimeoutMs: 60_000 });
  const acknowledged: [partition: number, offset: number, value: string][] = [];
  let isOver = false;

  /** Keeps {@link IN_FLIGHT} appends under way, each with the next number. */
  async function write(partition: number): Promise<void> {
    const underWay = new Set<Promise<void>>();
    for (let n = 0; !isOver; n++) {
      const value = `${partition}:${n}`;
      const append = log.append([{ topic: TOPIC, partition, records: [{ key: null, value: Buffer.from(value) }] }]).then(([offset]) => {
        acknowledged.push([partition, offset!, value]);
        underWay.delete(append);
      });
      underWay.add(append);
      if (underWay.size >= IN_FLIGHT) await Promise.race(underWay);
      await pause(PAUSE_BETWEEN_APPENDS_MS);
    }
    await Promise.all(underWay);
  }

  const read = Array.from({ length: PARTITIONS }, () => new Map<number, string>());
  async function readAlong(ends: () => readonly number[] | undefined): Promise<void> {
    const positions = read.map((_, partition) => ({ topic: TOPIC, partition, offset: 0, maxBytes: 1_000_000 }));
    while (ends() === undefined || positions.some(({ partition, offset }) => offset < ends()![partition]!)) {
      try {
        for (const { partition, records, nextOffset, outOfRange } of await log.fetch(positions, 200)) {
          expect(outOfRange).toBe(false);
          for (const { offset, value } of records) read[partition]!.set(offset, value!.toString());
          positions[partition]!.offset = nextOffset;
        }
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        await pause(50);
      }
    }
  }

  let ends: number[] | undefined;
  const writers = Array.from({ length: PARTITIONS }, (_, partition) => write(partition));
  const reader = readAlong(() => ends);

  async function progress(): Promise<void> {
    const until = acknowledged.length + APPENDS_BETWEEN_FAULTS;
    while (acknowledged.length < until) await pause(20);
  }

  for (const partition of [0, 1]) {
    await progress();
    const leader = connection.cluster.leaderOf(TOPIC, partition);
    const node = kafka.nodes.find(({ id }) => id === leader)!;
    node.process().signal('SIGKILL');
    await node.process().exited;
    await progress();
    await node.restart();
  }
  await progress();
  isOver = true;
  await Promise.all(writers);
  ends = (await log.bounds(read.map((_, partition) => ({ topic: TOPIC, partition })))).map(({ next }) => next);
  await reader;
  log.close();

  const misplaced = acknowledged.filter(([partition, offset, value]) => read[partition]!.get(offset) !== value);
  expect(misplaced).toEqual([]);
  for (const records of read) {
    expect(records.size).toBeGreaterThan(0);
    const firstTimes = [...new Set([...records].sort(([a], [b]) => a - b).map(([, value]) => Number(value.split(':')[1])))];
    expect(firstTimes).toEqual(firstTimes.map((_, n) => n));
  }
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
