import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import avsc from 'avsc';
import { JournalCodec, type JournalEntry } from '@millrace/stream/journal';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const schema = readFileSync(join(import.meta.dirname, '../../schemas/journal-entry.avsc'), 'utf8');
const type = avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema);
const SCHEMA_ID = 0x01020304;
const codec = new JournalCodec(SCHEMA_ID);

const token = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes));
// The codec of the schema knows whole numbers up to 2^53 only; ours are read back exactly as far as that.
const offset = fc.nat({ max: 2 ** 31 - 1 }).chain((high) => fc.nat({ max: 511 }).map((low) => high * 512 + low));
const anyEntry: fc.Arbitrary<JournalEntry> = fc.record({
  token,
  parent: token,
  kind: fc.constantFrom('genesis', 'batch'),
  foldVersion: fc.nat(),
  coalesced: fc.boolean(),
  ranges: fc.array(fc.record({ first: offset, count: fc.nat() }), { maxLength: 6 }),
  omissions: fc.array(fc.record({ input: fc.nat(5), offset, reason: fc.string({ unit: 'grapheme' }) }), { maxLength: 3 }),
});

describe('a journal entry and its schema', () => {
  test('what the engine writes, the schema reads', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const bytes = codec.encode(entry);
        expect([...bytes.subarray(0, 5)]).toEqual([0, 1, 2, 3, 4]);
        expect(JSON.parse(JSON.stringify(type.fromBuffer(bytes.subarray(5))))).toEqual(JSON.parse(JSON.stringify(entry)));
      }),
    );
  });

  test('what the schema writes, the engine reads', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const value = Buffer.concat([codec.encode(entry).subarray(0, 5), type.toBuffer(entry)]);
        expect(codec.decode({ offset: 0, timestampMs: 0, key: null, value, headers: undefined })).toEqual(entry);
      }),
    );
  });

  test('both write the same bytes', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        expect(codec.encode(entry).subarray(5).equals(type.toBuffer(entry))).toBe(true);
      }),
    );
  });

  test('an ordinary one of four inputs takes at most 64 bytes, far into the life of a partition', () => {
    const entry: JournalEntry = {
      token: Buffer.alloc(8, 0xff),
      parent: Buffer.alloc(8, 0xff),
      kind: 'batch',
      foldVersion: 60,
      coalesced: true,
      ranges: Array.from({ length: 4 }, () => ({ first: 2 ** 40, count: 4_000 })),
      omissions: [],
    };
    expect(codec.encode(entry).length).toBeLessThanOrEqual(64);
  });
});
