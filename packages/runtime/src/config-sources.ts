import { readFileSync } from 'node:fs';

/** Where a value was found. */
export type ConfigOrigin =
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'secret-file'; readonly variable: string; readonly path: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'default' };

/** The file's values by dotted key, or what is wrong with it. */
export interface ConfigFile {
  readonly path: string;
  readonly values: ReadonlyMap<string, unknown>;
  readonly problems: readonly { readonly key: string; readonly message: string }[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const ENVIRONMENT_PREFIX = 'MILLRACE_';
/** Names the JSON file with the values that the environment does not give. */
export const CONFIG_FILE_VARIABLE = 'MILLRACE_CONFIG';
export const SECRET_FILE_SUFFIX = '_FILE';

/** Variables of the tools and tests; a process that inherits them does not take them for its own. */
export const TOOL_VARIABLES: readonly string[] = ['MILLRACE_DATA', 'MILLRACE_SERVERS'];

const MAX_FILE_BYTES = 1_048_576;
const MAX_SECRET_BYTES = 65_536;
const MAX_DEPTH = 8;

/** `lists.maxAgeMs` → `MILLRACE_LISTS_MAX_AGE_MS`. */
export function environmentVariable(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('.', '_');
  return ENVIRONMENT_PREFIX + words.toUpperCase();
}

export function originText(origin: ConfigOrigin): string {
  switch (origin.kind) {
    case 'environment':
      return `environment ${origin.variable}`;
    case 'secret-file':
      return `the file ${origin.path} named by ${origin.variable}`;
    case 'file':
      return `file ${origin.path}`;
    case 'default':
      return 'default';
  }
}

/**
 * Reads a JSON configuration file. Keys may be nested (`{"kafka":{"brokers":[…]}}`) or dotted (`{"kafka.brokers":[…]}`).
 * `isKey` says which dotted names are keys, so that a value that is an object by mistake is named at its key.
 */
export function readConfigFile(path: string, isKey: (key: string) => boolean): ConfigFile {
  const failed = (message: string): ConfigFile => ({
    path,
    values: new Map(),
    problems: [{ key: CONFIG_FILE_VARIABLE, message }],
  });
  const read = readTextFile(path, MAX_FILE_BYTES);
  if (!read.ok) return failed(read.message);
  let json: unknown;
  try {
    json = JSON.parse(read.text);
  } catch {
    // The parser's message quotes the text around the error, which may be a password.
    return failed(`the file ${path} is not JSON`);
  }
  if (!isObject(json)) return failed(`the file ${path} must hold one JSON object`);

  const values = new Map<string, unknown>();
  const problems: { key: string; message: string }[] = [];
  const walk = (object: object, prefix: string, depth: number): void => {
    // Entries and a Map: a member called `__proto__` is one more unknown key and nothing else.
    for (const [name, value] of Object.entries(object)) {
      const key = prefix + name;
      if (values.has(key)) problems.push({ key, message: `is given twice in the file ${path}` });
      else if (isObject(value) && !isKey(key) && depth < MAX_DEPTH) walk(value, `${key}.`, depth + 1);
      else values.set(key, value);
    }
  };
  walk(json, '', 1);
  return { path, values, problems };
}

/** The content of a mounted secret, without the line break that editors and `echo` leave at its end. */
export function readSecretFile(path: string): { ok: true; text: string } | { ok: false; message: string } {
  const read = readTextFile(path, MAX_SECRET_BYTES);
  return read.ok ? { ok: true, text: read.text.replace(/\r?\n$/, '') } : read;
}

function readTextFile(path: string, maxBytes: number): { ok: true; text: string } | { ok: false; message: string } {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > maxBytes) return { ok: false, message: `the file ${path} has ${bytes.length} bytes, ${maxBytes} are allowed` };
    return { ok: true, text: bytes.toString('utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { ok: false, message: `the file ${path} cannot be read (${code})` };
  }
}

function isObject(json: unknown): json is object {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/**
 * Kubernetes puts an address of every Service of the namespace into the environment of a pod (`enableServiceLinks`),
 * under names that begin with ours when the Service's name begins with `millrace-`: nobody wrote them, so they are no
 * mistake.
 */
export function isServiceLink(variable: string, value: string): boolean {
  if (/_SERVICE_(HOST|PORT|PORT_[A-Z0-9_]+)$/.test(variable)) return true;
  if (/_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(variable)) return true;
  return variable.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value);
}
