import type { Schema } from 'avsc';
import avsc from 'avsc';
import { expect, test } from 'vitest';
import type { EncodedRecord } from './decoder.ts';
import { EventDecoder } from './decoder.ts';
import { EventEncoder } from './encoder.ts';
import { loadSchemas } from './schemas.ts';

const NOW_MS = 1_700_000_000_000;
const schemas = loadSchemas();

interface RecordSchema {
  name: string;
  fields: { name: string; type: unknown; default?: unknown }[];
}

function parsed(name: 'clickstream' | 'purchases'): RecordSchema {
  return JSON.parse(schemas.texts[name]) as RecordSchema;
}

/** A record as a writer with this schema sends it. */
function written(schema: unknown, id: number, value: unknown): EncodedRecord {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(id, 1);
  const bytes = avsc.Type.forSchema(schema as Schema).toBuffer(value);
  return { key: Buffer.from('u1'), value: Buffer.concat([prefix, bytes]), timestampMs: NOW_MS };
}

/** A decoder whose registry holds these schemas. */
function decoderWith(texts: Readonly<Record<number, string | null>>): EventDecoder {
  return new EventDecoder({ partitions: 1, source: { schemaText: async (id) => texts[id] } });
}

const view = { eventId: 'e1', timeMs: NOW_MS, kind: 'view', userId: 'u1', itemId: 'i1' };

test('a newer writer is read once its schema has been fetched', async () => {
  const newer = parsed('clickstream');
  newer.fields.unshift({ name: 'country', type: 'string' });
  const record = written(newer, 900, { ...view, country: 'FR' });
  const decoder = decoderWith({ 900: JSON.stringify(newer) });

  expect(decoder.decode('clickstream', record, 0)).toEqual({ kind: 'unknown-schema', schemaId: 900 });
  expect(await decoder.resolveSchema(900)).toBe(true);
  expect(decoder.decode('clickstream', record, 0)).toMatchObject({ kind: 'event', event: { itemId: 'i1', user: 'u1' } });
});

test('an older writer is read with the defaults of what it did not know', async () => {
  const older = parsed('clickstream');
  older.fields = older.fields.filter(({ name }) => ['eventId', 'timeMs', 'kind', 'userId', 'itemId'].includes(name));
  const decoder = decoderWith({ 900: JSON.stringify(older) });
  await decoder.resolveSchema(900);
  expect(decoder.decode('clickstream', written(older, 900, view), 0)).toMatchObject({ kind: 'event', event: { channel: 'web' } });
});

test('a kind that only the writer knows is refused, whatever its number is', async () => {
  const newer = parsed('clickstream');
  const kind = newer.fields[2]!.type as { symbols: string[] };
  kind.symbols.splice(1, 0, 'compared');
  const decoder = decoderWith({ 900: JSON.stringify(newer) });
  await decoder.resolveSchema(900);
  expect(decoder.decode('clickstream', written(newer, 900, { ...view, kind: 'compared' }), 0)).toMatchObject({ reason: 'schema-violation' });
  expect(decoder.decode('clickstream', written(newer, 900, view), 0)).toMatchObject({ event: { kind: 'view' } });
});

test('another layout of an order is walked by its own schema before it is read', async () => {
  const newer = parsed('purchases');
  newer.fields.reverse();
  const decoder = decoderWith({ 900: JSON.stringify(newer) });
  await decoder.resolveSchema(900);
  const order = { eventId: 'e', timeMs: NOW_MS, kind: 'order', orderId: 'o', userId: 'u1', currency: 'GBP', lines: [{ itemId: 'i1', quantity: 1, unitPrice: 2 }] };
  const record = written(newer, 900, order);
  expect(decoder.decode('purchases', record, 0)).toMatchObject({ kind: 'event', event: { lines: [{ itemId: 'i1' }] } });
  const cut = { ...record, value: record.value!.subarray(0, -1) };
  expect(decoder.decode('purchases', cut, 0)).toMatchObject({ kind: 'dead', reason: 'unreadable' });
});

test("a schema of another topic breaks this topic's, and one id can do both", () => {
  const encoder = new EventEncoder();
  const decoder = new EventDecoder({ partitions: 1 });
  const value = encoder.encodeCatalog({ timeMs: NOW_MS, itemId: 'u1', name: 'A lamp' });
  const record = { key: Buffer.from('u1'), value, timestampMs: NOW_MS };
  expect(decoder.decode('clickstream', record, 0)).toMatchObject({ kind: 'dead', reason: 'schema-violation' });
  expect(decoder.decode('catalog', record, 0).kind).toBe('event');
});

test.each([
  ['no Avro', null],
  ['no JSON', 'not a schema'],
  ['an unknown type', '{"type":"decimal"}'],
])('records of a schema that is %s are dead letters once that is known', async (_what, text) => {
  const decoder = decoderWith({ 900: text });
  const record = written('string', 900, 'x');
  expect(decoder.decode('clickstream', record, 0).kind).toBe('unknown-schema');
  expect(await decoder.resolveSchema(900)).toBe(true);
  expect(decoder.decode('clickstream', record, 0)).toMatchObject({ kind: 'dead', reason: 'schema-violation' });
});

test("a writer's schema that makes much of nothing cannot keep the decoder busy", async () => {
  const bomb = parsed('clickstream');
  bomb.fields.unshift({ name: 'nothing', type: { type: 'array', items: { type: 'array', items: 'null' } } });
  const decoder = decoderWith({ 900: JSON.stringify(bomb) });
  await decoder.resolveSchema(900);
  const prefix = Buffer.from([0, 0, 0, 0x03, 0x84]);
  // An array of 100,000 arrays of 100,000 nulls each: four bytes an array.
  const count = Buffer.from([0xc0, 0x9a, 0x0c]);
  const value = Buffer.concat([prefix, count, ...Array.from({ length: 100_000 }, () => Buffer.concat([count, Buffer.from([0])])), Buffer.from([0])]);
  const record = { key: Buffer.from('u1'), value, timestampMs: NOW_MS };
  expect(decoder.decode('clickstream', record, 0)).toMatchObject({ kind: 'dead', reason: 'unreadable' });
});

test('a schema inside itself is read as deep as the limit says, and no deeper', async () => {
  const nested = parsed('clickstream');
  nested.fields.unshift({
    name: 'thread',
    type: { type: 'record', name: 'Thread', fields: [{ name: 'next', type: ['null', 'Thread'], default: null }] },
  });
  const decoder = decoderWith({ 900: JSON.stringify(nested) });
  await decoder.resolveSchema(900);
  const rest = avsc.Type.forSchema(nested as unknown as Schema).toBuffer({ ...view, thread: { next: null } }).subarray(1);
  const deep = (levels: number) => ({
    key: Buffer.from('u1'),
    value: Buffer.concat([Buffer.from([0, 0, 0, 0x03, 0x84]), Buffer.alloc(levels, 2), Buffer.from([0]), rest]),
    timestampMs: NOW_MS,
  });
  expect(decoder.decode('clickstream', deep(3), 0).kind).toBe('event');
  for (const levels of [100, 500_000]) {
    expect(decoder.decode('clickstream', deep(levels), 0)).toMatchObject({ kind: 'dead', reason: 'unreadable' });
  }
});
