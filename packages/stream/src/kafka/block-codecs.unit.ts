import { describe, expect, test } from 'vitest';
import { lz4FrameDecompress, snappyDecompress } from './block-codecs.ts';

const MAX_BYTES = 1_000_000;

// The real codecs are tested against a broker that compresses; here are the corners that it does not show.

function lz4Frame(...blocks: Buffer[]): Buffer {
  const head = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
  const sized = blocks.map((block) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(block.length);
    return Buffer.concat([size, block]);
  });
  return Buffer.concat([head, ...sized, Buffer.alloc(4)]);
}

describe('snappy', () => {
  test('literals and copies of every form', () => {
    // "abcd", then a copy with a 1-byte, a 2-byte and a 4-byte distance; overlapping copies repeat.
    const block = Buffer.from([16, 0x0c, 0x61, 0x62, 0x63, 0x64, 0x01, 4, 0x0e, 4, 0, 0x0f, 1, 0, 0, 0]);
    expect(snappyDecompress(block, MAX_BYTES).toString()).toBe('abcdabcdabcddddd');
    const long = Buffer.concat([Buffer.from([0xac, 0x02, 0xf4, 0x2b, 0x01]), Buffer.alloc(300, 'z')]);
    expect(snappyDecompress(long, MAX_BYTES).toString()).toBe('z'.repeat(300));
  });

  test.each<[string, number[]]>([
    ['ends in the middle of a literal', [4, 0x0c, 0x61]],
    ['copies from before the beginning', [8, 0x0c, 0x61, 0x62, 0x63, 0x64, 0x01, 5]],
    ['copies from where it writes', [8, 0x0c, 0x61, 0x62, 0x63, 0x64, 0x01, 0]],
    ['is shorter than it says', [9, 0x0c, 0x61, 0x62, 0x63, 0x64]],
    ['is longer than it says', [3, 0x0c, 0x61, 0x62, 0x63, 0x64]],
    ['says that it is longer than allowed', [0xff, 0xff, 0xff, 0x7f]],
    ['has a length without an end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ])('a block that %s is refused', (_, bytes) => {
    expect(() => snappyDecompress(Buffer.from(bytes), MAX_BYTES)).toThrow(RangeError);
  });
});

describe('lz4', () => {
  test('literals, matches, long lengths, and an output larger than its first buffer', () => {
    const run = Buffer.from([0x1f, 0x61, 1, 0, ...new Array<number>(400).fill(255), 10, 0x10, 0x62]);
    const expected = `${'a'.repeat(1 + 15 + 400 * 255 + 10 + 4)}b`;
    expect(lz4FrameDecompress(lz4Frame(run), MAX_BYTES).toString()).toBe(expected);
    expect(lz4FrameDecompress(lz4Frame(run, run), MAX_BYTES).toString()).toBe(expected + expected);
  });

  test.each<[string, Buffer]>([
    ['is no frame', Buffer.from('nothing of the kind')],
    ['ends in the middle of a block', lz4Frame(Buffer.from([0x10, 0x61])).subarray(0, 12)],
    ['ends in the middle of a literal', lz4Frame(Buffer.from([0x50, 0x61]))],
    ['copies from before the beginning', lz4Frame(Buffer.from([0x10, 0x61, 9, 0, 0x10, 0x62]))],
    ['swells past the limit', lz4Frame(Buffer.from([0x1f, 0x61, 1, 0, ...new Array<number>(5_000).fill(255), 0, 0x10, 0x62]))],
    ['has no end', lz4Frame(Buffer.from([0x10, 0x61])).subarray(0, 13)],
  ])('a frame that %s is refused', (_, bytes) => {
    expect(() => lz4FrameDecompress(bytes, MAX_BYTES)).toThrow(RangeError);
  });
});
