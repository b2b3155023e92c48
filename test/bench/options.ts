import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PARTS, type PartName } from './result.ts';

export interface BenchOptions {
  readonly only: readonly PartName[];
  /** Events that the topics are filled with for a catch-up. */
  readonly events: number;
  /** Events a second of the steady part. */
  readonly rate: number;
  /** Measured time of the steady part. */
  readonly steadySeconds: number;
  readonly seed: number;
  /** Servers, profiles and the result lie under it. */
  readonly dataDir: string;
  readonly isProfiled: boolean;
  readonly printsJson: boolean;
  /** An earlier result to compare with. */
  readonly compare: string | undefined;
}

export const BENCH_HELP = `npm run bench -- [options]

Measures the whole pipeline on a Kafka and a Redis of its own, with the services as processes: CPU time per event while
catching up, latency at a steady rate, memory per user and item. Takes about ten minutes with its defaults and leaves
result.json in its data directory. Targets are printed beside the figures; missing one is no failure.

  --only NAME,…    some of the parts: ${PARTS.join(', ')}
  --events N       events in the topics before a catch-up (default 300000)
  --rate N         events a second of the steady part (default 2000)
  --seconds N      measured time of the steady part (default 25; 5 more to warm up)
  --seed N         of the load (default 1)
  --profile        put a CPU profiler into the services and print the functions that took the most time
  --compare FILE   put the figures of an earlier result.json beside these
  --data-dir DIR   where Kafka and Redis keep their data and the result lies (default .millrace/bench)
  --json           print the result as JSON; progress and the table go to standard error (npm run -s keeps npm quiet)
  --help           this text

Exit codes: 0 measured, 1 something failed, 2 wrong options, 130 stopped by Ctrl-C.
`;

/** Wrong usage: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError naming the option, the value found and what is allowed */
export function parseBenchOptions(args: readonly string[], repositoryRoot: string): BenchOptions | 'help' {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { only: text, events: text, rate: text, seconds: text, seed: text, compare: text, 'data-dir': text, profile: flag, json: flag, help: flag },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message} npm run bench -- --help lists the options.`);
  }
  if (values.help === true) return 'help';
  return {
    only: values.only === undefined ? PARTS : partsOf(values.only),
    events: whole('--events', values.events, 300_000, 1_000, 100_000_000),
    rate: whole('--rate', values.rate, 2_000, 1, 100_000),
    steadySeconds: whole('--seconds', values.seconds, 25, 1, 3_600),
    seed: whole('--seed', values.seed, 1, 0, 2 ** 31),
    dataDir: values['data-dir'] === undefined ? join(repositoryRoot, '.millrace', 'bench') : resolve(values['data-dir']),
    isProfiled: values.profile === true,
    printsJson: values.json === true,
    compare: values.compare,
  };
}

/** In the order in which they run, whatever the order asked for. */
function partsOf(text: string): PartName[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new UsageError(`--only names "${unknown}"; the parts are ${PARTS.join(', ')}.`);
  return PARTS.filter((part) => names.includes(part));
}

function whole(name: string, text: string | undefined, otherwise: number, least: number, greatest: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > greatest) {
    throw new UsageError(`${name} is "${text}"; it must be a whole number from ${least} to ${greatest}.`);
  }
  return value;
}
