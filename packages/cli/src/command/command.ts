import type { Environment } from '@millrace/runtime';
import type { Output } from './output.ts';

/** One option of a command. */
export interface OptionDefinition {
  readonly type: 'boolean' | 'string';
  /** What stands for the value in the help: `HOST:PORT`. */
  readonly value?: string;
  readonly doc: string;
}

export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

/** What the command line gave, by option. */
export type OptionValues<O extends OptionDefinitions> = {
  readonly [K in keyof O]: O[K]['type'] extends 'boolean' ? boolean : string | undefined;
};

/** What a command works with. */
export interface CommandContext<O extends OptionDefinitions> {
  readonly options: OptionValues<O>;
  readonly positionals: readonly string[];
  readonly env: Environment;
  readonly output: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Command<O extends OptionDefinitions = OptionDefinitions> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands after the name: `user ID | item ID`. */
  readonly usage: string;
  /** What it does and when to use it. Paragraphs. */
  readonly about: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
  /** Exit codes that mean something particular here. */
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[];
  readonly options: O;
  /** Least and greatest number of words after the name. */
  readonly words: readonly [least: number, greatest: number];
  /** Answers the exit code. */
  run(context: CommandContext<O>): Promise<number>;
}

/** Keeps the types of a command's options, which a plain annotation would lose. */
export function defineCommand<const O extends OptionDefinitions>(command: Command<O>): Command<O> {
  return command;
}
