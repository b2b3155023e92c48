import { nearestName } from '@millrace/runtime/nearest-name';
import { parseArgs } from 'node:util';
import type { Command, OptionDefinitions, OptionValues } from './command.ts';
import { UsageError } from './usage-error.ts';

/** Options that every command has. */
export const EVERYWHERE = {
  json: { type: 'boolean', doc: 'One JSON object a line on standard output, for programs.' },
  help: { type: 'boolean', doc: 'This text.' },
} as const satisfies OptionDefinitions;

export interface ParsedCommandLine<O extends OptionDefinitions> {
  readonly values: OptionValues<O & typeof EVERYWHERE>;
  readonly positionals: readonly string[];
}

/**
 * Reads what follows a command's name. Options may stand anywhere; `--name value` and `--name=value` are the same.
 *
 * @throws UsageError that names the word, and the nearest option to one that is unknown.
 */
export function parseOptions<O extends OptionDefinitions>(command: Command<O>, args: readonly string[]): ParsedCommandLine<O> {
  const known: OptionDefinitions = { ...command.options, ...EVERYWHERE };
  const options = Object.fromEntries(Object.entries(known).map(([name, { type }]) => [name, { type }]));
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...options, help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, string | boolean | undefined> = {};
  for (const [name, { type }] of Object.entries(known)) values[name] = type === 'boolean' ? false : undefined;
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const definition = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (definition === undefined) throw new UsageError(unknownOption(token.rawName, Object.keys(known)));
    if (definition.type === 'boolean') {
      if (token.value !== undefined) throw new UsageError(`--${token.name} takes no value, "${token.value}" was given.`);
      values[token.name] = true;
    } else {
      if (token.value === undefined) throw new UsageError(`--${token.name} needs a value: --${token.name} ${definition.value ?? 'VALUE'}.`);
      if (values[token.name] !== undefined) throw new UsageError(`--${token.name} is given twice.`);
      values[token.name] = token.value;
    }
  }
  return { values: values as OptionValues<O & typeof EVERYWHERE>, positionals };
}

/** @throws UsageError */
export function requireWords(command: Command, positionals: readonly string[]): void {
  const [least, greatest] = command.words;
  if (positionals.length < least) {
    throw new UsageError(`"millrace ${command.name}" needs ${command.usage}.`);
  }
  if (positionals.length > greatest) {
    const extra = positionals.slice(greatest).map((word) => `"${word}"`).join(', ');
    throw new UsageError(`"millrace ${command.name}" does not know what to do with ${extra}: it takes ${command.usage === '' ? 'no words' : command.usage}.`);
  }
}

/** @throws UsageError */
export function wholeNumber(name: string, text: string | undefined, least: number, greatest: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= greatest) return value;
  throw new UsageError(`--${name} is "${text}", allowed is a whole number from ${least} to ${greatest}.`);
}

/** @throws UsageError naming the nearest choice. */
export function oneOfWords<const W extends string>(what: string, word: string, choices: readonly W[]): W {
  const found = choices.find((choice) => choice === word);
  if (found !== undefined) return found;
  throw new UsageError(`${what} is "${word}", allowed is ${choices.join(' or ')}${suggestion(word, choices)}.`);
}

/** `; did you mean x?` without its question mark, or nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const nearest = nearestName(word, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}`;
}

function unknownOption(rawName: string, known: readonly string[]): string {
  const nearest = nearestName(rawName.replace(/^-+/, ''), known);
  return `There is no option ${rawName}${nearest === undefined ? '' : `; did you mean --${nearest}`}.`;
}
