/**
 * `npm run bench`: what the pipeline costs and how fast it answers, on a real Kafka and Redis with the services as
 * processes of their own. Prints a table (or JSON) and writes `.millrace/bench/result.json`. A missed target is no failure.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@millrace/testkit/servers/maven';
import { SetupError } from '@millrace/testkit/servers/setup-error';
import type { BenchRun } from './bench-run.ts';
import { conditionsBefore, describeConditions } from './conditions.ts';
import { figuresOf, type Figure } from './figures.ts';
import { BENCH_HELP, parseBenchOptions, UsageError, type BenchOptions } from './options.ts';
import { runPart } from './parts.ts';
import type { BenchResult, PartName, PartResult } from './result.ts';
import { renderTable } from './table.ts';

const STOPPED = 130;

async function main(): Promise<number> {
  const options = parseBenchOptions(process.argv.slice(2), repositoryRoot);
  if (options === 'help') {
    process.stdout.write(BENCH_HELP);
    return 0;
  }
  // Read before anything is measured: a wrong name should not cost ten minutes.
  const earlier = options.compare === undefined ? undefined : readResult(options.compare);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  mkdirSync(options.dataDir, { recursive: true });
  let result: BenchResult;
  try {
    result = await runParts(options, { benchDir: options.dataDir, isProfiled: options.isProfiled, signal: stop.signal, say });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    say('Stopped; nothing was written.');
    return STOPPED;
  }
  const text = `${JSON.stringify(result, null, 2)}\n`;
  const path = join(options.dataDir, 'result.json');
  writeFileSync(path, text);
  const table = `\n${describeConditions(result.conditions)}\n${describeEarlier(earlier)}\n${tableOf(result, earlier?.figures)}\n`;
  if (options.printsJson) {
    say(table);
    process.stdout.write(text);
  } else {
    process.stdout.write(`${table}\nAs JSON with all conditions: ${path}\n`);
  }
  return 0;
}

async function runParts(options: BenchOptions, run: BenchRun): Promise<BenchResult> {
  const conditions = conditionsBefore(options);
  const parts: Partial<Record<PartName, PartResult>> = {};
  let redis = 'unknown';
  for (const name of options.only) {
    run.say(`\n${name}`);
    const part = await runPart(name, options, run);
    redis = part.redisVersion;
    parts[name] = part;
  }
  return { conditions: { ...conditions, redis }, parts, figures: figuresOf(parts) };
}

function tableOf({ figures, parts }: BenchResult, earlier: readonly Figure[] | undefined): string {
  const entries = Object.entries(parts) as [PartName, PartResult][];
  return renderTable(figures, {
    earlier,
    titles: Object.fromEntries(entries.map(([name, { title }]) => [name, title])),
    invalid: Object.fromEntries(entries.map(([name, { invalid }]) => [name, invalid])),
  });
}

function describeEarlier(earlier: BenchResult | undefined): string {
  if (earlier === undefined) return '';
  const titles = Object.values(earlier.parts).map(({ title, events }) => `${title} (${events} events)`);
  return `\nCompared with ${titles.join('; ')}:\n${describeConditions(earlier.conditions)}\n`;
}

/** @throws UsageError when the file is no result of this bench */
function readResult(path: string): BenchResult {
  let result: Partial<BenchResult>;
  try {
    result = JSON.parse(readFileSync(path, 'utf8')) as Partial<BenchResult>;
  } catch (error) {
    throw new UsageError(`--compare ${path} cannot be read: ${(error as Error).message}.`);
  }
  if (!Array.isArray(result.figures) || result.conditions === undefined || result.parts === undefined) {
    throw new UsageError(`--compare ${path} is no result of this bench: it needs conditions, parts and figures.`);
  }
  return result as BenchResult;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof UsageError) process.exitCode = 2;
  else if (error instanceof SetupError) process.exitCode = 1;
  else throw error;
  process.stderr.write(`${error.message}\n`);
}
