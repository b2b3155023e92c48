/** What a packed profile needs beside varints: short strings, 40-bit hashes, and an error that names the place. */
import { isUtf8 } from 'node:buffer';
import { ByteReader, ByteWriter, MalformedBytesError } from '../pairs/bytes.ts';

/** Bytes that this codec did not write, or that were damaged since. */
export class CorruptProfileError extends MalformedBytesError {
  override readonly name = 'CorruptProfileError';
  /** Which part of which value, for example `profile.recents`. */
  readonly place: string;
  readonly offset: number;

  constructor(place: string, offset: number, problem: string) {
    super(`${place}: ${problem} at byte ${offset}; the stored value is damaged, rebuild its shard from the log`);
    this.place = place;
    this.offset = offset;
  }
}

/**
 * Ids are mostly of these 64 characters, and then three bytes hold four of them. Anything else is written as UTF-8.
 * The order is that of ASCII and belongs to the format.
 */
const ALPHABET = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';
const NOT_IN_ALPHABET = 255;
const CODE_OF_SIX_BITS = new Uint8Array(64);
const SIX_BITS_OF_CODE = new Uint8Array(128).fill(NOT_IN_ALPHABET);
for (let six = 0; six < ALPHABET.length; six++) {
  CODE_OF_SIX_BITS[six] = ALPHABET.charCodeAt(six);
  SIX_BITS_OF_CODE[ALPHABET.charCodeAt(six)] = six;
}

function sixBitsAt(value: string, at: number): number {
  const code = value.charCodeAt(at);
  return code < 128 ? SIX_BITS_OF_CODE[code]! : NOT_IN_ALPHABET;
}

export class PackedWriter extends ByteWriter {
  /** Five bytes each. @param values whole numbers below 2^40. */
  uint40s(values: readonly number[]): void {
    this.reserve(values.length * 5);
    const bytes = this.bytes;
    let at = this.length;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const low = value | 0;
      bytes[at] = low;
      bytes[at + 1] = low >>> 8;
      bytes[at + 2] = low >>> 16;
      bytes[at + 3] = low >>> 24;
      bytes[at + 4] = value / 0x1_0000_0000;
      at += 5;
    }
    this.length = at;
  }

  /**
   * A string with the header `length · 2`, plus 1 when UTF-8 bytes follow instead of packed characters.
   *
   * @param value a well-formed string.
   */
  text(value: string): void {
    const start = this.length;
    this.varint(value.length * 2);
    if (this.packed(value)) return;
    this.length = start;
    this.utf8(value);
  }

  /** Four characters in three bytes, the last ones filled up with zero bits. @returns false when a character has no six bits. */
  private packed(value: string): boolean {
    const count = value.length;
    this.reserve(count + 3);
    const bytes = this.bytes;
    let at = this.length;
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      const first = sixBitsAt(value, i);
      const second = sixBitsAt(value, i + 1);
      const third = sixBitsAt(value, i + 2);
      const fourth = sixBitsAt(value, i + 3);
      if ((first | second | third | fourth) > 63) return false;
      bytes[at] = (first << 2) | (second >>> 4);
      bytes[at + 1] = (second << 4) | (third >>> 2);
      bytes[at + 2] = (third << 6) | fourth;
      at += 3;
    }
    if (i < count) {
      const first = sixBitsAt(value, i);
      const second = i + 1 < count ? sixBitsAt(value, i + 1) : 0;
      const third = i + 2 < count ? sixBitsAt(value, i + 2) : 0;
      if ((first | second | third) > 63) return false;
      bytes[at++] = (first << 2) | (second >>> 4);
      if (i + 1 < count) bytes[at++] = (second << 4) | (third >>> 2);
      if (i + 2 < count) bytes[at++] = third << 6;
    }
    this.length = at;
    return true;
  }

  private utf8(value: string): void {
    const count = Buffer.byteLength(value, 'utf8');
    this.varint(count * 2 + 1);
    this.reserve(count);
    this.length += this.bytes.write(value, this.length, count, 'utf8');
  }
}

/** Reads what `PackedWriter` wrote. Any bytes at all end in values or in a `CorruptProfileError`, never in anything else. */
export class PackedReader extends ByteReader {
  /** The part being read, for the error. */
  place: string;

  constructor(bytes: Uint8Array, place: string) {
    super(bytes, place);
    this.place = place;
  }

  override fail(problem: string): never {
    throw new CorruptProfileError(this.place, this.at, problem);
  }

  /** A whole number that may not be above `limit`. */
  varintUpTo(limit: number): number {
    const value = this.varint();
    if (value > limit) this.fail(`${value} is above the limit of ${limit}`);
    return value;
  }

  /** A sum that must stay a whole number that is exact and not negative. */
  exact(value: number): number {
    if (!Number.isSafeInteger(value) || value < 0) this.fail('a number is out of range');
    return value;
  }

  /** `count` numbers of five bytes. */
  uint40s(count: number): number[] {
    this.need(count * 5);
    const bytes = this.bytes;
    const values = new Array<number>(count);
    let at = this.at;
    for (let i = 0; i < count; i++) {
      const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      values[i] = (low >>> 0) + bytes[at + 4]! * 0x1_0000_0000;
      at += 5;
    }
    this.at = at;
    return values;
  }

  text(): string {
    const header = this.varint();
    if (header % 2 === 1) return this.utf8((header - 1) / 2);
    const count = header / 2;
    this.need(Math.ceil((count * 3) / 4));
    if (count <= 8) return this.characters(count);
    let text = '';
    for (let left = count; left > 0; left -= 8) text += this.characters(Math.min(left, 8));
    return text;
  }

  private need(count: number): void {
    if (count > this.bytes.length - this.at) this.fail('the value ends too early');
  }

  /**
   * At most eight characters. One call with eight arguments is several times faster than a slice of a buffer, and a
   * profile holds thirty ids. What is read beyond the last character is not used.
   */
  private characters(count: number): string {
    const bytes = this.bytes;
    const at = this.at;
    this.at = at + ((count * 3 + 3) >> 2);
    const high = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    const a = CODE_OF_SIX_BITS[(high >>> 18) & 63]!;
    const b = CODE_OF_SIX_BITS[(high >>> 12) & 63]!;
    const c = CODE_OF_SIX_BITS[(high >>> 6) & 63]!;
    const d = CODE_OF_SIX_BITS[high & 63]!;
    if (count === 4) return String.fromCharCode(a, b, c, d);
    if (count < 4) {
      if (count === 3) return String.fromCharCode(a, b, c);
      if (count === 2) return String.fromCharCode(a, b);
      return count === 1 ? String.fromCharCode(a) : '';
    }
    const low = (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!;
    const e = CODE_OF_SIX_BITS[(low >>> 18) & 63]!;
    const f = CODE_OF_SIX_BITS[(low >>> 12) & 63]!;
    const g = CODE_OF_SIX_BITS[(low >>> 6) & 63]!;
    const h = CODE_OF_SIX_BITS[low & 63]!;
    if (count === 8) return String.fromCharCode(a, b, c, d, e, f, g, h);
    if (count === 7) return String.fromCharCode(a, b, c, d, e, f, g);
    if (count === 6) return String.fromCharCode(a, b, c, d, e, f);
    return String.fromCharCode(a, b, c, d, e);
  }

  private utf8(count: number): string {
    const slice = this.raw(count);
    if (!isUtf8(slice)) this.fail('a string is not UTF-8');
    return slice.toString('utf8');
  }
}
