/** The longest string that is read here instead of by a call into the runtime, which a short one does not repay. */
const MAX_SHORT_BYTES = 40;

type ShortAsciiReader = (bytes: Uint8Array, at: number) => string | undefined;

/**
 * One reader for each length: `String.fromCharCode` with a fixed number of arguments is four times as fast as decoding
 * UTF-8 for ids of usual length. It gives undefined when a byte is not ASCII.
 */
const SHORT_ASCII: readonly ShortAsciiReader[] = Array.from({ length: MAX_SHORT_BYTES + 1 }, (_, length) => {
  const names = Array.from({ length }, (_unused, i) => `b${i}`);
  const declarations = names.map((name, i) => `const ${name} = bytes[at + ${i}];`).join(' ');
  const body = length === 0 ? `return '';` : `${declarations} return (${names.join(' | ')}) < 128 ? String.fromCharCode(${names.join(', ')}) : undefined;`;
  return new Function('bytes', 'at', body) as ShortAsciiReader;
});

/** A place in the bytes of an Avro value. Every method throws `RangeError` rather than read past the end. */
export class ByteCursor {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  boolean(): boolean {
    const byte = this.#bytes[this.#advance(1)]!;
    if (byte > 1) throw new RangeError('A boolean is neither 0 nor 1.');
    return byte === 1;
  }

  /** A zigzag varint within 2^53. */
  long(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw endsTooEarly();
    if (byte >= 128) return this.#longerLong();
    this.#at++;
    return (byte >>> 1) ^ -(byte & 1);
  }

  int(): number {
    const value = this.long();
    if (value !== (value | 0)) throw new RangeError('An int is beyond 32 bits.');
    return value;
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#advance(8));
  }

  string(): string {
    const length = this.long();
    const start = this.#advance(length);
    const short = length <= MAX_SHORT_BYTES ? SHORT_ASCII[length]!(this.#bytes, start) : undefined;
    return short ?? this.#bytes.toString('utf8', start, start + length);
  }

  /** A copy, so that what is kept does not keep the whole record. */
  fixed(length: number): Buffer {
    const start = this.#advance(length);
    return Buffer.from(this.#bytes.subarray(start, start + length));
  }

  bytes(): Buffer {
    return this.fixed(this.long());
  }

  symbol(symbols: readonly string[]): string {
    const symbol = symbols[this.long()];
    if (symbol === undefined) throw new RangeError('An enum has no such symbol.');
    return symbol;
  }

  /** Which branch of a union of two stands here? */
  isFirstOfTwo(): boolean {
    const branch = this.long();
    if (branch !== 0 && branch !== 1) throw new RangeError('A union has no such branch.');
    return branch === 0;
  }

  array<T>(element: (cursor: this) => T): T[] {
    const elements: T[] = [];
    for (let count = this.#blockCount(); count !== 0; count = this.#blockCount()) {
      for (let i = 0; i < count; i++) elements.push(element(this));
    }
    return elements;
  }

  /** Without a prototype, so that `__proto__` is a key like any other. */
  map<T>(member: (cursor: this) => T): Record<string, T> {
    const members = Object.create(null) as Record<string, T>;
    for (let count = this.#blockCount(); count !== 0; count = this.#blockCount()) {
      for (let i = 0; i < count; i++) {
        const key = this.string();
        members[key] = member(this);
      }
    }
    return members;
  }

  expectEnd(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError('The bytes go on after the value.');
  }

  /** Elements of the next block of an array or map: at most as many as bytes, since each of ours takes one at least. */
  #blockCount(): number {
    let count = this.long();
    if (count < 0) {
      count = -count;
      this.long(); // The block's size in bytes, for readers that skip it.
    }
    if (count > this.#bytes.length - this.#at) throw endsTooEarly();
    return count;
  }

  /** Steps over so many bytes and answers where they began. */
  #advance(length: number): number {
    const start = this.#at;
    if (length < 0 || length > this.#bytes.length - start) throw endsTooEarly();
    this.#at = start + length;
    return start;
  }

  /** Magnitude and sign apart: the zigzag form of a large number would not fit into a double. */
  #longerLong(): number {
    const first = this.#bytes[this.#at++]!;
    let magnitude = (first & 127) >>> 1;
    let scale = 64;
    for (let i = 1; i < 10; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw endsTooEarly();
      magnitude += (byte & 127) * scale;
      if (byte < 128) {
        if (magnitude >= Number.MAX_SAFE_INTEGER) break;
        return (first & 1) === 0 ? magnitude : -magnitude - 1;
      }
      scale *= 128;
    }
    throw new RangeError('An integer is beyond 2^53.');
  }
}

function endsTooEarly(): RangeError {
  return new RangeError('The bytes end too early.');
}
