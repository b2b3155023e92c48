import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from './events.arbitraries.ts';
import { CorruptProfileError, PackedReader, PackedWriter } from './packed-bytes.ts';

const idCharacters = fc.constantFrom(...'-0189AZ_az');

test('strings of every length and alphabet come back, and the reader stops where they end', () => {
  const text = fc.oneof(
    fc.string({ unit: idCharacters, maxLength: 40 }),
    anyText({ maxLength: 40 }),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 10 }), (texts) => {
      const out = new PackedWriter(4);
      for (const value of texts) out.text(value);
      const input = new PackedReader(out.take(), 'test');
      expect(texts.map(() => input.text())).toEqual(texts);
      input.end();
    }),
  );
});

test('eight characters of an id take seven bytes', () => {
  const out = new PackedWriter();
  out.text('item0001');
  expect(out.take()).toHaveLength(7);
  out.clear();
  out.text('item 001');
  expect(out.take()).toHaveLength(9);
});

test('numbers of five bytes come back', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 40 - 1 }))), (values) => {
      const out = new PackedWriter(4);
      out.uint40s(values);
      expect(new PackedReader(out.take(), 'test').uint40s(values.length)).toEqual(values);
    }),
  );
});

test('random bytes end in a string or in an error that names the place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      const input = new PackedReader(bytes, 'somewhere');
      try {
        expect(typeof input.text()).toBe('string');
        expect(input.at).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptProfileError);
        expect((error as CorruptProfileError).place).toBe('somewhere');
      }
    }),
    { numRuns: 1_000 },
  );
});

test('bytes that are not UTF-8, and strings longer than the value, are refused', () => {
  expect(() => new PackedReader(Buffer.from([5, 0xff, 0xfe]), 'test').text()).toThrow('test: a string is not UTF-8');
  expect(() => new PackedReader(Buffer.from([0xfe, 0xff, 0xff, 0xff, 1, 0]), 'test').text()).toThrow('ends too early');
});
