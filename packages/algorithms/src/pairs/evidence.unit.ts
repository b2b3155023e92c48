import { readFileSync } from 'node:fs';
import avsc from 'avsc';
import { describe, expect, test } from 'vitest';
import { decodeEvidence, decodeEvidenceHeader } from './evidence-reader.ts';
import { EvidenceWriter } from './evidence-writer.ts';
import { ItemInterner } from './item-interner.ts';

const SCHEMA = new URL('../../../../schemas/item-evidence.avsc', import.meta.url);
const longs = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});
const type = avsc.Type.forSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')) as avsc.Schema, { registry: { long: longs } });

const ORIGIN = { sourceShard: 6, incarnation: Buffer.from('incarna7'), journalOffset: 2n ** 53n + 11n, ordersTotal: 5_040 * 1_000_000, ordersDay: 20_003 };

/** Items whose name begins with `own` belong to shard 0, all others to shard 1. */
function written(write: (writer: EvidenceWriter) => void): { shard: number; parts: Buffer[] }[] {
  const writer = new EvidenceWriter(2, (item) => (item.startsWith('own') ? 0 : 1));
  write(writer);
  return writer.finish(ORIGIN, 1 << 20);
}

describe('an evidence record', () => {
  test('is the Avro record of its schema, byte for byte', () => {
    const [record] = written((writer) => {
      writer.view(20_003, 'own-é', ['b', '\u{1F600}', 'own-2']);
      writer.basket(20_004, Array.from({ length: 12 }, (_, at) => `own-${at}`));
    });
    const bytes = record!.parts[0]!;
    const decoded = type.fromBuffer(bytes) as Record<string, unknown> & { items: string[]; owned: Buffer };
    expect(decoded).toMatchObject({
      sourceShard: 6,
      journalOffset: ORIGIN.journalOffset,
      part: 0,
      last: true,
      ordersTotal: BigInt(ORIGIN.ordersTotal),
      ordersDay: 20_003,
    });
    expect(Buffer.from(decoded['incarnation'] as Buffer)).toEqual(ORIGIN.incarnation);
    expect(decoded.items.slice(0, 4)).toEqual(['own-é', 'b', '\u{1F600}', 'own-2']);
    expect([...decoded.owned]).toEqual([0b1111_1001, 0b0111_1111]);
    expect(type.toBuffer(decoded)).toEqual(bytes);
  });

  test('goes only to shards that own an item concerned, each with what it needs', () => {
    const evidence = written((writer) => writer.view(7, 'own-y', ['own-x', 'far', 'own-y', 'far-2']));
    const read = evidence.map(({ shard, parts }) => {
      const interner = new ItemInterner();
      const { ids, owned, blocks } = decodeEvidence(parts[0]!, interner);
      return { shard, items: [...ids].map((id) => interner.text(id)), owned: [...owned], blocks: [...blocks] };
    });
    expect(read).toEqual([
      { shard: 0, items: ['own-y', 'own-x', 'far', 'far-2'], owned: [1, 1, 0, 0], blocks: [1, 7, 0, 3, 1, 1, 2, 2, 4, 3] },
      { shard: 1, items: ['own-y', 'far', 'far-2'], owned: [0, 1, 1], blocks: [1, 7, 0, 2, 2, 1, 4, 2] },
    ]);
    expect(written((writer) => writer.view(7, 'own-y', [])).map(({ shard }) => shard)).toEqual([0]);
    expect(written(() => undefined)).toEqual([]);
  });

  test('says nothing after the writer was cleared', () => {
    const writer = new EvidenceWriter(2, () => 1);
    writer.view(7, 'a', ['b']);
    expect(writer.empty).toBe(false);
    writer.clear();
    expect(writer.empty).toBe(true);
    expect(writer.finish(ORIGIN, 1 << 20)).toEqual([]);
    writer.view(7, 'c', []);
    const interner = new ItemInterner();
    decodeEvidence(writer.finish(ORIGIN, 1 << 20)[0]!.parts[0]!, interner);
    expect(interner.size).toBe(1);
  });

  test('shows its header without being decoded', () => {
    const [record] = written((writer) => writer.basket(20_000, ['own-a']));
    expect(decodeEvidenceHeader(record!.parts[0]!)).toEqual({ ...ORIGIN, part: 0, last: true });
  });

  test('is not written for an incarnation of another size or a shard that does not exist', () => {
    const writer = new EvidenceWriter(2, () => 2);
    expect(() => writer.view(1, 'a', [])).toThrow(/shard 2 is not one of 2/);
    expect(() => new EvidenceWriter(1, () => 0).finish({ ...ORIGIN, incarnation: Buffer.alloc(4) }, 1)).toThrow(/8 bytes, not 4/);
  });

  test('with an id that is not UTF-8 is refused', () => {
    const [record] = written((writer) => writer.view(1, 'own-xyz', []));
    const bytes = Buffer.from(record!.parts[0]!);
    bytes[bytes.indexOf('xyz')] = 0xff;
    expect(() => decodeEvidence(bytes, new ItemInterner())).toThrow(/not UTF-8/);
  });
});
