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
    // Zigzag by arithmetic: JavaScript's bit operators stop at 32 bits.
    let rest = value >= 0 ? value * 2 : -value * 2 - 1;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
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
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
      if (scale > 2 ** 56) throw new RangeError('A variable-length integer is longer than 8 bytes.');
    }
    if (!Number.isSafeInteger(value)) throw new RangeError('An integer is beyond 2^53.');
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
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
