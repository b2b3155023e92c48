import { parseArgs } from 'node:util';
import { nearestName } from '@millrace/runtime/nearest-name';
import { SCENARIOS } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';

export interface FaultOptions {
  readonly scenarios: readonly Scenario[];
  readonly seed: number;
  /** Worlds of each scenario, with seeds one after the other. */
  readonly runs: number;
  readonly rounds: number;
  readonly printsJson: boolean;
  /** Breaks the engine in known ways instead, and wants each to be caught. */
  readonly mutates: boolean;
}

export const FAULTS_HELP = `npm run faults -- [options]

Starts real brokers, a real Redis and workers as processes, lets a known load run through them, does harm, and compares
what is left with what the topics say. Prints a table and writes .millrace/faults/result.json. The data and logs of a
world with a problem are kept, and the table's footnotes say where.

  --scenario NAME,…  some of them (default: all); --list names them
  --seed N           of load and harm (default 1); the harm's moments still depend on the machine
  --runs N           worlds of each scenario, seeds N, N + 1, … (default 1)
  --rounds N         how often a fault comes in a world, where it can come again (default 14)
  --mutations        break the engine in known ways, and see whether the scenario named for each notices
  --list             the scenarios and what each does
  --json             print the result as JSON; progress and the table go to standard error
  --help             this text

Exit codes: 0 all as it must be, 1 a problem was found (or a mutation was not), 2 wrong options, 130 stopped by Ctrl-C.
`;

/** Wrong usage: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError naming the option, the value found and what is allowed */
export function parseFaultOptions(args: readonly string[]): FaultOptions | 'help' | 'list' {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { scenario: text, seed: text, runs: text, rounds: text, mutations: flag, list: flag, json: flag, help: flag },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message} npm run faults -- --help lists the options.`);
  }
  if (values.help === true) return 'help';
  if (values.list === true) return 'list';
  return {
    scenarios: values.scenario === undefined ? SCENARIOS : scenariosOf(values.scenario),
    seed: whole('--seed', values.seed, 1, 0, 2 ** 31),
    runs: whole('--runs', values.runs, 1, 1, 1_000),
    rounds: whole('--rounds', values.rounds, 14, 1, 1_000),
    printsJson: values.json === true,
    mutates: values.mutations === true,
  };
}

function scenariosOf(text: string): Scenario[] {
  return text.split(',').map((part) => {
    const name = part.trim();
    const found = SCENARIOS.find((scenario) => scenario.name === name);
    if (found !== undefined) return found;
    const near = nearestName(name, SCENARIOS.map((scenario) => scenario.name));
    const hint = near === undefined ? 'npm run faults -- --list names them' : `did you mean "${near}"`;
    throw new UsageError(`--scenario names "${name}", which there is not: ${hint}.`);
  });
}

function whole(name: string, text: string | undefined, otherwise: number, least: number, greatest: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > greatest) {
    throw new UsageError(`${name} is "${text}"; it must be a whole number from ${least} to ${greatest}.`);
  }
  return value;
}
