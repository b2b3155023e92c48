import type { Command, OptionDefinitions } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { EVERYWHERE } from './parse-options.ts';

const WIDTH_CHARS = 100;

/** Exit codes that mean the same in every command. */
const EVERYWHERE_CODES: readonly (readonly [number, string])[] = [
  [EXIT.usage, 'the command line or the configuration is wrong'],
  [EXIT.unreachable, 'a server cannot be reached, or a shard stands with an alarm'],
];

/** The text of `millrace COMMAND --help`. */
export function commandHelp(command: Command): string {
  const options: OptionDefinitions = { ...command.options, ...EVERYWHERE };
  const optionRows = Object.entries(options).map(
    ([name, { value, doc }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, doc] as const,
  );
  const codes = [...command.exitCodes, ...EVERYWHERE_CODES].map(([code, meaning]) => [String(code), meaning] as const);
  return [
    `millrace ${command.name} ${command.usage}`.trimEnd(),
    ...command.about.split('\n\n').map((paragraph) => wrap(paragraph, '').join('\n')),
    `Examples\n${table(command.examples)}`,
    `Options\n${table(optionRows)}`,
    `Exit codes\n${table(codes)}`,
  ].join('\n\n');
}

/** The text of `millrace --help`. */
export function overview(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return [
    'millrace COMMAND [OPTIONS]',
    'Looks at a Millrace pipeline, proves it, repairs it and feeds it.',
    `Commands\n${table(rows)}`,
    wrap(
      'Where the pipeline is: --kafka, --redis, --registry, --shards and --prefix, or MILLRACE_KAFKA_BROKERS, MILLRACE_REDIS_URL and the other variables of the services. Without addresses, the one that "npm start" left in its data directory: while that runs, its servers; otherwise they are started on the directory and stopped at the end.',
      '',
    ).join('\n'),
    '"millrace COMMAND --help" explains a command, with examples and exit codes.',
  ].join('\n\n');
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)) + 2);
  const indent = ' '.repeat(width + 2);
  return rows
    .map(([left, right]) => {
      const lines = wrap(right, indent);
      if (left.length + 2 > width) return [`  ${left}`, ...lines].join('\n');
      return [`  ${left.padEnd(width)}${(lines[0] ?? '').trimStart()}`, ...lines.slice(1)].join('\n');
    })
    .join('\n');
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line.length > indent.length && line.length + 1 + word.length > WIDTH_CHARS) {
      lines.push(line);
      line = indent;
    }
    line += line.length === indent.length ? word : ` ${word}`;
  }
  return [...lines, line];
}
