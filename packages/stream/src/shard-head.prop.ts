import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AlarmError } from './errors.ts';
import { decodeHead, encodeHead, type ShardPosition } from './shard-head.ts';

const token = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes));
const anyOffset = fc.maxSafeNat();
const anyPosition: fc.Arbitrary<ShardPosition> = fc.record({
  token,
  incarnation: token,
  journalOffset: fc.oneof(fc.constant(-1), anyOffset),
  positions: fc.array(anyOffset, { maxLength: 6 }),
  clockMs: fc.maxSafeInteger(),
});

describe("a shard's head", () => {
  test('reads back as written, its token first', () => {
    fc.assert(
      fc.property(anyPosition, (position) => {
        const bytes = encodeHead(position);
        expect(bytes.subarray(0, 8).equals(position.token)).toBe(true);
        expect(decodeHead(bytes)).toEqual(position);
      }),
    );
  });

  test('with a byte missing, or one too many, raises an alarm', () => {
    fc.assert(
      fc.property(anyPosition, (position) => {
        const bytes = encodeHead(position);
        expect(() => decodeHead(bytes.subarray(0, -1))).toThrow(AlarmError);
        expect(() => decodeHead(Buffer.concat([bytes, Buffer.from([0])]))).toThrow('bytes are left over');
      }),
    );
  });

  test('of another format names both formats', () => {
    const bytes = encodeHead({ token: Buffer.alloc(8), incarnation: Buffer.alloc(8), journalOffset: 1, positions: [], clockMs: 0 });
    bytes[8] = 4;
    expect(() => decodeHead(bytes)).toThrow('format 2, this program knows 1');
  });
});
