import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AvroReader, AvroWriter } from './avro-bytes.ts';

const anyLong = fc.maxSafeInteger();

describe('Avro bytes', () => {
  test('read back as written, whatever stands between', () => {
    const values = fc.array(
      fc.oneof(
        anyLong.map((value) => ({ kind: 'long', value }) as const),
        fc.boolean().map((value) => ({ kind: 'boolean', value }) as const),
        fc.string({ unit: 'binary' }).map((value) => ({ kind: 'string', value }) as const),
        fc.uint8Array().map((value) => ({ kind: 'bytes', value: Buffer.from(value) }) as const),
      ),
    );
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 40 }), (written, initialBytes) => {
        const writer = new AvroWriter(initialBytes);
        for (const { kind, value } of written) writer[kind](value as never);
        const reader = new AvroReader(writer.finish());
        const read = written.map(({ kind }) => ({ kind, value: reader[kind]() }));
        expect(read).toEqual(written);
        expect(reader.isAtEnd).toBe(true);
      }),
    );
  });

  test('end too early at every cut', () => {
    fc.assert(
      fc.property(anyLong, fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(), (value, tail, at) => {
        const whole = new AvroWriter().long(value).bytes(tail).finish();
        const reader = new AvroReader(whole.subarray(0, at % whole.length));
        expect(() => [reader.long(), reader.bytes()]).toThrow(RangeError);
      }),
    );
  });

  test('are never read beyond what a number can hold', () => {
    const beyond = Buffer.from('ffffffffffffff7f', 'hex');
    expect(() => new AvroReader(beyond).long()).toThrow('beyond 2^53');
    expect(() => new AvroReader(Buffer.alloc(12, 0xff)).long()).toThrow('longer than 8 bytes');
    expect(() => new AvroReader(new AvroWriter().long(-3).finish()).bytes()).toThrow(RangeError);
  });

  test('of small numbers are the zigzag of the specification', () => {
    const bytesOf = (value: number): number[] => [...new AvroWriter().long(value).finish()];
    expect([0, -1, 1, -2, 63, -64, 64].map(bytesOf)).toEqual([[0], [1], [2], [3], [126], [127], [128, 1]]);
  });
});
