/** A value that is not what its format says; nothing of it may be used. */
export class MalformedBytesError extends Error {
  override readonly name: string = 'MalformedBytesError';
}

/**
 * A growing byte buffer with the variable-length integers that all binary values of this package share: little-endian
 * base 128, seven bits a byte, as Avro and Protocol Buffers write them.
 */
export class ByteWriter {
  bytes: Buffer;
  length = 0;

  constructor(capacityBytes = 1_024) {
    this.bytes = Buffer.allocUnsafeSlow(capacityBytes);
  }

  /** Makes room for `count` more bytes; whoever writes to `bytes` directly calls it first. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + count));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  clear(): void {
    this.length = 0;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.reserve(8);
    const bytes = this.bytes;
    let at = this.length;
    let rest = value;
    // Bit operations work on 32 bits only, so the upper part of a large number goes through division.
    while (rest > 0x7fff_ffff) {
      bytes[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  /** A whole number from -2^52 to 2^52 - 1, small in size where it is small in magnitude. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A signed 64-bit integer as Avro's `long`. */
  long(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    this.reserve(10);
    while (rest > 127n) {
      this.bytes[this.length++] = Number(rest & 127n) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.length++] = Number(rest);
  }

  raw(source: Uint8Array, start = 0, end = source.length): void {
    this.reserve(end - start);
    this.bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), this.length);
    this.length += end - start;
  }

  /** Bytes of an Avro `bytes` or `string`: zigzag length, then the bytes. */
  avroBytes(source: Uint8Array, start = 0, end = source.length): void {
    this.zigzag(end - start);
    this.raw(source, start, end);
  }

  /** A copy of what was written, independent of the writer. */
  take(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.length));
  }
}

/** Reads what `ByteWriter` writes; running over the end or an over-long integer is a `MalformedBytesError`. */
export class ByteReader {
  readonly bytes: Buffer;
  at: number;
  private readonly what: string;

  constructor(bytes: Uint8Array, what: string, start = 0) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
    this.what = what;
  }

  fail(problem: string): never {
    throw new MalformedBytesError(`${this.what}: ${problem} at byte ${this.at} of ${this.bytes.length}`);
  }

  byte(): number {
    if (this.at >= this.bytes.length) this.fail('ends too early');
    return this.bytes[this.at++]!;
  }

  varint(): number {
    const bytes = this.bytes;
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      const byte = bytes[this.at];
      if (byte === undefined) this.fail('ends too early');
      this.at++;
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) this.fail('integer above 2^53 - 1');
        return value;
      }
      scale *= 128;
    }
    this.fail('integer longer than 8 bytes');
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  long(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) {
        if (value >= 1n << 64n) this.fail('long above 64 bits');
        return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
      }
    }
    this.fail('long of more than 10 bytes');
  }

  /** A view of the next `length` bytes, no copy. */
  raw(length: number): Buffer {
    this.skip(length);
    return this.bytes.subarray(this.at - length, this.at);
  }

  skip(length: number): void {
    if (length < 0 || length > this.bytes.length - this.at) this.fail(`${length} bytes expected, ${this.bytes.length - this.at} left`);
    this.at += length;
  }

  end(): void {
    if (this.at !== this.bytes.length) this.fail(`${this.bytes.length - this.at} bytes left over`);
  }
}
