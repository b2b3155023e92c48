import type { LogFields } from './logger.ts';

/** Names that the line itself uses; a field of that name is written with an underscore behind it. */
const RESERVED = new Set(['level', 'time', 'service', 'instance', 'event']);

/** Names whose value is a secret wherever it stands. `token` is none: the engine calls its batch ids so. */
const SECRET_NAME = /pass(word|wd|phrase)|secret|credential|authorization|cookie|(api|private|access)_?key$/i;

/** Names whose value would identify a person. The ids of the wire are all here; a log line names record positions instead. */
const PERSONAL_NAME = /^(user|visitor|customer|session)(_?id)?$|^(e_?mail|phone|ip|query|recordkey)$/i;

export const MASKED_SECRET = '[secret]';
export const MASKED_PERSON = '[person]';

const MAX_DEPTH = 5;
const MAX_LIST_ITEMS = 50;
const MAX_TEXT_CHARS = 2_000;

/**
 * Fields as they may be written: secrets and persons masked by name at any depth, bytes shown as their length, numbers
 * too large for JSON as text, errors with code and causes, and everything bounded, so that one line stays one line of
 * a bearable length.
 */
export function writableFields(event: string, fields: LogFields | undefined): Record<string, unknown> {
  const written = emptyRecord();
  written['event'] = event;
  if (fields !== undefined) {
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      written[RESERVED.has(name) ? `${name}_` : name] = writableMember(name, value, 1);
    }
  }
  return written;
}

function writableMember(name: string, value: unknown, depth: number): unknown {
  if (SECRET_NAME.test(name)) return MASKED_SECRET;
  if (PERSONAL_NAME.test(name)) return MASKED_PERSON;
  return writable(value, depth);
}

function writable(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return shortened(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object') return typeof value;
  if (depth > MAX_DEPTH) return '[deeper]';
  if (value instanceof Error) return writableError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof Map || value instanceof Set) return `[${value.size} entries]`;
  if (Array.isArray(value)) {
    const items: unknown[] = value.slice(0, MAX_LIST_ITEMS).map((item) => writable(item, depth + 1));
    if (value.length > MAX_LIST_ITEMS) items.push(`[${value.length - MAX_LIST_ITEMS} more]`);
    return items;
  }
  const written = emptyRecord();
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) written[name] = writableMember(name, member, depth + 1);
  }
  return written;
}

function writableError(error: Error, depth: number): Record<string, unknown> {
  const written = emptyRecord();
  written['name'] = error.name;
  written['message'] = shortened(error.message);
  if ('code' in error && (typeof error.code === 'string' || typeof error.code === 'number')) written['code'] = error.code;
  if (error.stack !== undefined) written['stack'] = shortened(error.stack);
  if (error.cause !== undefined) written['cause'] = writable(error.cause, depth + 1);
  if (error instanceof AggregateError) written['errors'] = writable(error.errors, depth + 1);
  return written;
}

function shortened(text: string): string {
  return text.length <= MAX_TEXT_CHARS ? text : `${text.slice(0, MAX_TEXT_CHARS)}… [${text.length} characters]`;
}

/** Without a prototype, a field called `__proto__` is a field like any other. */
function emptyRecord(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}
