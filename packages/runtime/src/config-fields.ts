/**
 * The types that a configuration value can have. Each reads text (environment) and JSON (file), and says in a few
 * words what it allows.
 */

export type FieldOutcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/** What every kind of field has in common. */
export interface ConfigField<T> {
  readonly type: string;
  /** What it does, one or two sentences, for the table in the docs. */
  readonly doc: string;
  readonly unit: string | undefined;
  /** What is allowed: `8 to 256`, `one of a, b`. */
  readonly allowed: string;
  readonly secret: boolean;
  /** False: the service cannot start without it. */
  readonly hasDefault: boolean;
  readonly default: T;
  fromText(text: string): FieldOutcome<T>;
  fromJson(json: unknown): FieldOutcome<T>;
  /** As a person reads it, without anything secret. */
  show(value: T): string;
  /** The part of a raw text that may be shown although it could not be read. */
  showRaw(raw: string): string;
  /** The parts of the value that must never be seen. */
  secretsIn(value: T): readonly string[];
}

/** `default` absent: required. `default: undefined`: optional, its type gets `| undefined`. */
interface Options<T> {
  readonly doc: string;
  readonly default?: T | undefined;
}

/** Type of the value for the options given: an explicit `default: undefined` adds `undefined`. */
type ValueOf<T, O> = O extends { readonly default: undefined } ? T | undefined : T;

interface Reading<T> {
  readonly type: string;
  readonly allowed: string;
  readonly unit?: string | undefined;
  readonly secret?: boolean;
  /** Whether a JSON value has the right type at all; its range is `valid`'s to judge. */
  isType(json: unknown): json is T;
  parse(text: string): T | undefined;
  valid(value: T): boolean;
  show?(value: T): string;
  showRaw?(raw: string): string;
  secretsIn?(value: T): readonly string[];
}

const MAX_SHOWN_CHARS = 120;

function field<T, const O extends Options<T>>(options: O, reading: Reading<T>): ConfigField<ValueOf<T, O>> {
  const checked = (value: T | undefined): FieldOutcome<T> =>
    value !== undefined && reading.valid(value) ? { ok: true, value } : { ok: false };
  const show = reading.show ?? String;
  const made: ConfigField<T | undefined> = {
    type: reading.type,
    doc: options.doc,
    unit: reading.unit,
    allowed: reading.allowed,
    secret: reading.secret ?? false,
    hasDefault: 'default' in options,
    default: options.default,
    fromText: (text) => checked(reading.parse(text)),
    fromJson: (json) => checked(reading.isType(json) ? json : undefined),
    show: (value) => (value === undefined ? '' : show(value)),
    showRaw: (raw) => (reading.showRaw ?? clipped)(raw),
    secretsIn: (value) => (value === undefined ? [] : (reading.secretsIn?.(value) ?? [])),
  };
  if (options.default !== undefined && !reading.valid(options.default)) {
    throw new Error(`The default ${made.show(options.default)} of a ${reading.type} is not what it allows itself: ${reading.allowed}`);
  }
  return made as ConfigField<ValueOf<T, O>>;
}

function clipped(raw: string): string {
  return raw.length <= MAX_SHOWN_CHARS ? raw : `${raw.slice(0, MAX_SHOWN_CHARS)}…`;
}

function isString(json: unknown): json is string {
  return typeof json === 'string';
}

interface Matching {
  /** The text as a whole must match. */
  readonly pattern?: RegExp;
  /** Says in words what the pattern means: `host:port`. */
  readonly form?: string;
}

function matches(matching: Matching, text: string): boolean {
  return text !== '' && text.trim() === text && (matching.pattern === undefined || matching.pattern.test(text));
}

function formOf(matching: Matching): string {
  return matching.form ?? 'text without spaces at its ends';
}

/** Text, not empty, without spaces at its ends. */
export function string<const O extends Options<string> & Matching>(options: O): ConfigField<ValueOf<string, O>> {
  return field<string, O>(options, {
    type: 'string',
    allowed: formOf(options),
    isType: isString,
    parse: (text) => text,
    valid: (value) => matches(options, value),
  });
}

interface Range {
  readonly min: number;
  readonly max: number;
  /** What the number counts: `ms`, `bytes`, `events`. Quantities with a unit have it last in their key. */
  readonly unit?: string;
}

const INTEGER_TEXT = /^-?\d{1,16}$/;
const NUMBER_TEXT = /^-?\d{1,16}(\.\d{1,16})?(e[+-]?\d{1,3})?$/i;

/** A whole number from `min` to `max`, both included. */
export function integer<const O extends Options<number> & Range>(options: O): ConfigField<ValueOf<number, O>> {
  return field<number, O>(options, {
    type: 'integer',
    allowed: `a whole number from ${options.min} to ${options.max}`,
    unit: options.unit,
    isType: (json) => typeof json === 'number',
    parse: (text) => (INTEGER_TEXT.test(text) ? Number(text) : undefined),
    valid: (value) => Number.isSafeInteger(value) && value >= options.min && value <= options.max,
  });
}

/** A number from `min` to `max`, both included. */
export function number<const O extends Options<number> & Range>(options: O): ConfigField<ValueOf<number, O>> {
  return field<number, O>(options, {
    type: 'number',
    allowed: `a number from ${options.min} to ${options.max}`,
    unit: options.unit,
    isType: (json) => typeof json === 'number',
    parse: (text) => (NUMBER_TEXT.test(text) ? Number(text) : undefined),
    valid: (value) => Number.isFinite(value) && value >= options.min && value <= options.max,
  });
}

/** A time span as whole milliseconds; its key ends in `Ms`. */
export function durationMs<const O extends Options<number> & { readonly min: number; readonly max: number }>(
  options: O,
): ConfigField<ValueOf<number, O>> {
  return { ...integer({ ...options, unit: 'ms' }), type: 'duration' } as ConfigField<ValueOf<number, O>>;
}

/** `true` or `false`. */
export function boolean<const O extends Options<boolean>>(options: O): ConfigField<ValueOf<boolean, O>> {
  return field<boolean, O>(options, {
    type: 'boolean',
    allowed: 'true or false',
    isType: (json) => typeof json === 'boolean',
    parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
    valid: () => true,
  });
}

/** One word of a closed list. */
export function oneOf<const W extends readonly string[], const O extends Options<W[number]>>(
  words: W,
  options: O,
): ConfigField<ValueOf<W[number], O>> {
  return field<W[number], O>(options, {
    type: 'enum',
    allowed: `one of ${words.join(', ')}`,
    isType: isString,
    parse: (text) => text,
    valid: (value) => words.includes(value),
  });
}

interface ListLimits {
  readonly minItems?: number;
  readonly maxItems: number;
}

/** Texts separated by commas; in the file a JSON list of strings. */
export function stringList<const O extends Options<readonly string[]> & Matching & ListLimits>(
  options: O,
): ConfigField<ValueOf<readonly string[], O>> {
  const minItems = options.minItems ?? 0;
  return field<readonly string[], O>(options, {
    type: 'string list',
    allowed: `${minItems} to ${options.maxItems} of: ${formOf(options)}; separated by commas`,
    isType: (json): json is string[] => Array.isArray(json) && json.every(isString),
    parse: (text) => (text.trim() === '' ? [] : text.split(',').map((part) => part.trim())),
    valid: (value) =>
      value.length >= minItems && value.length <= options.maxItems && value.every((item) => matches(options, item)),
    show: (value) => value.join(','),
  });
}

/** A URL of one of the protocols given (`redis:`). A password in it is treated as a secret. */
export function url<const O extends Options<string> & { readonly protocols: readonly string[] }>(
  options: O,
): ConfigField<ValueOf<string, O>> {
  return field<string, O>(options, {
    type: 'url',
    allowed: `a URL that begins with ${options.protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    isType: isString,
    parse: (text) => text,
    valid: (value) => {
      const parsed = URL.parse(value);
      return parsed !== null && options.protocols.includes(parsed.protocol) && parsed.hostname !== '' && value.includes('://');
    },
    show: withoutCredentials,
    showRaw: (raw) => clipped(withoutCredentials(raw)),
    secretsIn: (value) => {
      const password = URL.parse(value)?.password ?? '';
      return password === '' ? [] : [...new Set([password, decodedOrSame(password)])];
    },
  });
}

/** Everything before the last `@` goes, so that a text that is no URL at all does not show its password either. */
function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, (_, protocol: string | undefined) => `${protocol ?? ''}${MASK}@`);
}

function decodedOrSame(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A password, key or the like: never shown; from its variable, or from the file that `…_FILE` names. */
export function secret<const O extends Options<string>>(options: O): ConfigField<ValueOf<string, O>> {
  return field<string, O>(options, {
    type: 'secret',
    allowed: 'text that is not empty, without line breaks',
    secret: true,
    isType: isString,
    parse: (text) => text,
    valid: (value) => value !== '' && !/[\r\n]/.test(value),
    show: () => MASK,
    showRaw: () => MASK,
    secretsIn: (value) => [value],
  });
}

/** What stands in the place of a secret. */
export const MASK = '********';
