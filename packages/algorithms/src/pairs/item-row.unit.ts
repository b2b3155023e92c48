import { describe, expect, test } from 'vitest';
import { DEFAULT_FOLD_PARAMETERS } from '../fold-parameters.ts';
import { ByteWriter } from './bytes.ts';
import { ItemInterner } from './item-interner.ts';
import { decodeRow, decodeTotals, encodeRow, inspectRow, ROW_TOTALS_BYTES } from './item-row-codec.ts';
import { BB, emptyFoldNotes, ItemRow, LARGEST_TOTAL, VB, VV } from './item-row.ts';

const KEEP_TWO = { ...DEFAULT_FOLD_PARAMETERS, neighboursKept: 2, neighboursCap: 3 };

function rowWith(day: number, table: number, neighbours: Readonly<Record<string, number>>, notes = emptyFoldNotes()): ItemRow {
  const row = new ItemRow(new ItemInterner());
  row.reach(day, KEEP_TWO);
  for (const [item, units] of Object.entries(neighbours)) row.add(table, row.interner.intern(item), units, KEEP_TWO, notes);
  return row;
}

function encoded(row: ItemRow): Buffer {
  const writer = new ByteWriter();
  encodeRow(row, writer);
  return writer.take();
}

const itemsOf = (row: ItemRow, table: 'vv' | 'vb' | 'bb'): string[] => inspectRow(row).tables[table].map(({ item }) => item);

describe('a row at a day boundary', () => {
  test('decays first and cuts then, where the boundary does both', () => {
    // 7 and 6 both become 5, so that the tie goes to the smaller id; cut first, 7 would have stayed.
    const row = rowWith(14, VV, { z: 7, a: 6, m: 100 });
    row.reach(15, KEEP_TWO);
    expect(inspectRow(row).tables.vv).toEqual([{ item: 'm', units: 84 }, { item: 'a', units: 5 }]);
  });

  test('cuts first where the decay comes on a later day', () => {
    const row = rowWith(13, VV, { z: 7, a: 6, m: 100 });
    row.reach(15, KEEP_TWO);
    expect(itemsOf(row, 'vv')).toEqual(['m', 'z']);
  });

  test('finds its neighbours again after a cut', () => {
    const row = new ItemRow(new ItemInterner());
    row.reach(20, DEFAULT_FOLD_PARAMETERS);
    const add = (at: number, units: number): void => row.add(VV, row.interner.intern(`i${at}`), units, DEFAULT_FOLD_PARAMETERS, emptyFoldNotes());
    for (let at = 0; at < 100; at++) add(at, 1 + at);
    row.reach(21, DEFAULT_FOLD_PARAMETERS);
    for (let at = 36; at < 100; at++) add(at, 1_000);
    expect(row.size).toBe(64);
    expect(inspectRow(row).tables.vv).toEqual(Array.from({ length: 64 }, (_, place) => ({ item: `i${99 - place}`, units: 1_100 - place })));
  });

  test('does not move for evidence of an older day and says how much older it is', () => {
    const row = rowWith(20, VV, { a: 5 });
    expect(row.reach(17, KEEP_TWO)).toBe(3);
    expect(row.day).toBe(20);
  });

  test('forgets everything after years', () => {
    const row = rowWith(20, VV, { a: 5_040 });
    row.addView(5_040, 5_040);
    row.reach(4_000, KEEP_TWO);
    expect(inspectRow(row)).toEqual({ day: 4_000, nVv: 0, nVbTarget: 0, nBb: 0, trending: 0, tables: { vv: [], vb: [], bb: [] } });
  });
});

describe('the hard cap inside a day', () => {
  test('cuts a table back to the kept neighbours and is noted', () => {
    const notes = emptyFoldNotes();
    const row = rowWith(20, VB, { a: 1, b: 4, c: 3, d: 2 }, notes);
    expect(itemsOf(row, 'vb')).toEqual(['b', 'c']);
    expect(notes.capTrims).toBe(1);
  });

  test('of one table leaves the others alone', () => {
    const row = rowWith(20, BB, { a: 1, b: 2, c: 3 });
    for (const [item, units] of [['a', 9], ['x', 8], ['y', 7], ['z', 6]] as const) row.add(VV, row.interner.intern(item), units, KEEP_TWO, emptyFoldNotes());
    expect(itemsOf(row, 'bb')).toEqual(['c', 'b', 'a']);
    expect(itemsOf(row, 'vv')).toEqual(['a', 'x']);
    expect(row.size).toBe(4);
  });
});

describe('the value of a row', () => {
  test('shows day and totals in its first bytes', () => {
    const row = rowWith(20_000, VV, { a: 5 });
    row.addView(LARGEST_TOTAL + 5, 0);
    row.addPurchase(7);
    row.addOrder(2 ** 40 + 3);
    expect(decodeTotals(encoded(row).subarray(0, ROW_TOTALS_BYTES))).toEqual({ day: 20_000, nVv: LARGEST_TOTAL, nVbTarget: 7, nBb: 2 ** 40 + 3 });
    expect(() => decodeTotals(encoded(row).subarray(0, ROW_TOTALS_BYTES - 1))).toThrow(/item row: .* bytes expected/);
  });

  test('takes about ten bytes a neighbour with ids of seven bytes', () => {
    const row = new ItemRow(new ItemInterner());
    row.reach(20_000, DEFAULT_FOLD_PARAMETERS);
    for (let at = 0; at < 64; at++) row.add(VV, row.interner.intern(`4616${100 + at}`), 5_040 + at, DEFAULT_FOLD_PARAMETERS, emptyFoldNotes());
    expect(encoded(row).length).toBeLessThanOrEqual(ROW_TOTALS_BYTES + 10 + 64 * 10);
  });

  test('keeps long ids, large counts and hundreds of neighbours', () => {
    const row = new ItemRow(new ItemInterner());
    row.reach(1, DEFAULT_FOLD_PARAMETERS);
    for (let at = 0; at < 400; at++) {
      const id = row.interner.intern(`${'é'.repeat(at % 128)}${at}`);
      row.add(at % 3, id, 2 ** (at % 53), DEFAULT_FOLD_PARAMETERS, emptyFoldNotes());
    }
    const back = decodeRow(encoded(row), new ItemInterner());
    expect(inspectRow(back)).toEqual(inspectRow(row));
    expect(encoded(back)).toEqual(encoded(row));
  });

  test('of another version is refused', () => {
    const bytes = encoded(rowWith(1, VV, {}));
    bytes[0] = 9;
    expect(() => decodeRow(bytes, new ItemInterner())).toThrow(/version 9 instead of 1/);
  });
});
