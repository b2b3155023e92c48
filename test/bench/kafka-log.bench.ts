/**
 * CPU per record of the log on Kafka, this process alone: `MILLRACE_TEST_KAFKA=host:port node test/bench/kafka-log.bench.ts`.
 * Prints one JSON object per case. It measures; nothing asserts what it prints.
 */

import { randomUUID } from 'node:crypto';
import { connectKafka, createTopics, KafkaLog } from '@millrace/stream/kafka/index';
import { silentLogger } from '@millrace/runtime/logger';

const PARTITIONS = 8;
const RECORDS = 200_000;
const VALUE_BYTES = 150;
const FETCH_BYTES = 1_000_000;

const address = process.env['MILLRACE_TEST_KAFKA'];
if (address === undefined) throw new Error('MILLRACE_TEST_KAFKA names no broker (host:port).');

const connection = await connectKafka({ brokers: [address], clientId: 'bench', logger: silentLogger });
const admin = connection.client.admin();
await admin.connect();
const topic = `bench-${randomUUID()}`;
await createTopics(connection, [{ topic, partitions: PARTITIONS, replicationFactor: 1, config: {} }]);
const log = new KafkaLog(connection, { lingerMs: 1 });

function record(i: number): { key: Buffer; value: Buffer } {
  return { key: Buffer.from(`user-${i % 2_000}`), value: Buffer.alloc(VALUE_BYTES, i) };
}

/** Runs `work`, which answers how many records it handled, and prints what that cost. */
async function measure(name: string, work: () => Promise<number>): Promise<void> {
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const records = await work();
  const { user, system } = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - startMs) / 1_000;
  const perRecord = Number(((user + system) / records).toFixed(2));
  console.log(JSON.stringify({ case: name, records, cpuMicrosPerRecord: perRecord, recordsPerSecond: Math.round(records / seconds) }));
}

async function appendInBatches(batch: number, count: number): Promise<number> {
  for (let done = 0; done < count; done += batch * PARTITIONS) {
    await log.append(
      Array.from({ length: PARTITIONS }, (_, partition) => ({
        topic,
        partition,
        records: Array.from({ length: batch }, (_, i) => record(done + i)),
      })),
    );
  }
  return count;
}

/** Each shard appends single records one after another, as journals do. */
async function appendSingly(count: number): Promise<number> {
  const shards = Array.from({ length: PARTITIONS }, async (_, partition) => {
    for (let i = 0; i < count / PARTITIONS; i++) await log.append([{ topic, partition, records: [record(i)] }]);
  });
  await Promise.all(shards);
  return count;
}

/** Single records as fast as they come, many of them under way at once. */
async function appendFlood(count: number): Promise<number> {
  for (let done = 0; done < count; done += 1_000) {
    await Promise.all(Array.from({ length: 1_000 }, (_, i) => log.append([{ topic, partition: i % PARTITIONS, records: [record(i)] }])));
  }
  return count;
}

async function fetchAll(): Promise<number> {
  const positions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0, maxBytes: FETCH_BYTES }));
  let records = 0;
  for (let open = true; open; ) {
    open = false;
    for (const part of await log.fetch(positions, 100)) {
      records += part.records.length;
      positions[part.partition]!.offset = part.nextOffset;
      open ||= part.nextOffset < part.endOffset;
    }
  }
  return records;
}

await appendInBatches(500, RECORDS / 4);
for (let round = 1; round <= 2; round++) {
  await measure(`append batches of 500, round ${round}`, () => appendInBatches(500, RECORDS));
  await measure(`append single records, 8 shards in turn, round ${round}`, () => appendSingly(8_000));
  await measure(`append single records, 1000 at once, round ${round}`, () => appendFlood(RECORDS / 4));
  await measure(`fetch, round ${round}`, fetchAll);
}

log.close();
await admin.deleteTopics({ topics: [topic] });
await admin.disconnect();
await connection.close();
