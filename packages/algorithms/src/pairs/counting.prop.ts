import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_FOLD_PARAMETERS } from '../fold-parameters.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { addToTotal, decay, decaysBetween, totalAt } from './decay.ts';
import type { DatedTotal } from './decay.ts';
import { ItemInterner } from './item-interner.ts';
import { ItemRow } from './item-row.ts';
import { TOP_LIST_ITEMS, TopLists } from './top-lists.ts';

describe('decay', () => {
  test('is exact up to 2^53, where the plain product is not', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 65_536 }), fc.nat(3), (value, numerator, times) => {
        let expected = BigInt(value);
        for (let step = 0; step < times; step++) expected = (expected * BigInt(numerator)) / 65_536n;
        expect(decay(value, times, numerator)).toBe(Number(expected));
      }),
    );
  });

  test('in two walks is the same as in one', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(100), fc.nat(100), fc.nat(100), (value, day, a, b) => {
        const at = (total: DatedTotal, to: number): DatedTotal => ({ day: to, value: totalAt(total, to, DEFAULT_FOLD_PARAMETERS) });
        expect(at(at({ day, value }, day + a), day + a + b)).toEqual(at({ day, value }, day + a + b));
      }),
    );
  });

  test('of a total moves its day forward only and ages what is older', () => {
    const first = addToTotal(undefined, 29, 1_000, DEFAULT_FOLD_PARAMETERS);
    const second = addToTotal(first, 30, 1_000, DEFAULT_FOLD_PARAMETERS);
    expect(second).toEqual({ day: 30, value: 840 + 1_000 });
    expect(addToTotal(second, 29, 100, DEFAULT_FOLD_PARAMETERS)).toEqual({ day: 30, value: 1_840 + 84 });
    expect(decaysBetween(29, 30, 15)).toBe(1);
    expect(decaysBetween(30, 44, 15)).toBe(0);
  });
});

describe('variable-length integers', () => {
  test('read back what was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (whole, signed, long) => {
        const writer = new ByteWriter(1);
        writer.varint(whole);
        writer.zigzag(signed);
        writer.long(long);
        const reader = new ByteReader(writer.take(), 'test');
        expect([reader.varint(), reader.zigzag(), reader.long()]).toEqual([whole, signed, long]);
        reader.end();
      }),
    );
  });
});

describe('an item interner', () => {
  test('gives one number to one id, by text or by bytes, and orders by UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 6 }), { maxLength: 200, size: 'max' }), fc.integer(), (items, seed) => {
        const interner = new ItemInterner(seed);
        const ids = items.map((item, at) => {
          const bytes = Buffer.from(`<${item}>`);
          return at % 2 === 0 ? interner.intern(item) : interner.internBytes(bytes, 1, bytes.length - 1);
        });
        expect(ids.map((id) => interner.text(id))).toEqual(items);
        expect(items.map((item) => interner.intern(item))).toEqual(ids);
        expect(interner.size).toBe(new Set(items).size);
        for (let at = 1; at < items.length; at++) {
          const order = Buffer.compare(Buffer.from(items[at - 1]!), Buffer.from(items[at]!));
          expect(Math.sign(interner.compare(ids[at - 1]!, ids[at]!))).toBe(order);
        }
      }),
    );
  });

  test('grows past its first capacity', () => {
    const interner = new ItemInterner();
    const items = Array.from({ length: 20_000 }, (_, at) => `item-${at}`);
    items.forEach((item, at) => expect(interner.intern(item)).toBe(at));
    items.forEach((item, at) => expect(interner.internBytes(Buffer.from(item), 0, item.length)).toBe(at));
  });
});

describe('top lists', () => {
  const steps = fc.array(fc.tuple(fc.nat(150), fc.nat(50), fc.nat(2)), { maxLength: 400, size: 'max' });

  test('hold the largest of all rows by (value, id), and read back as they were written', () => {
    fc.assert(
      fc.property(steps, (touches) => {
        const interner = new ItemInterner();
        let lists = new TopLists(interner);
        const rows = new Map<number, ItemRow>();
        touches.forEach(([item, weight, orders], step) => {
          const id = interner.intern(`i${item}`);
          const row = rows.get(id) ?? new ItemRow(interner);
          rows.set(id, row);
          row.reach(100, DEFAULT_FOLD_PARAMETERS);
          row.addView(weight, weight * 2);
          row.addOrder(orders);
          lists.touch(id, row, DEFAULT_FOLD_PARAMETERS);
          if (step % 50 === 0) lists = TopLists.decode(lists.encode(), interner);
        });
        const expected = (valueOf: (row: ItemRow) => number): { id: number; value: number }[] =>
          [...rows]
            .map(([id, row]) => ({ id, value: valueOf(row) }))
            .filter(({ value }) => value > 0)
            .sort((a, b) => b.value - a.value || interner.compare(a.id, b.id))
            .slice(0, TOP_LIST_ITEMS);
        expect(lists.list('popular')).toEqual(expected((row) => row.nVv));
        expect(lists.list('trending')).toEqual(expected((row) => row.trending));
        expect(lists.list('bestSelling')).toEqual(expected((row) => row.nBb));
      }),
    );
  });

  test('age with the days: trending daily, the others every 15 days', () => {
    const interner = new ItemInterner();
    const lists = new TopLists(interner);
    const row = new ItemRow(interner);
    row.reach(14, DEFAULT_FOLD_PARAMETERS);
    row.addView(10_000, 10_000);
    lists.touch(interner.intern('a'), row, DEFAULT_FOLD_PARAMETERS);
    lists.advance(17, DEFAULT_FOLD_PARAMETERS);
    row.reach(17, DEFAULT_FOLD_PARAMETERS);
    expect(lists.list('trending')).toEqual([{ id: 0, value: row.trending }]);
    expect(lists.list('popular')).toEqual([{ id: 0, value: row.nVv }]);
    // Three days are a half-life.
    expect(row.trending).toBeGreaterThan(4_990);
    expect(row.trending).toBeLessThan(5_005);
    lists.remove(0);
    expect(lists.list('trending')).toEqual([]);
  });
});
