import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutable } from '@millrace/testkit/servers/find-executable';
import { freePort } from '@millrace/testkit/servers/free-port';
import { startRedis, type LocalRedis } from '@millrace/testkit/servers/local-redis';

/** Why tests that need a server of their own are skipped; undefined when they can run. */
export const NO_REDIS_SERVER =
  findExecutable('redis-server') === undefined ? 'redis-server is not installed' : undefined;

/** A Redis on an empty directory of its own; `stop` removes both. */
export async function startFreshRedis(extraArgs: readonly string[] = []): Promise<LocalRedis> {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-redis-'));
  const redis = await startRedis({ dataDir, port: await freePort(), extraArgs });
  return {
    ...redis,
    stop: async () => {
      await redis.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The Redis that the test run was given, or one of our own where there is none. */
export async function sharedOrFreshRedis(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const url = process.env['MILLRACE_TEST_REDIS'];
  return url === undefined ? startFreshRedis() : { url, stop: async () => undefined };
}
