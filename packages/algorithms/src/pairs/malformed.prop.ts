import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter, MalformedBytesError } from './bytes.ts';
import { DEFAULT_FOLD_PARAMETERS } from '../fold-parameters.ts';
import { applyEvidence } from './apply-evidence.ts';
import { decodeEvidence } from './evidence-reader.ts';
import { EvidenceWriter } from './evidence-writer.ts';
import { ItemInterner } from './item-interner.ts';
import { decodeNeighbours, decodeRow, encodeRow } from './item-row-codec.ts';
import { emptyFoldNotes, ItemRow } from './item-row.ts';
import { TopLists } from './top-lists.ts';

function someEvidence(): Buffer {
  const writer = new EvidenceWriter(1, () => 0);
  writer.view(20_000, 'é-1', ['b', 'c', 'b', 'é-1']);
  writer.bought(20_001, ['b', 'c'], ['c', 'd']);
  writer.basket(19_999, ['b', 'c', 'd']);
  const origin = { sourceShard: 3, incarnation: Buffer.alloc(8, 1), journalOffset: 9n, ordersTotal: 5_040, ordersDay: 20_000 };
  return writer.finish(origin, 1 << 20)[0]!.parts[0]!;
}

function someRow(): { interner: ItemInterner; row: ItemRow; bytes: Buffer } {
  const interner = new ItemInterner();
  const rows = new Map<number, ItemRow>();
  const rowOf = (id: number): ItemRow => rows.get(id) ?? rows.set(id, new ItemRow(interner)).get(id)!;
  applyEvidence(decodeEvidence(someEvidence(), interner), rowOf, DEFAULT_FOLD_PARAMETERS, emptyFoldNotes());
  const row = rowOf(interner.intern('c'));
  const writer = new ByteWriter();
  encodeRow(row, writer);
  return { interner, row, bytes: writer.take() };
}

/** Truncated, with some bytes replaced, or with some added. */
function damaged(bytes: Buffer): fc.Arbitrary<Buffer> {
  return fc.tuple(fc.nat(bytes.length), fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 4 }), fc.uint8Array({ maxLength: 3 })).map(
    ([length, changes, more]) => {
      const copy = Buffer.from(bytes);
      for (const [at, value] of changes) copy[at] = value;
      return Buffer.concat([copy.subarray(0, length), more]);
    },
  );
}

/** Runs what reads damaged bytes; the only error that may come is the one that says so. */
function readsOrRefuses(read: () => void): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedBytesError);
  }
}

const RUNS = { numRuns: 1_000 };

describe('damaged bytes are read as something or refused, and never crash', () => {
  test('evidence: what is read can be folded', () => {
    fc.assert(
      fc.property(damaged(someEvidence()), (bytes) => {
        readsOrRefuses(() => {
          const interner = new ItemInterner();
          const rows = new Map<number, ItemRow>();
          const record = decodeEvidence(bytes, interner);
          applyEvidence(record, (id) => rows.get(id) ?? rows.set(id, new ItemRow(interner)).get(id)!, DEFAULT_FOLD_PARAMETERS, emptyFoldNotes());
        });
      }),
      RUNS,
    );
  });

  test('item rows: what is read can be written', () => {
    const { bytes } = someRow();
    fc.assert(
      fc.property(damaged(bytes), (damagedBytes) => {
        readsOrRefuses(() => {
          encodeRow(decodeRow(damagedBytes, new ItemInterner()), new ByteWriter());
          decodeNeighbours(damagedBytes, new ItemInterner());
        });
      }),
      RUNS,
    );
  });

  test('top lists', () => {
    const { interner, row } = someRow();
    const lists = new TopLists(interner);
    for (let id = 0; id < interner.size; id++) lists.touch(id, row, DEFAULT_FOLD_PARAMETERS);
    fc.assert(
      fc.property(damaged(lists.encode()), (bytes) => readsOrRefuses(() => TopLists.decode(bytes, new ItemInterner()))),
      RUNS,
    );
  });

  test('a record that begins well and goes on badly is refused with the place', () => {
    const bytes = someEvidence();
    expect(() => decodeEvidence(bytes.subarray(0, bytes.length - 1), new ItemInterner())).toThrow(/item evidence: .* at byte \d+ of \d+/);
    expect(() => decodeEvidence(Buffer.concat([bytes, Buffer.alloc(1)]), new ItemInterner())).toThrow(/1 bytes left over/);
  });
});
