import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutable } from '../../../testkit/src/servers/find-executable.ts';
import { freePort } from '../../../testkit/src/servers/free-port.ts';
import { startRedis, type LocalRedis } from '../../../testkit/src/servers/local-redis.ts';

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
