import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WireReader, WireWriter } from './wire.ts';

type Primitive =
  | { readonly kind: 'int8' | 'int16' | 'int32' | 'int64'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Buffer };

const primitive: fc.Arbitrary<Primitive> = fc.oneof(
  fc.record({ kind: fc.constant('int8' as const), value: fc.integer({ min: -128, max: 127 }) }),
  fc.record({ kind: fc.constant('int16' as const), value: fc.integer({ min: -32_768, max: 32_767 }) }),
  fc.record({ kind: fc.constant('int32' as const), value: fc.integer() }),
  fc.record({ kind: fc.constant('int64' as const), value: fc.maxSafeInteger() }),
  fc.record({ kind: fc.constant('string' as const), value: fc.string({ unit: 'grapheme' }) }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array().map((array) => Buffer.from(array)) }),
);

function write(writer: WireWriter, { kind, value }: Primitive): void {
  if (kind === 'string') writer.string(value);
  else if (kind === 'bytes') writer.bytes(value);
  else writer[kind](value);
}

describe('the wire', () => {
  test('reads what it has written, however often the writer had to grow', () => {
    fc.assert(
      fc.property(fc.array(primitive, { maxLength: 50 }), fc.integer({ min: 1, max: 64 }), (primitives, expectedBytes) => {
        const writer = new WireWriter(expectedBytes);
        for (const one of primitives) write(writer, one);
        const reader = new WireReader(writer.finish());
        for (const { kind, value } of primitives) expect(reader[kind]()).toEqual(value);
      }),
    );
  });

  test('an array is its length and its elements; null strings and null bytes are told from empty ones where it matters', () => {
    const reader = new WireReader(new WireWriter(1).int32(2).int32(7).int32(8).nullString().string('').int32(-1).finish());
    expect(reader.array((one) => one.int32())).toEqual([7, 8]);
    expect([reader.nullableString(), reader.nullableString()]).toEqual([null, '']);
    expect(reader.bytes()).toHaveLength(0);
  });

  test('reading past the end is an error, not zeros', () => {
    expect(() => new WireReader(Buffer.alloc(3)).int32()).toThrow(RangeError);
  });
});
