/**
 * Numbers as variable-length bytes, 7 bits a byte, lowest first, as in Protocol Buffers and Avro: the columns of the
 * packed data set are made of them.
 */

/** Collects unsigned and signed whole numbers and texts as bytes. */
export class VarintWriter {
  #bytes = Buffer.allocUnsafe(1 << 16);
  #length = 0;

  /** @param value a whole number from 0 to 2^53 − 1. */
  unsigned(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`${value} cannot be written as an unsigned varint; it takes whole numbers from 0 to 2^53 - 1.`);
    }
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Zigzag: 0, −1, 1, −2 … become 0, 1, 2, 3 …, so that small numbers of either sign stay short. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** UTF-8, its byte length first. */
  text(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    this.unsigned(bytes.length);
    this.raw(bytes);
  }

  /** Bytes as they are, without their length. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  finish(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Reads what a {@link VarintWriter} wrote, in the same order. */
export class VarintReader {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** @throws RangeError past the end of the bytes. */
  unsigned(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (this.#at >= this.#end) throw new RangeError(`The packed data end at byte ${this.#end}, inside a number.`);
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  signed(): number {
    const zigzag = this.unsigned();
    return zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2;
  }

  text(): string {
    const length = this.unsigned();
    return this.#take(length).toString('utf8');
  }

  /** A reader of its own over the next bytes, whose length stands before them. */
  section(): VarintReader {
    const length = this.unsigned();
    const start = this.#at;
    this.#take(length);
    return new VarintReader(this.#bytes, start, start + length);
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#end) {
      throw new RangeError(`The packed data end at byte ${this.#end}, ${length} bytes were to be read at ${this.#at}.`);
    }
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }
}
