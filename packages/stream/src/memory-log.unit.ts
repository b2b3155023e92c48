import { MemoryLog } from './memory-log.ts';
import { logSuite } from './behaviour/log.suite.ts';

logSuite('in memory', async () => {
  const log = new MemoryLog(() => 1_700_000_000_000);
  const topic = 'suite';
  const partitions = 16;
  log.createTopic(topic, partitions);
  return {
    log,
    topic,
    partitions,
    truncateBefore: async (partition, offset) => log.truncateBefore(topic, partition, offset),
    close: async () => undefined,
  };
});
