import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { freePorts } from '../../packages/testkit/src/servers/free-port.ts';
import { startKafka } from '../../packages/testkit/src/servers/local-kafka.ts';
import { startRedis } from '../../packages/testkit/src/servers/local-redis.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  const [kafkaPort = 0, redisPort = 0] = await freePorts(2);
  const [kafka, redis] = await Promise.all([
    startKafka({ dataDir: join(dataDir, 'kafka'), port: kafkaPort, log: console.log }),
    startRedis({ dataDir: join(dataDir, 'redis'), port: redisPort }),
  ]);
  process.env['MILLRACE_TEST_KAFKA'] = kafka.brokers;
  process.env['MILLRACE_TEST_REDIS'] = redis.url;
  return async () => {
    await Promise.all([kafka.stop(), redis.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  };
}
