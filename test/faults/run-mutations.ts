import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFaultKafka } from './harness/fault-kafka.ts';
import { mutated } from './harness/steps.ts';
import { MUTATIONS } from './mutations.ts';
import { runScenario } from './run-scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';

/** Faults fall at another moment in every world: not every one hits the place that is broken. */
const WORLDS_A_MUTATION = 3;

/** Breaks the engine in every known way, on real servers. Answers whether each was caught. */
export async function runMutations(seed: number, say: (line: string) => void): Promise<boolean> {
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-mutations-'));
  const kafka = await startFaultKafka(dataDir, 1);
  let all = true;
  try {
    for (const { name, does, scenario: scenarioName, rounds } of MUTATIONS) {
      const scenario = SCENARIOS.find((known) => known.name === scenarioName)!;
      let caught: string | undefined;
      let worlds = 0;
      while (caught === undefined && worlds < WORLDS_A_MUTATION) {
        const prefix = `${name}-${worlds}.`;
        const result = await runScenario(scenario, kafka, { seed: seed + worlds, prefix, dose: { rounds }, env: mutated(name) });
        worlds += 1;
        // A worker that does not even start has shown nothing, and neither has a world that took too long.
        const unfit = result.problems.find((problem) => /ended while starting|load is used up/.test(problem));
        if (unfit !== undefined) throw new Error(`${name} cannot be tried: ${unfit}`);
        caught = result.problems[0];
        if (result.keptIn !== undefined) await rm(result.keptIn, { recursive: true, force: true });
      }
      all &&= caught !== undefined;
      process.stdout.write(`${caught === undefined ? 'NOT CAUGHT' : 'caught    '}  ${name} (${does}), by ${scenarioName} in ${worlds} world${worlds === 1 ? '' : 's'}: ${caught ?? 'nothing was wrong'}\n`);
    }
  } finally {
    say('Stopping the broker …');
    await kafka.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
  return all;
}
