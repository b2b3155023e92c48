import type { Schema } from 'avsc';
import avsc from 'avsc';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileReader } from './compiled-reader.ts';
import { compileSchema, loadSchemas } from './schemas.ts';
import { anyClick, anyCustomer, anyEvidence, anyOrder, anyRecommendations } from './wire.arbitraries.ts';

const { texts } = loadSchemas();

function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value) || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

test.each([
  ['clickstream', anyClick],
  ['purchases', anyOrder],
  ['customers', anyCustomer],
  ['item-evidence', anyEvidence],
  ['recommendations', anyRecommendations],
] as const)('%s: the fast reader reads what the general codec reads, from anywhere in a buffer', (name, values) => {
  const type = compileSchema(texts[name]);
  const read = compileReader(type);
  fc.assert(
    fc.property(values as fc.Arbitrary<unknown>, fc.nat({ max: 9 }), (value, at) => {
      const bytes = type.toBuffer(value);
      expect(plain(read(Buffer.concat([Buffer.alloc(at), bytes]), at))).toEqual(plain(type.fromBuffer(bytes)));
    }),
    { numRuns: 300 },
  );
});

/** The general codec reads a long by doubling it, and so not exactly beyond 2^52. */
function holdsLongBeyondCodec(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) > 2 ** 52;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsLongBeyondCodec);
}

test.each([
  ['clickstream', anyClick],
  ['purchases', anyOrder],
  ['customers', anyCustomer],
  ['recommendations', anyRecommendations],
] as const)('%s: of damaged bytes it reads only what the general codec reads too', (name, values) => {
  const type = compileSchema(texts[name]);
  const read = compileReader(type);
  fc.assert(
    fc.property(values as fc.Arbitrary<unknown>, fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (sent, place, byte, cut) => {
      const whole = type.toBuffer(sent);
      const at = place % whole.length;
      const bytes = cut ? whole.subarray(0, at) : whole;
      if (!cut) bytes[at] = byte;
      let value: unknown;
      try {
        value = read(bytes, 0);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return;
      }
      fc.pre(!holdsLongBeyondCodec(value));
      expect(plain(value)).toEqual(plain(type.fromBuffer(bytes)));
    }),
    { numRuns: 500 },
  );
});

/** A number as Avro writes it, by arithmetic that is exact for all of them. */
function zigzag(value: bigint): Buffer {
  let rest = value >= 0n ? value * 2n : -value * 2n - 1n;
  const bytes: number[] = [];
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

test('a long is exact up to 2^53, and refused beyond', () => {
  const read = compileReader(avsc.Type.forSchema('long'));
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      if (value >= -(2n ** 53n) + 1n && value <= 2n ** 53n - 2n) expect(read(zigzag(value), 0)).toBe(Number(value));
      else expect(() => read(zigzag(value), 0)).toThrow(RangeError);
    }),
  );
  fc.assert(fc.property(fc.integer({ min: -300, max: 300 }), (value) => read(zigzag(BigInt(value)), 0) === value));
});

test('an array in blocks with their sizes is read like any other', () => {
  const read = compileReader(avsc.Type.forSchema({ type: 'array', items: 'long' } as Schema));
  // Minus two elements, four bytes; then one element; then the end.
  expect(read(Buffer.from([3, 8, 2, 4, 2, 6, 0]), 0)).toEqual([1, 2, 3]);
});

test('an array cannot have more elements than there are bytes, even if they take none', () => {
  const read = compileReader(avsc.Type.forSchema({ type: 'array', items: 'null' } as Schema));
  expect(() => read(Buffer.concat([zigzag(2n ** 40n), Buffer.alloc(9)]), 0)).toThrow('The bytes end too early.');
});

test('a schema that the fast reader was not made for is refused when it is compiled', () => {
  const union: unknown = ['null', 'string', 'long'];
  expect(() => compileReader(avsc.Type.forSchema(union as Schema))).toThrow(/two branches/);
  expect(() => compileReader(avsc.Type.forSchema('float'))).toThrow(/float/);
});
