import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultKafka } from './harness/fault-kafka.ts';
import { World } from './harness/world.ts';
import { judge, judgeEnd } from './oracle/judge.ts';
import type { Dose, Scenario } from './scenarios/scenario.ts';

/** What became of one world. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly seed: number;
  /** How often harm was done. */
  readonly injected: number;
  /** From the end of the fault until everything was folded, milliseconds; undefined where the way on is somebody's. */
  readonly recoveredMs: number | undefined;
  readonly records: number;
  readonly events: number;
  readonly lists: number;
  readonly deadLetters: number;
  readonly lost: number;
  readonly doubled: number;
  /** Empty: everything was as it must be. */
  readonly problems: readonly string[];
  /** Where data and logs are kept, when there were problems. */
  readonly keptIn: string | undefined;
}

const BEFORE_MS = 1_000;
const AFTERWARDS_RECORDS = 200;

export interface RunOptions {
  readonly seed: number;
  readonly prefix: string;
  readonly dose: Dose;
  /** Of every worker; see `mutated`. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** One world: a load that runs, harm that is done to it, rest, and judgement by an oracle that reads the topics. */
export async function runScenario(
  scenario: Scenario,
  kafka: FaultKafka,
  { seed, prefix, dose, env }: RunOptions,
): Promise<ScenarioResult> {
  const dataDir = await mkdtemp(join(tmpdir(), `millrace-fault-${scenario.name}-`));
  const { load, recordsPerSecond } = scenario;
  const world = await World.open({ seed, prefix, dataDir, kafka, load, recordsPerSecond, env });
  const nothing = { recoveredMs: undefined, events: 0, lists: 0, deadLetters: 0, lost: 0, doubled: 0 };
  let injected = 0;
  let findings: Omit<ScenarioResult, 'scenario' | 'seed' | 'injected' | 'records' | 'keptIn'>;
  try {
    await (scenario.begin?.(world) ?? world.startWorkers(scenario.workers));
    world.watch.start();
    world.feeder.start(world.recordsPerSecond);
    await world.pause(BEFORE_MS, 2 * BEFORE_MS);
    injected = await scenario.inject(world, dose);
    await world.feeder.stop();
    const isStandingStill = scenario.expectations?.isStandingStill === true;
    const recoveredMs = isStandingStill ? undefined : await world.untilFolded(scenario.recoversWithinMs);
    // What has recovered works: more comes, and is folded too.
    await world.feeder.feed(AFTERWARDS_RECORDS);
    if (!isStandingStill) await world.untilFolded(scenario.recoversWithinMs);
    const verdict = await judge(world, scenario.expectations);
    await world.fleet.stopAll();
    findings = { ...verdict, recoveredMs, problems: [...verdict.problems, ...judgeEnd(world, scenario.expectations)] };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    findings = { ...nothing, problems: [said, ...world.fleet.surprises, ...judgeEnd(world, scenario.expectations)] };
  } finally {
    await world.close();
  }
  const isClean = findings.problems.length === 0;
  if (isClean) await rm(dataDir, { recursive: true, force: true });
  return { scenario: scenario.name, seed, injected, records: world.feeder.records, ...findings, keptIn: isClean ? undefined : dataDir };
}
