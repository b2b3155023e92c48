import { plain } from '../verify/field-differences.ts';

/** Where a command writes: results to standard output, everything else to standard error. */
export interface Output {
  /** Results are JSON objects, one a line, instead of text. */
  readonly json: boolean;
  /** A result for people; not written with `--json`. */
  text(line: string): void;
  /** A result for programs; only written with `--json`. */
  object(value: unknown): void;
  /** What is happening meanwhile. */
  progress(line: string): void;
}

/** @param write, writeError take whole lines */
export function makeOutput(json: boolean, write: (text: string) => void, writeError: (text: string) => void): Output {
  return {
    json,
    text: (line) => {
      if (!json) write(`${line}\n`);
    },
    object: (value) => {
      if (json) write(`${JSON.stringify(plain(value))}\n`);
    },
    progress: (line) => writeError(`${line}\n`),
  };
}

/** A value as indented text: one field a line, short lists on one line. */
export function describeValue(value: unknown, indent = ''): string {
  return linesOf(plain(value), indent).join('\n');
}

const LINE_CHARS = 100;
const TABLE_CHARS = 180;

function linesOf(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) return tableOf(value, indent) ?? listOf(value, indent);
  if (typeof value !== 'object' || value === null) return [`${indent}${scalar(value)}`];
  const fields = Object.entries(value);
  const width = Math.max(0, ...fields.map(([name]) => name.length)) + 2;
  return fields.flatMap(([name, field]) => {
    const inline = inlineOf(field);
    if (inline !== undefined) return [`${indent}${`${name}:`.padEnd(width)}${inline}`];
    return [`${indent}${name}:`, ...linesOf(field, `${indent}  `)];
  });
}

function listOf(list: readonly unknown[], indent: string): string[] {
  return list.flatMap((element) => {
    const inline = inlineOf(element);
    if (inline !== undefined) return [`${indent}- ${inline}`];
    const lines = linesOf(element, `${indent}  `);
    return [`${indent}- ${lines[0]!.trimStart()}`, ...lines.slice(1)];
  });
}

/** Several flat objects as a table with a line of names above it; undefined where that does not fit. */
function tableOf(list: readonly unknown[], indent: string): string[] | undefined {
  if (list.length < 2 || !list.every(isFlat)) return undefined;
  const columns = [...new Set(list.flatMap((row) => Object.keys(row)))];
  const rows = [columns, ...list.map((row) => columns.map((name) => (Object.hasOwn(row, name) ? scalar(row[name]) : '')))];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => indent + row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd());
  return lines.every(({ length }) => length <= TABLE_CHARS) ? lines : undefined;
}

function isFlat(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((part) => typeof part !== 'object' || part === null);
}

/** The value on one line, if it is short and not nested deeper than one level. */
function inlineOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return scalar(value);
  const parts = Array.isArray(value) ? (value as unknown[]) : Object.values(value);
  if (parts.length === 0) return 'none';
  if (parts.some((part) => typeof part === 'object' && part !== null)) return undefined;
  const text = Array.isArray(value)
    ? parts.map(scalar).join(', ')
    : Object.entries(value).map(([name, part]) => `${name} ${scalar(part)}`).join(', ');
  return text.length <= LINE_CHARS ? text : undefined;
}

function scalar(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(6)));
  return String(value);
}
