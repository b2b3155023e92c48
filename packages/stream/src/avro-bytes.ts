/**
 * The few shapes of Avro's binary encoding that the engine's own small records need (journal entry, head): zigzag
 * varints, fixed bytes, strings. Written by hand because every batch writes some; a test compares them with the schema.
 */
export class AvroWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(initialBytes = 96) {
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  /** A `long` or `int`: any safe integer, negative ones too. */
  long(value: number): this {
    this.#reserve(10);
    // Zigzag by arithmetic, because bit operators stop at 32 bits; the sign goes into the first byte by itself, because
    // twice a large number is no exact one any more.
    const sign = value < 0 ? 1 : 0;
    const magnitude = value < 0 ? -value - 1 : value;
    let low = (magnitude % 64) * 2 + sign;
    let rest = Math.floor(magnitude / 64);
    while (rest > 0) {
      this.#bytes[this.#length++] = low | 128;
      low = rest % 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = low;
    return this;
  }

  boolean(value: boolean): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value ? 1 : 0;
    return this;
  }

  fixed(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    return this.long(bytes.length).fixed(bytes);
  }

  string(text: string): this {
    return this.bytes(Buffer.from(text, 'utf8'));
  }

  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + bytes));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Reads what {@link AvroWriter} wrote. Every method throws `RangeError` when the bytes end too early. */
export class AvroReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  long(): number {
    let byte = this.#byte();
    const isNegative = (byte & 1) === 1;
    let magnitude = (byte & 127) >> 1;
    for (let scale = 64; byte >= 128; scale *= 128) {
      if (scale > 2 ** 48) throw new RangeError('A variable-length integer is longer than 8 bytes.');
      byte = this.#byte();
      magnitude += (byte & 127) * scale;
    }
    const value = isNegative ? -magnitude - 1 : magnitude;
    if (!Number.isSafeInteger(value)) throw new RangeError('An integer is beyond 2^53.');
    return value;
  }

  boolean(): boolean {
    return this.#byte() === 1;
  }

  fixed(length: number): Buffer {
    if (length < 0 || this.#at + length > this.#bytes.length) throw new RangeError('The bytes end too early.');
    const part = Buffer.from(this.#bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return part;
  }

  bytes(): Buffer {
    return this.fixed(this.long());
  }

  string(): string {
    return this.bytes().toString('utf8');
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new RangeError('The bytes end too early.');
    return byte;
  }
}
