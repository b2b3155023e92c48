import { randomUUID } from 'node:crypto';
import { silentLogger } from '@millrace/runtime/logger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkTopics, connectKafka, createTopics, KafkaLog, type KafkaConnection } from './index.ts';
import { withAdmin } from './kafka-connection.ts';

const address = process.env['MILLRACE_TEST_KAFKA'];

if (address === undefined) {
  test.skip('topics on Kafka (no broker: MILLRACE_TEST_KAFKA is not set)');
} else {
  describe('topics on Kafka', () => {
    let connection: KafkaConnection;
    const created: string[] = [];

    beforeAll(async () => {
      connection = await connectKafka({ brokers: [address], clientId: 'topics', logger: silentLogger });
    });
    afterAll(async () => {
      await withAdmin(connection, (admin) => admin.deleteTopics({ topics: created }));
      await connection.close();
    });

    test('are created once, and checked against what they must be', async () => {
      const one = { topic: `one-${randomUUID()}`, partitions: 3, replicationFactor: 1, config: { 'cleanup.policy': 'delete', 'retention.ms': '86400000' } };
      const two = { ...one, topic: `two-${randomUUID()}` };
      created.push(one.topic, two.topic);
      expect(await checkTopics(connection, [one], { production: false })).toMatchObject([{ topic: one.topic, code: 'missing' }]);
      expect(await createTopics(connection, [one])).toEqual([one.topic]);
      expect(await createTopics(connection, [one, two])).toEqual([two.topic]);
      expect(await checkTopics(connection, [one, two], { production: false })).toEqual([]);
      const changed = { ...one, partitions: 4, config: { 'cleanup.policy': 'compact' } };
      expect((await checkTopics(connection, [changed], { production: false })).map(({ code }) => code)).toEqual(['partition-count', 'config']);
      // One broker and one replica are no production.
      expect((await checkTopics(connection, [one], { production: true })).map(({ code }) => code)).toEqual(
        expect.arrayContaining(['replication', 'min-insync-replicas']),
      );
    });

    // The topic's own setting makes the broker compress what we send, with the reference implementation of each codec.
    test.each(['gzip', 'snappy', 'lz4', 'zstd'])('records that are compressed with %s are read', async (codec) => {
      const topic = `compressed-${codec}-${randomUUID()}`;
      created.push(topic);
      await createTopics(connection, [{ topic, partitions: 1, replicationFactor: 1, config: { 'compression.type': codec } }]);
      const log = new KafkaLog(connection);
      const values = Array.from({ length: 500 }, (_, i) => `${i}:${'abc'.repeat(i)}:${Math.imul(i, 0x9e3779b1)}`);
      await log.append([{ topic, partition: 0, records: values.map((value) => ({ key: Buffer.from('k'), value: Buffer.from(value) })) }]);
      const [part] = await log.fetch([{ topic, partition: 0, offset: 0, maxBytes: 2_000_000 }], 0);
      expect(part!.records).toHaveLength(values.length);
      const wrong = values.flatMap((value, i) => (part!.records[i]!.value!.toString() === value ? [] : [i]));
      expect(wrong).toEqual([]);
      log.close();
    });
  });
}
