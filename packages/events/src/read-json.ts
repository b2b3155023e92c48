import type avsc from 'avsc';
import { Refusal } from './checks.ts';
import { MAX_JSON_DEPTH_LEVELS } from './limits.ts';

/**
 * Reads a JSON event against the same schema as an Avro one: union members unwrapped, defaults filled in, fields that
 * the schema does not have ignored and reported. The result has the shape that the Avro codec gives.
 *
 * @param onUnknownField called once for each field that the schema does not have.
 * @throws Refusal `unreadable` when it is no JSON object, or nested too deep; `schema-violation` when a value has
 *   another type than the schema says; `value-out-of-range` when a number does not fit its type.
 */
export function readJson(type: avsc.Type, bytes: Buffer, onUnknownField: () => void): unknown {
  if (isNestedTooDeep(bytes)) throw new Refusal('unreadable', `JSON: nested over ${MAX_JSON_DEPTH_LEVELS} levels`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's own message quotes the text, which may identify a person.
    throw new Refusal('unreadable', 'JSON: it does not parse');
  }
  return readValue(type, parsed, 'value', onUnknownField);
}

/** Counts brackets outside strings, so that no depth of nesting ever reaches the parser. */
function isNestedTooDeep(bytes: Buffer): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c) i++; // A backslash: the next byte belongs to it.
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) {
      inString = true;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth++;
      if (depth > MAX_JSON_DEPTH_LEVELS) return true;
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--;
    }
  }
  return false;
}

function readValue(type: avsc.Type, value: unknown, path: string, onUnknownField: () => void): unknown {
  switch (type.typeName) {
    case 'string':
      return expectType(typeof value === 'string', value, path, 'a string');
    case 'boolean':
      return expectType(typeof value === 'boolean', value, path, 'true or false');
    case 'int':
      return readInteger(value, path, -2_147_483_648, 2_147_483_647);
    case 'long':
      return readInteger(value, path, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    case 'double':
      return expectType(typeof value === 'number', value, path, 'a number');
    case 'null':
      return expectType(value === null, value, path, 'null');
    case 'enum':
      return readSymbol(type as avsc.types.EnumType, value, path);
    case 'array': {
      const { itemsType } = type as avsc.types.ArrayType;
      if (!Array.isArray(value)) throw mismatch(path, 'an array');
      return value.map((element) => readValue(itemsType, element, `${path}[]`, onUnknownField));
    }
    case 'map':
      return readMap((type as avsc.types.MapType).valuesType as avsc.Type, value, path, onUnknownField);
    case 'record':
      return readRecord(type as avsc.types.RecordType, value, path, onUnknownField);
    case 'union:unwrapped':
      return readUnion((type as avsc.types.UnwrappedUnionType).types, value, path, onUnknownField);
    default:
      throw new Error(`No JSON form is defined for ${type.typeName}, which ${path} has in its schema.`);
  }
}

function mismatch(path: string, expected: string): Refusal {
  return new Refusal('schema-violation', `${path}: not ${expected}`);
}

function expectType(holds: boolean, value: unknown, path: string, expected: string): unknown {
  if (!holds) throw mismatch(path, expected);
  return value;
}

function readInteger(value: unknown, path: string, least: number, most: number): number {
  if (typeof value !== 'number') throw mismatch(path, 'a number');
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Refusal('value-out-of-range', `${path}: not a whole number from ${least} to ${most}`);
  }
  return value;
}

/** A symbol that the schema does not have becomes the enum's default, as it does for an Avro writer's newer schema. */
function readSymbol(type: avsc.types.EnumType, value: unknown, path: string): string {
  if (typeof value !== 'string') throw mismatch(path, 'a string');
  if (type.symbols.includes(value)) return value;
  const fallback = (type as avsc.types.EnumType & { readonly default?: string }).default;
  if (fallback === undefined) throw mismatch(path, 'one of its symbols');
  return fallback;
}

/** Without a prototype, so that `__proto__` is a key like any other. */
function readMap(type: avsc.Type, value: unknown, path: string, onUnknownField: () => void): Record<string, unknown> {
  const entries = Object.entries(expectObject(value, path));
  const map = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of entries) map[key] = readValue(type, member, `${path}{}`, onUnknownField);
  return map;
}

function expectObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch(path, 'an object');
  return value as Record<string, unknown>;
}

function readRecord(
  type: avsc.types.RecordType,
  value: unknown,
  path: string,
  onUnknownField: () => void,
): Record<string, unknown> {
  const object = expectObject(value, path);
  const record: Record<string, unknown> = {};
  let found = 0;
  for (const field of type.fields) {
    // Only what the sender wrote: an inherited `constructor` is no field.
    if (Object.hasOwn(object, field.name)) {
      found++;
      record[field.name] = readValue(field.type, object[field.name], `${path}.${field.name}`, onUnknownField);
    } else {
      const absent: unknown = field.defaultValue();
      if (absent === undefined) throw new Refusal('schema-violation', `${path}.${field.name}: missing`);
      record[field.name] = absent;
    }
  }
  for (let unknown = Object.keys(object).length - found; unknown > 0; unknown--) onUnknownField();
  return record;
}

/** Our unions are "null or something", so the one branch that is not null decides. */
function readUnion(branches: readonly avsc.Type[], value: unknown, path: string, onUnknownField: () => void): unknown {
  const something = branches.find((branch) => branch.typeName !== 'null');
  if (value === null || something === undefined) return expectType(value === null, value, path, 'null');
  return readValue(something, value, path, onUnknownField);
}
