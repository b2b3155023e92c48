import type { ConfigField, FieldOutcome } from './config-fields.ts';
import {
  CONFIG_FILE_VARIABLE,
  ENVIRONMENT_PREFIX,
  SECRET_FILE_SUFFIX,
  TOOL_VARIABLES,
  environmentVariable,
  isServiceLink,
  originText,
  readConfigFile,
  readSecretFile,
  type ConfigFile,
  type ConfigOrigin,
  type Environment,
} from './config-sources.ts';
import { nearestName } from './nearest-name.ts';

type AnyField = ConfigField<unknown>;
export type ConfigFields = Readonly<Record<string, AnyField>>;

/** The values of a schema, by key, with their types: `ConfigOf<typeof schema>['kafka.brokers']`. */
export type ConfigOf<S extends ConfigFields> = {
  readonly [K in keyof S]: S[K] extends ConfigField<infer T> ? T : never;
};

export interface ConfigProblem {
  readonly key: string;
  /** Where it came from, in words. */
  readonly origin: string;
  /** One sentence without secrets: what was found, what is allowed, what to do. */
  readonly message: string;
}

/** Everything that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];
  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? '1 error' : `${problems.length} errors`;
    super(`${count} in the configuration:\n${problems.map((p) => `  ${p.key} (${p.origin}): ${p.message}`).join('\n')}`);
    this.problems = problems;
  }
}

export interface ConfigSources {
  /** Usually `process.env`. */
  readonly env: Environment;
  /** Keys of other services that the same file or environment may carry; they are read by nobody here and no error. */
  readonly foreignKeys?: readonly string[] | undefined;
}

export interface ReadConfig<S extends ConfigFields> {
  /** Complete when there are no problems. */
  readonly values: Partial<ConfigOf<S>>;
  readonly origins: ReadonlyMap<string, ConfigOrigin>;
  readonly problems: readonly ConfigProblem[];
}

const KEY = /^[a-z][a-zA-Z0-9]*(\.[a-z][a-zA-Z0-9]*)*$/;
const UNIT_ENDINGS: ReadonlyMap<string, string> = new Map([
  ['ms', 'Ms'],
  ['bytes', 'Bytes'],
  ['seconds', 'Seconds'],
  ['days', 'Days'],
]);

/**
 * The configuration of a service: one field per key, made with `string`, `integer`, `durationMs`, `secret` and the others.
 *
 * ```ts
 * const schema = defineConfig({
 *   'kafka.brokers': stringList({ default: ['127.0.0.1:9092'], minItems: 1, maxItems: 20, doc: 'Brokers to ask first.' }),
 *   'lists.maxAgeMs': durationMs({ default: 600_000, min: 0, max: 86_400_000, doc: 'Older events get no list.' }),
 * });
 * const config = loadConfig(schema, { env: process.env }); // config['lists.maxAgeMs'] is a number
 * ```
 *
 * @throws Error when a key is malformed, lacks its unit at the end, or two keys mean the same variable.
 */
export function defineConfig<const S extends ConfigFields>(fields: S): S {
  const variables = new Map<string, string>();
  for (const [key, field] of Object.entries<AnyField>(fields)) {
    if (!KEY.test(key)) throw new Error(`The key ${key} must be words in camelCase joined by dots`);
    const ending = field.unit === undefined ? undefined : UNIT_ENDINGS.get(field.unit);
    if (ending !== undefined && !key.endsWith(ending)) throw new Error(`The key ${key} must end in its unit, ${ending}`);
    const names = field.secret ? [environmentVariable(key), environmentVariable(key) + SECRET_FILE_SUFFIX] : [environmentVariable(key)];
    for (const variable of names) {
      const other = variables.get(variable);
      if (other !== undefined || variable === CONFIG_FILE_VARIABLE || TOOL_VARIABLES.includes(variable)) {
        throw new Error(`The key ${key} cannot be read from ${variable}: that variable belongs to ${other ?? 'the tools'}`);
      }
      variables.set(variable, key);
    }
  }
  return fields;
}

/**
 * The values for a schema: from the environment first, the JSON file that `MILLRACE_CONFIG` names second, defaults third.
 *
 * @throws ConfigError with every problem there is.
 */
export function loadConfig<S extends ConfigFields>(schema: S, sources: ConfigSources): ConfigOf<S> {
  const read = readConfig(schema, sources);
  if (read.problems.length > 0) throw new ConfigError(read.problems);
  return read.values as ConfigOf<S>;
}

/** As `loadConfig`, but answers what it could read together with the problems: for showing a broken configuration. */
export function readConfig<S extends ConfigFields>(schema: S, sources: ConfigSources): ReadConfig<S> {
  const fields = new Map<string, AnyField>(Object.entries(schema));
  const file = readFileOf(sources.env, fields);
  const problems: ConfigProblem[] = [];
  const origins = new Map<string, ConfigOrigin>();
  const values: Record<string, unknown> = {};

  if (file !== undefined) {
    for (const { key, message } of file.problems) problems.push({ key, origin: `file ${file.path}`, message });
  }
  for (const [key, field] of fields) {
    const found = find(key, field, sources.env, file);
    if (found.problem !== undefined) problems.push(found.problem);
    if (found.origin !== undefined) origins.set(key, found.origin);
    if (found.value !== undefined) values[key] = found.value.value;
  }
  problems.push(...unknownNames(fields, sources, file));
  return { values: Object.freeze(values) as Partial<ConfigOf<S>>, origins, problems };
}

interface Found {
  readonly value?: { readonly value: unknown };
  readonly origin?: ConfigOrigin;
  readonly problem?: ConfigProblem;
}

function find(key: string, field: AnyField, env: Environment, file: ConfigFile | undefined): Found {
  const variable = environmentVariable(key);
  const fileVariable = variable + SECRET_FILE_SUFFIX;
  const text = env[variable];
  const secretPath = field.secret ? env[fileVariable] : undefined;

  if (text !== undefined && secretPath !== undefined) {
    const origin = `environment ${variable} and ${fileVariable}`;
    return { problem: { key, origin, message: 'both are set; unset one of them' } };
  }
  if (text !== undefined) {
    const origin: ConfigOrigin = { kind: 'environment', variable };
    return settle(key, field, origin, field.fromText(text), shownText(field, text));
  }
  if (secretPath !== undefined) {
    const origin: ConfigOrigin = { kind: 'secret-file', variable: fileVariable, path: secretPath };
    const read = readSecretFile(secretPath);
    if (!read.ok) return { origin, problem: { key, origin: `environment ${fileVariable}`, message: read.message } };
    return settle(key, field, origin, field.fromText(read.text), shownText(field, read.text));
  }
  if (file?.values.has(key)) {
    const json = file.values.get(key);
    return settle(key, field, { kind: 'file', path: file.path }, field.fromJson(json), shownJson(field, json));
  }
  if (field.hasDefault) return { value: { value: field.default }, origin: { kind: 'default' } };
  const remedy = field.secret ? `set ${variable} or ${fileVariable}` : `set ${variable}, or ${key} in the file`;
  return { problem: { key, origin: 'not set', message: `is required (${field.allowed}): ${remedy}` } };
}

function settle(key: string, field: AnyField, origin: ConfigOrigin, outcome: FieldOutcome<unknown>, shown: string): Found {
  if (outcome.ok) return { value: { value: outcome.value }, origin };
  const unit = field.unit === undefined ? '' : ` (${field.unit})`;
  return { origin, problem: { key, origin: originText(origin), message: `found ${shown}, allowed is ${field.allowed}${unit}` } };
}

function shownText(field: AnyField, text: string): string {
  return text === '' ? 'nothing (unset the variable to use the default)' : `"${field.showRaw(text)}"`;
}

function shownJson(field: AnyField, json: unknown): string {
  if (typeof json === 'string') return `"${field.showRaw(json)}"`;
  return field.showRaw(JSON.stringify(json));
}

function readFileOf(env: Environment, fields: ReadonlyMap<string, AnyField>): ConfigFile | undefined {
  const path = env[CONFIG_FILE_VARIABLE];
  return path === undefined ? undefined : readConfigFile(path, (key) => fields.has(key));
}

/** Names that look as if they were meant for us and are not known. Their values are not shown: one may be a secret. */
function unknownNames(
  fields: ReadonlyMap<string, AnyField>,
  sources: ConfigSources,
  file: ConfigFile | undefined,
): ConfigProblem[] {
  const foreign = new Set(sources.foreignKeys);
  const foreignVariables = [...foreign].flatMap((key) => [environmentVariable(key), environmentVariable(key) + SECRET_FILE_SUFFIX]);
  const variables = [...fields].flatMap(([key, field]) =>
    field.secret ? [environmentVariable(key), environmentVariable(key) + SECRET_FILE_SUFFIX] : [environmentVariable(key)],
  );
  const known = new Set([...variables, ...foreignVariables, ...TOOL_VARIABLES, CONFIG_FILE_VARIABLE]);
  const problems: ConfigProblem[] = [];
  for (const [variable, value] of Object.entries(sources.env)) {
    if (!variable.startsWith(ENVIRONMENT_PREFIX) || known.has(variable) || isServiceLink(variable, value ?? '')) continue;
    problems.push(unknown(variable, 'environment', nearestName(variable, [...variables, CONFIG_FILE_VARIABLE])));
  }
  for (const key of file?.values.keys() ?? []) {
    if (!fields.has(key) && !foreign.has(key)) problems.push(unknown(key, `file ${file?.path}`, nearestName(key, [...fields.keys()])));
  }
  return problems;
}

function unknown(key: string, origin: string, nearest: string | undefined): ConfigProblem {
  const advice = nearest === undefined ? 'remove it' : `did you mean ${nearest}?`;
  return { key, origin, message: `is not known; ${advice}` };
}

/** One line of the table of settings. */
export interface ConfigRow {
  readonly key: string;
  readonly env: string;
  readonly type: string;
  /** The default as text; undefined when the value is required, empty when it is optional. */
  readonly default: string | undefined;
  readonly unit: string | undefined;
  readonly allowed: string;
  readonly doc: string;
  readonly secret: boolean;
  /** Where the present value comes from; undefined when there is none or it was not asked for. */
  readonly origin: string | undefined;
  /** The present value, masked when it is secret; undefined as `origin`, or when it could not be read. */
  readonly value: string | undefined;
}

/** Every key of a schema in its order; with `read`, also the present values and where they come from. */
export function describeConfig<S extends ConfigFields>(schema: S, read?: ReadConfig<S>): ConfigRow[] {
  return Object.entries<AnyField>(schema).map(([key, field]) => {
    const origin = read?.origins.get(key);
    const present = read !== undefined && Object.hasOwn(read.values, key);
    return {
      key,
      env: environmentVariable(key),
      type: field.type,
      default: field.hasDefault ? field.show(field.default) : undefined,
      unit: field.unit,
      allowed: field.allowed,
      doc: field.doc,
      secret: field.secret,
      origin: origin === undefined ? undefined : originText(origin),
      value: present ? field.show(read.values[key]) : undefined,
    };
  });
}

/** Every text in these values that must never be seen, for `createLogger`. */
export function secretValues<S extends ConfigFields>(schema: S, values: ConfigOf<S>): string[] {
  return Object.entries<AnyField>(schema).flatMap(([key, field]) => [...field.secretsIn(values[key])]);
}
