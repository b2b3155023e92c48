import { randomUUID } from 'node:crypto';
import { silentLogger } from '@millrace/runtime/logger';
import { test } from 'vitest';
import { logSuite } from '../behaviour/log.suite.ts';
import { connectKafka, createTopics, KafkaLog } from './index.ts';
import { withAdmin } from './kafka-connection.ts';

const address = process.env['MILLRACE_TEST_KAFKA'];

if (address === undefined) {
  test.skip('log: Kafka (no broker: MILLRACE_TEST_KAFKA is not set)');
} else {
  logSuite('Kafka', async () => {
    const connection = await connectKafka({ brokers: [address], clientId: 'log-suite', logger: silentLogger });
    const topic = `log-suite-${randomUUID()}`;
    const partitions = 16;
    await createTopics(connection, [{ topic, partitions, replicationFactor: 1, config: {} }]);
    const log = new KafkaLog(connection);
    return {
      log,
      topic,
      partitions,
      truncateBefore: (partition, offset) =>
        withAdmin(connection, async (admin) => {
          await admin.fetchTopicOffsets(topic); // deleteTopicRecords needs metadata and does not ask for it
          await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
        }),
      close: async () => {
        log.close();
        await withAdmin(connection, (admin) => admin.deleteTopics({ topics: [topic] }));
        await connection.close();
      },
    };
  });
}
