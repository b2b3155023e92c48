import type avsc from 'avsc';
import { ByteCursor } from './byte-cursor.ts';

/** Reads one value from these bytes, which must end where it ends. @throws RangeError when they do not hold one. */
export type ValueReader = (bytes: Buffer, at: number) => unknown;

/**
 * Compiles one of our schemas into a reader for the hot path: straight code without a table to look anything up in,
 * an object literal a record, and never a step outside the bytes, however long an array says it is. It takes half
 * of the general codec's time, most of it won on short strings. The code is generated from our own schema files
 * alone: no name in it comes from outside.
 *
 * Unions are "null or something"; values come out as the general codec gives them, a test compares the two.
 */
export function compileReader(type: avsc.Type): ValueReader {
  const constants: unknown[] = [];
  const expression = expressionFor(type, constants);
  const make = new Function('constants', `'use strict'; return (c) => ${expression};`) as (
    constants: readonly unknown[],
  ) => (cursor: ByteCursor) => unknown;
  const read = make(constants);
  return (bytes, at) => {
    const cursor = new ByteCursor(bytes, at);
    const value = read(cursor);
    cursor.expectEnd();
    return value;
  };
}

/** The code that reads a value of this type from the cursor `c`; what it refers to is added to `constants`. */
function expressionFor(type: avsc.Type, constants: unknown[]): string {
  switch (type.typeName) {
    case 'null':
      return 'null';
    case 'boolean':
      return 'c.boolean()';
    case 'int':
      return 'c.int()';
    case 'long':
      return 'c.long()';
    case 'double':
      return 'c.double()';
    case 'string':
      return 'c.string()';
    case 'bytes':
      return 'c.bytes()';
    case 'fixed':
      return `c.fixed(${(type as avsc.types.FixedType).size})`;
    case 'enum':
      constants.push((type as avsc.types.EnumType).symbols);
      return `c.symbol(constants[${constants.length - 1}])`;
    case 'array':
      return `c.array((c) => ${expressionFor((type as avsc.types.ArrayType).itemsType, constants)})`;
    case 'map':
      return `c.map((c) => ${expressionFor((type as avsc.types.MapType).valuesType as avsc.Type, constants)})`;
    case 'record': {
      const { fields } = type as avsc.types.RecordType;
      return `({ ${fields.map((field) => `${field.name}: ${expressionFor(field.type, constants)}`).join(', ')} })`;
    }
    case 'union:unwrapped': {
      const [first, second, ...others] = (type as avsc.types.UnwrappedUnionType).types;
      if (first !== undefined && second !== undefined && others.length === 0) {
        return `(c.isFirstOfTwo() ? ${expressionFor(first, constants)} : ${expressionFor(second, constants)})`;
      }
      throw new Error(`A union of ours has not two branches, so there is no fast reader for it. Make it ["null", …].`);
    }
    default:
      throw new Error(`No schema of ours had a ${type.typeName} before. Teach the fast reader to read it.`);
  }
}
