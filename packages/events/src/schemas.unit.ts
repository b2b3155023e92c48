import type { Schema } from 'avsc';
import avsc from 'avsc';
import { describe, expect, test } from 'vitest';
import { compileSchema, loadSchemas, newestOf, SCHEMA_NAMES } from './schemas.ts';
import { TOPICS } from './topics.ts';

const schemas = loadSchemas();

/**
 * What a reader of this schema would trip over in data of earlier versions: BACKWARD_TRANSITIVE says that there must
 * be nothing.
 */
function incompatibilities(reader: string, earlier: readonly string[]): string[] {
  const type = compileSchema(reader);
  return earlier.flatMap((text, index) => {
    try {
      type.createResolver(compileSchema(text));
      return [];
    } catch (error) {
      return [`version ${index + 1}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
}

function historyOf(name: string): string[] {
  return schemas.history.filter(({ schema }) => schema === name).map(({ text }) => text);
}

describe.each(SCHEMA_NAMES)('the schema %s', (name) => {
  test('can read everything that was ever written with an earlier version', () => {
    expect(incompatibilities(schemas.texts[name], historyOf(name))).toEqual([]);
  });

  test('is the newest version of its history', () => {
    expect(JSON.parse(newestOf(schemas.history, name).text)).toEqual(JSON.parse(schemas.texts[name]));
  });

  test('has versions without a gap', () => {
    const versions = schemas.history.filter(({ schema }) => schema === name).map(({ version }) => version);
    expect(versions).toEqual(versions.map((_, index) => index + 1));
  });

  test('documents its record and every field, and gives every enum a default', () => {
    expect(faults(JSON.parse(schemas.texts[name]) as Schema, name)).toEqual([]);
  });
});

test('ids are 1, 2, 3, … in the order of registration, as the in-process registry deals them', () => {
  expect(schemas.history.map(({ id }) => id)).toEqual(schemas.history.map((_, index) => index + 1));
});

test('every schema that the table of topics names exists', () => {
  for (const { schema } of TOPICS) if (schema !== undefined) expect(SCHEMA_NAMES).toContain(schema);
});

describe('the check of compatibility bites', () => {
  const text = schemas.texts.clickstream;
  const changed = (change: (record: { fields: Record<string, unknown>[] }) => void): string => {
    const record = JSON.parse(text) as { fields: Record<string, unknown>[] };
    change(record);
    return JSON.stringify(record);
  };

  test('on a new field without a default', () => {
    const reader = changed((record) => record.fields.push({ name: 'country', type: 'string' }));
    expect(incompatibilities(reader, [text])).toHaveLength(1);
  });

  test('on a field whose type changed', () => {
    const reader = changed((record) => {
      record.fields[0]!['type'] = 'long';
    });
    expect(incompatibilities(reader, [text])).toHaveLength(1);
  });

  test('on a removed symbol of an enum without a default', () => {
    const reader = changed((record) => {
      record.fields[2]!['type'] = { type: 'enum', name: 'ClickKind', symbols: ['view'] };
    });
    expect(incompatibilities(reader, [text])).toHaveLength(1);
  });

  test('on any version of the history, not only on the newest', () => {
    const newest = changed((record) => record.fields.push({ name: 'country', type: 'string', default: '' }));
    const reader = changed((record) => record.fields.push({ name: 'country', type: 'string' }));
    expect(incompatibilities(reader, [newest])).toEqual([]);
    expect(incompatibilities(reader, [text, newest])).toHaveLength(1);
  });

  test('but not on a new field with a default, nor on a new symbol', () => {
    const reader = changed((record) => {
      record.fields.push({ name: 'country', type: ['null', 'string'], default: null });
      const kind = record.fields[2]!['type'] as { symbols: string[] };
      kind.symbols.push('compared');
    });
    expect(incompatibilities(reader, [text])).toEqual([]);
  });
});

interface Node {
  readonly type?: unknown;
  readonly name?: string;
  readonly doc?: string;
  readonly default?: unknown;
  readonly fields?: readonly Node[];
  readonly items?: unknown;
  readonly values?: unknown;
}

/** Everything in a schema that is not documented, and every enum that could not grow. */
function faults(schema: unknown, path: string): string[] {
  if (Array.isArray(schema)) return schema.flatMap((branch) => faults(branch, path));
  if (typeof schema !== 'object' || schema === null) return [];
  const node = schema as Node;
  const own: string[] = [];
  if (node.name !== undefined && !(node.doc !== undefined && node.doc.length > 0)) own.push(`${path}: no doc`);
  if (node.type === 'enum' && node.default === undefined) own.push(`${path}: an enum without a default`);
  return [
    ...own,
    ...(node.fields ?? []).flatMap((field) => faults(field, `${path}.${field.name}`)),
    ...faults(node.type, path),
    ...faults(node.items, `${path}[]`),
    ...faults(node.values, `${path}{}`),
  ];
}

test('the namespace of every record is io.millrace', () => {
  for (const name of SCHEMA_NAMES) {
    expect(avsc.Type.forSchema(JSON.parse(schemas.texts[name]) as Schema).name).toMatch(/^io\.millrace\./);
  }
});
