import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry } from '@millrace/testkit/servers/local-registry';
import { startServers } from '@millrace/testkit/servers/servers';
import { SetupError } from '@millrace/testkit/servers/setup-error';

/**
 * Starts one Kafka, one Redis and one schema registry for all integration tests of a run, and tells the tests where they
 * are: `MILLRACE_TEST_KAFKA` (host:port), `MILLRACE_TEST_REDIS` (redis://…) and `MILLRACE_TEST_REGISTRY` (the URL of
 * Confluent's API) or, where no registry can run, `MILLRACE_TEST_REGISTRY_MISSING` with the reason.
 *
 * A variable that is set already is left as it is: so a run can use servers that exist, and an empty
 * `MILLRACE_TEST_REGISTRY` saves the seconds that a registry takes.
 */
export default async function startTestServers(): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  const log = (line: string): void => console.log(line);
  const [servers, registry] = await Promise.all([
    startServers({
      dataDir,
      prefer: 'docker',
      data: 'discard',
      given: { kafka: process.env['MILLRACE_TEST_KAFKA'], redis: process.env['MILLRACE_TEST_REDIS'] },
      log,
    }),
    startTestRegistry(join(dataDir, 'registry'), log),
  ]);
  process.env['MILLRACE_TEST_KAFKA'] = servers.kafka.address;
  process.env['MILLRACE_TEST_REDIS'] = servers.redis.address;
  return async () => {
    await Promise.all([servers.stop(), registry.stop()]);
    rmSync(dataDir, { recursive: true, force: true });
  };
}

async function startTestRegistry(dataDir: string, log: (line: string) => void): Promise<{ stop(): Promise<void> }> {
  const none = { stop: async () => undefined };
  const given = process.env['MILLRACE_TEST_REGISTRY'];
  if (given !== undefined) {
    if (given === '') process.env['MILLRACE_TEST_REGISTRY_MISSING'] = 'MILLRACE_TEST_REGISTRY is set to nothing';
    return none;
  }
  const registry = await startRegistry({ dataDir, log }).catch((error: unknown) => {
    // The rest of the suite is worth running without it, and the tests that want it say why they did not run.
    if (error instanceof SetupError) return error.message;
    throw error;
  });
  if (typeof registry === 'string') {
    process.env['MILLRACE_TEST_REGISTRY_MISSING'] = registry;
    return none;
  }
  process.env['MILLRACE_TEST_REGISTRY'] = registry.url;
  return registry;
}
