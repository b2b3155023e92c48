/** `npm run faults`: every fault that production knows, on real servers, judged by an oracle that reads the topics. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaVersion } from '@millrace/testkit/servers/kafka-jars';
import { repositoryRoot } from '@millrace/testkit/servers/maven';
import { SetupError } from '@millrace/testkit/servers/setup-error';
import { startFaultKafka, type BrokerCount, type FaultKafka } from './harness/fault-kafka.ts';
import { FAULTS_HELP, parseFaultOptions, UsageError, type FaultOptions } from './options.ts';
import { runMutations } from './run-mutations.ts';
import { runScenario, type ScenarioResult } from './run-scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { renderFaults } from './table.ts';

const STOPPED = 130;

async function main(): Promise<number> {
  const options = parseFaultOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(FAULTS_HELP);
    return 0;
  }
  if (options === 'list') {
    for (const { name, does } of SCENARIOS) process.stdout.write(`${name.padEnd(24)}${does}\n`);
    return 0;
  }
  // The watchdogs of workers and servers end them when this process is gone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(STOPPED));
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (options.mutates) return (await runMutations(options.seed, say)) ? 0 : 1;
  const conditions = conditionsNow();
  const results: ScenarioResult[] = [];
  for (const brokers of [1, 3] as const) await runOn(brokers, options, results, say);
  const directory = join(repositoryRoot, '.millrace', 'faults');
  mkdirSync(directory, { recursive: true });
  const text = `${JSON.stringify({ conditions, rounds: options.rounds, results }, null, 2)}\n`;
  writeFileSync(join(directory, 'result.json'), text);
  const { commit, isDirty, cores, cpuModel, load, node, kafka } = conditions;
  const table = [
    `commit ${commit}${isDirty ? ' with changes' : ''}; ${cores} cores (${cpuModel}), load before ${load}; Node ${node}, Kafka ${kafka}`,
    '',
    renderFaults(options.scenarios, results),
  ].join('\n');
  if (options.printsJson) {
    say(`\n${table}`);
    process.stdout.write(text);
  } else {
    process.stdout.write(`\n${table}\n`);
  }
  return results.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

async function runOn(brokers: BrokerCount, options: FaultOptions, results: ScenarioResult[], say: (line: string) => void): Promise<void> {
  const scenarios = options.scenarios.filter((scenario) => scenario.brokers === brokers);
  if (scenarios.length === 0) return;
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-faults-'));
  let kafka: FaultKafka | undefined;
  try {
    say(`Starting ${brokers} broker${brokers === 1 ? '' : 's'} …`);
    kafka = await startFaultKafka(dataDir, brokers);
    for (const scenario of scenarios) {
      for (let run = 0; run < options.runs; run++) {
        const seed = options.seed + run;
        const prefix = `${scenario.name}-${seed}.`;
        const result = await runScenario(scenario, kafka, { seed, prefix, dose: { rounds: options.rounds } });
        results.push(result);
        say(`${scenario.name}, seed ${seed}: ${result.problems.length === 0 ? 'ok' : `PROBLEM: ${result.problems[0]}`}`);
      }
    }
  } finally {
    await kafka?.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function conditionsNow() {
  const git = (...args: string[]): string => spawnSync('git', args, { cwd: repositoryRoot, encoding: 'utf8' }).stdout.trim();
  return {
    startedAt: new Date().toISOString(),
    commit: git('rev-parse', '--short=10', 'HEAD'),
    isDirty: git('status', '--porcelain', '--untracked-files=no') !== '',
    cores: cpus().length,
    cpuModel: cpus()[0]?.model ?? 'unknown',
    load: loadavg().map((load) => load.toFixed(1)).join(' '),
    node: process.version,
    kafka: kafkaVersion(),
  };
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
