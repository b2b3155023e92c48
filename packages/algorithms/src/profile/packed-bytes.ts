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

export class PackedWriter extends ByteWriter {
  /** @param value a whole number below 2^40. */
  uint40(value: number): void {
    this.reserve(5);
    const low = value % 0x1_0000_0000;
    const bytes = this.bytes;
    let at = this.length;
    bytes[at++] = low & 255;
    bytes[at++] = (low >>> 8) & 255;
    bytes[at++] = (low >>> 16) & 255;
    bytes[at++] = low >>> 24;
    bytes[at++] = (value - low) / 0x1_0000_0000;
    this.length = at;
  }

  /**
   * A string with the header `length · 2`, plus 1 when UTF-8 bytes follow instead of packed characters.
   *
   * @param value a well-formed string.
   */
  text(value: string): void {
    const count = value.length;
    const start = this.length;
    this.varint(count * 2);
    this.reserve(count + 3);
    const bytes = this.bytes;
    let at = this.length;
    let held = 0;
    let bits = 0;
    for (let i = 0; i < count; i++) {
      const code = value.charCodeAt(i);
      const six = code < 128 ? SIX_BITS_OF_CODE[code]! : NOT_IN_ALPHABET;
      if (six === NOT_IN_ALPHABET) {
        this.length = start;
        this.utf8(value);
        return;
      }
      held = (held << 6) | six;
      bits += 6;
      if (bits === 24) {
        bytes[at++] = held >>> 16;
        bytes[at++] = (held >>> 8) & 255;
        bytes[at++] = held & 255;
        held = 0;
        bits = 0;
      }
    }
    if (bits > 0) {
      held <<= 24 - bits;
      bytes[at++] = held >>> 16;
      if (bits > 6) bytes[at++] = (held >>> 8) & 255;
      if (bits > 12) bytes[at++] = held & 255;
    }
    this.length = at;
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

  uint40(): number {
    this.need(5);
    const bytes = this.bytes;
    const at = this.at;
    this.at = at + 5;
    const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    return (low >>> 0) + bytes[at + 4]! * 0x1_0000_0000;
  }

  text(): string {
    const header = this.varint();
    if (header % 2 === 1) return this.utf8((header - 1) / 2);
    const count = header / 2;
    this.need(Math.ceil((count * 3) / 4));
    let text = '';
    let left = count;
    for (; left >= 8; left -= 8) text += this.eightCharacters();
    return left === 0 ? text : text + this.lastCharacters(left);
  }

  private need(count: number): void {
    if (count > this.bytes.length - this.at) this.fail('the value ends too early');
  }

  /** One call with eight arguments is several times faster than a slice of a buffer, and a profile holds thirty ids. */
  private eightCharacters(): string {
    const bytes = this.bytes;
    const at = this.at;
    this.at = at + 6;
    const high = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    const low = (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!;
    return String.fromCharCode(
      CODE_OF_SIX_BITS[high >>> 18]!,
      CODE_OF_SIX_BITS[(high >>> 12) & 63]!,
      CODE_OF_SIX_BITS[(high >>> 6) & 63]!,
      CODE_OF_SIX_BITS[high & 63]!,
      CODE_OF_SIX_BITS[low >>> 18]!,
      CODE_OF_SIX_BITS[(low >>> 12) & 63]!,
      CODE_OF_SIX_BITS[(low >>> 6) & 63]!,
      CODE_OF_SIX_BITS[low & 63]!,
    );
  }

  /** One to seven characters at the end of a string. */
  private lastCharacters(count: number): string {
    if (count > 4) return this.lastCharacters(4) + this.lastCharacters(count - 4);
    const byteCount = Math.ceil((count * 3) / 4);
    const bytes = this.bytes;
    const at = this.at;
    this.at = at + byteCount;
    const held =
      (bytes[at]! << 16) | (byteCount > 1 ? bytes[at + 1]! << 8 : 0) | (byteCount > 2 ? bytes[at + 2]! : 0);
    const first = CODE_OF_SIX_BITS[held >>> 18]!;
    const second = CODE_OF_SIX_BITS[(held >>> 12) & 63]!;
    const third = CODE_OF_SIX_BITS[(held >>> 6) & 63]!;
    if (count === 1) return String.fromCharCode(first);
    if (count === 2) return String.fromCharCode(first, second);
    if (count === 3) return String.fromCharCode(first, second, third);
    return String.fromCharCode(first, second, third, CODE_OF_SIX_BITS[held & 63]!);
  }

  private utf8(count: number): string {
    const slice = this.raw(count);
    if (!isUtf8(slice)) this.fail('a string is not UTF-8');
    return slice.toString('utf8');
  }
}
