import { describe, expect, test } from 'vitest';
import { differingFields, plain } from './field-differences.ts';

describe('differing fields', () => {
  test('are named by their path', () => {
    const stored = { a: { b: [1, { c: 2 }] }, same: new Map([['x', 1]]), gone: 1 };
    const folded = { a: { b: [1, { c: 3 }, 4] }, same: new Map([['x', 1]]), come: 2 };
    expect(differingFields(stored, folded)).toEqual([
      { field: 'a.b[1].c', stored: 2, folded: 3 },
      { field: 'a.b[2]', stored: undefined, folded: 4 },
      { field: 'gone', stored: 1, folded: undefined },
      { field: 'come', stored: undefined, folded: 2 },
    ]);
  });

  test('see inside maps, bytes and typed arrays, and quote what is no plain name', () => {
    const found = differingFields(
      { m: new Map([['a b', 1]]), bytes: Buffer.from([1, 2]), n: Uint8Array.of(3), '__proto__ ': 1 },
      { m: new Map([['a b', 2]]), bytes: Buffer.from([1, 3]), n: Uint8Array.of(4), '__proto__ ': 2 },
    );
    expect(found.map(({ field }) => field)).toEqual(['m["a b"]', 'bytes[1]', 'n[0]', '["__proto__ "]']);
  });

  test('tell a list from an object, NaN from a number and nothing from zero', () => {
    expect(differingFields({ x: [] }, { x: {} })).toEqual([{ field: 'x', stored: [], folded: {} }]);
    expect(differingFields({ x: Number.NaN }, { x: Number.NaN })).toEqual([]);
    expect(differingFields({ x: 0 }, { x: undefined })).toHaveLength(1);
    expect(differingFields(1, 2)).toEqual([{ field: '(value)', stored: 1, folded: 2 }]);
  });

  test('end after twenty', () => {
    const many = (by: number): number[] => Array.from({ length: 100 }, (_, i) => i + by);
    expect(differingFields(many(0), many(1))).toHaveLength(20);
  });

  test('are said as JSON can say them', () => {
    expect(plain({ b: 5n, bytes: Buffer.from('ff', 'hex'), m: new Map([['k', 1n]]), u: undefined })).toEqual({ b: '5', bytes: 'ff', m: [['k', '1']] });
  });
});
