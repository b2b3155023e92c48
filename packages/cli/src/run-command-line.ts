import { nearestName } from '@millrace/runtime/nearest-name';
import type { Environment } from '@millrace/runtime';
import { COMMANDS } from './commands.ts';
import type { Command } from './command/command.ts';
import { EXIT } from './command/exit-codes.ts';
import { explainFailure } from './command/explain-failure.ts';
import { commandHelp, overview } from './command/help.ts';
import { makeOutput } from './command/output.ts';
import { parseOptions, requireWords } from './command/parse-options.ts';
import { UsageError } from './command/usage-error.ts';

/** Everything that the command line touches of its process. */
export interface Surroundings {
  readonly env: Environment;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Conventional exit code of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Runs one command line, without the program's name. Answers the exit code; never throws. */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { write, writeError, signal } = surroundings;
  const [name, ...rest] = args;
  let command: Command | undefined;
  try {
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      const about = rest[0] === undefined ? undefined : findCommand(rest[0]);
      write(`${about === undefined ? overview(COMMANDS) : commandHelp(about)}\n`);
      return name === undefined ? EXIT.usage : EXIT.ok;
    }
    command = findCommand(name);
    return await runCommand(command, rest, surroundings);
  } catch (error) {
    if (signal.aborted) {
      writeError('Interrupted.\n');
      return INTERRUPTED;
    }
    const failure = explainFailure(error, command?.name);
    writeError(`${failure.message}\n`);
    if (rest.includes('--json')) write(`${JSON.stringify({ error: { code: failure.code, message: failure.message } })}\n`);
    return failure.exitCode;
  }
}

async function runCommand(command: Command, args: readonly string[], { env, write, writeError, signal }: Surroundings): Promise<number> {
  const { values, positionals } = parseOptions(command, args);
  if (values.help) {
    write(`${commandHelp(command)}\n`);
    return EXIT.ok;
  }
  requireWords(command, positionals);
  const output = makeOutput(values.json, write, writeError);
  return command.run({ options: values, positionals, env, output, signal });
}

function findCommand(name: string): Command {
  const found = COMMANDS.find((command) => command.name === name);
  if (found !== undefined) return found;
  const names = COMMANDS.map((command) => command.name);
  const nearest = nearestName(name, names);
  throw new UsageError(`There is no command "${name}"${nearest === undefined ? '' : `; did you mean ${nearest}`}. Commands are ${names.join(', ')}.`);
}
