import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutable, findJava } from '@millrace/testkit/servers/find-executable';
import { minimumJavaVersion } from '@millrace/testkit/servers/kafka-jars';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaultKafka, type FaultKafka } from './harness/fault-kafka.ts';
import { runScenario } from './run-scenario.ts';
import { brokerRestart } from './scenarios/brokers.ts';
import { cutFromKafka } from './scenarios/network.ts';
import { redisEmptiedInBatch, redisGoesBack, redisLosesTail } from './scenarios/redis.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { killAtSteps, killWorkers, zombies } from './scenarios/workers.ts';

/**
 * The eight scenarios that bite most, in a small dose. All of them, and more of each: `npm run faults`.
 */
const EIGHT: readonly (readonly [scenario: Scenario, rounds: number])[] = [
  [killWorkers, 2],
  [killAtSteps, 2],
  [redisLosesTail, 2],
  [redisGoesBack, 2],
  [redisEmptiedInBatch, 1],
  [zombies, 1],
  [cutFromKafka, 1],
  [brokerRestart, 1],
];

/** The harness sends signals and cuts files, which only works on processes of its own. */
const MISSING = findJava(minimumJavaVersion) === undefined ? 'Java' : findExecutable('redis-server') === undefined ? 'redis-server' : undefined;
const because = MISSING === undefined ? '' : ` (skipped: needs ${MISSING} on this machine)`;

describe.skipIf(MISSING !== undefined)(`on a real Kafka and Redis, nothing is lost and nothing doubled${because}`, () => {
  let dataDir: string;
  let kafka: FaultKafka;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'millrace-faults-'));
    kafka = await startFaultKafka(dataDir, 1);
  });

  afterAll(async () => {
    await kafka?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test.for(EIGHT.map(([scenario, rounds]) => ({ ...scenario, rounds })))('$name: $does', async (scenario) => {
    const result = await runScenario(scenario, kafka, { seed: 7, prefix: `${scenario.name}.`, dose: { rounds: scenario.rounds } });
    expect(result.problems).toEqual([]);
    expect({ lost: result.lost, doubled: result.doubled }).toEqual({ lost: 0, doubled: 0 });
    expect(result.injected).toBeGreaterThan(0);
    expect(result.events).toBeGreaterThan(200);
  });
});
