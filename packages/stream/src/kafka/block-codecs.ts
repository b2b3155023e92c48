/** Snappy and LZ4 decompression, which Node does not bring along. Every read and write is checked: bytes come from outside. */

/** Snappy-java's stream format begins so: 0x82 S N A P P Y 0. Other clients send one plain block. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

/**
 * Snappy, one raw block or snappy-java's sequence of blocks.
 * Source: https://github.com/google/snappy/blob/main/format_description.txt
 */
export function snappyDecompress(bytes: Buffer, maxBytes: number): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return snappyBlock(bytes, maxBytes);
  const blocks: Buffer[] = [];
  let left = maxBytes;
  for (let position = XERIAL_HEADER_BYTES; position < bytes.length; ) {
    const length = bytes.readUInt32BE(position);
    const block = snappyBlock(slice(bytes, position + 4, length), left);
    left -= block.length;
    blocks.push(block);
    position += 4 + length;
  }
  return Buffer.concat(blocks);
}

function snappyBlock(bytes: Buffer, maxBytes: number): Buffer {
  let position = 0;
  let size = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes.readUInt8(position++);
    size += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    if (position > 4) throw new RangeError('the length of a snappy block is longer than 32 bits');
  }
  if (size > maxBytes) throw new RangeError(`a snappy block of ${size} bytes is larger than allowed`);
  const out = new BlockOutput(size);
  while (position < bytes.length) {
    const tag = bytes.readUInt8(position++);
    const high = tag >>> 2;
    switch (tag & 3) {
      case 0: {
        let length = high + 1;
        if (high >= 60) {
          const extraBytes = high - 59;
          length = bytes.readUIntLE(position, extraBytes) + 1;
          position += extraBytes;
        }
        out.literal(slice(bytes, position, length));
        position += length;
        break;
      }
      case 1:
        out.copy(((tag & 0xe0) << 3) | bytes.readUInt8(position), ((tag >>> 2) & 7) + 4);
        position += 1;
        break;
      case 2:
        out.copy(bytes.readUInt16LE(position), high + 1);
        position += 2;
        break;
      default:
        out.copy(bytes.readUInt32LE(position), high + 1);
        position += 4;
    }
  }
  return out.finish();
}

const LZ4_FRAME_MAGIC = 0x184d2204;
const LZ4_UNCOMPRESSED = 0x80000000;

/**
 * LZ4 in its frame format, as Kafka uses it. Checksums are skipped: the record batch has one of its own.
 * Source: https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md
 */
export function lz4FrameDecompress(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.readUInt32LE(0) !== LZ4_FRAME_MAGIC) throw new RangeError('it does not begin as an LZ4 frame');
  const flags = bytes.readUInt8(4);
  const hasBlockChecksum = (flags & 0x10) !== 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  let position = 6 + (hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0) + 1;
  const out = new BlockOutput(undefined, maxBytes);
  for (;;) {
    const header = bytes.readUInt32LE(position);
    position += 4;
    if (header === 0) return out.finish();
    const length = header & ~LZ4_UNCOMPRESSED;
    const block = slice(bytes, position, length);
    if ((header & LZ4_UNCOMPRESSED) !== 0) out.literal(block);
    else lz4Block(block, out);
    position += length + (hasBlockChecksum ? 4 : 0);
  }
}

function lz4Block(block: Buffer, out: BlockOutput): void {
  let position = 0;
  const longLength = (start: number): number => {
    if (start < 15) return start;
    let length = start;
    for (;;) {
      const byte = block.readUInt8(position++);
      length += byte;
      if (byte !== 255) return length;
    }
  };
  while (position < block.length) {
    const token = block.readUInt8(position++);
    const literals = longLength(token >>> 4);
    out.literal(slice(block, position, literals));
    position += literals;
    // The last sequence of a block is literals alone.
    if (position >= block.length) return;
    const distance = block.readUInt16LE(position);
    position += 2;
    out.copy(distance, longLength(token & 15) + 4);
  }
}

/** The bytes decompressed so far: literals are put behind them, copies repeat some of them. */
class BlockOutput {
  #bytes: Buffer;
  #length = 0;
  readonly #exact: boolean;
  readonly #maxBytes: number;

  /** @param size the exact size when it is known; otherwise the output grows up to `maxBytes`. */
  constructor(size: number | undefined, maxBytes = size ?? 0) {
    this.#exact = size !== undefined;
    this.#maxBytes = maxBytes;
    this.#bytes = Buffer.allocUnsafe(size ?? 64 * 1024);
  }

  literal(bytes: Buffer): void {
    const position = this.#room(bytes.length);
    bytes.copy(this.#bytes, position);
  }

  copy(distance: number, length: number): void {
    let to = this.#room(length);
    let from = to - distance;
    if (distance === 0 || from < 0) throw new RangeError('a copy reaches before the beginning');
    const bytes = this.#bytes;
    // Byte by byte: source and target may overlap, which is how runs are written.
    for (const end = to + length; to < end; ) bytes[to++] = bytes[from++]!;
  }

  finish(): Buffer {
    if (this.#exact && this.#length !== this.#bytes.length) throw new RangeError('it is shorter than it says');
    return this.#bytes.subarray(0, this.#length);
  }

  /** Makes room for `bytes` and answers where they go. It may replace the buffer: call it before naming the buffer. */
  #room(bytes: number): number {
    const position = this.#length;
    const needed = position + bytes;
    if (needed > this.#maxBytes) throw new RangeError('it is longer than it says or than is allowed');
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(needed, this.#bytes.length * 2)));
      this.#bytes.copy(larger, 0, 0, position);
      this.#bytes = larger;
    }
    this.#length = needed;
    return position;
  }
}

function slice(bytes: Buffer, start: number, length: number): Buffer {
  if (start + length > bytes.length) throw new RangeError('it ends in the middle of a block');
  return bytes.subarray(start, start + length);
}
