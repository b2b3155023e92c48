/**
 * Kafka's primitive types, big-endian, as every message of its protocol uses them.
 * Source: https://kafka.apache.org/protocol.html#protocol_types
 */

import { AlarmError } from '../errors.ts';

const TWO_POW_32 = 4294967296;
/** Above this the high word of an offset or time would leave the integers that a number holds exactly. */
const MAX_HIGH_WORD = 0x1fffff;

/** An INT64 as a number. @throws AlarmError when it is outside ±2^53. */
export function readInt64(buffer: Buffer, position: number): number {
  const high = buffer.readInt32BE(position);
  if (high > MAX_HIGH_WORD || high < -MAX_HIGH_WORD - 1) {
    throw new AlarmError(
      'kafka-number-too-large',
      `Kafka sent the 64-bit number ${buffer.readBigInt64BE(position)}, which a JavaScript number cannot hold exactly (limit 2^53).`,
    );
  }
  return high * TWO_POW_32 + buffer.readUInt32BE(position + 4);
}

export function writeInt64(buffer: Buffer, value: number, position: number): void {
  const high = Math.floor(value / TWO_POW_32);
  buffer.writeInt32BE(high, position);
  buffer.writeUInt32BE(value - high * TWO_POW_32, position + 4);
}

/** Writes a request body; grows as it needs. */
export class WireWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(expectedBytes = 1024) {
    this.#buffer = Buffer.allocUnsafe(expectedBytes);
  }

  int8(value: number): this {
    const position = this.#room(1);
    this.#buffer.writeInt8(value, position);
    return this;
  }

  int16(value: number): this {
    const position = this.#room(2);
    this.#buffer.writeInt16BE(value, position);
    return this;
  }

  int32(value: number): this {
    const position = this.#room(4);
    this.#buffer.writeInt32BE(value, position);
    return this;
  }

  int64(value: number): this {
    const position = this.#room(8);
    writeInt64(this.#buffer, value, position);
    return this;
  }

  string(value: string): this {
    const bytes = Buffer.byteLength(value);
    this.int16(bytes);
    const position = this.#room(bytes);
    this.#buffer.write(value, position);
    return this;
  }

  nullString(): this {
    return this.int16(-1);
  }

  bytes(value: Buffer): this {
    this.int32(value.length);
    const position = this.#room(value.length);
    value.copy(this.#buffer, position);
    return this;
  }

  /** What was written, as a view: the writer is done after this. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Makes room for `bytes` and answers where they go. It may replace the buffer: call it before naming the buffer. */
  #room(bytes: number): number {
    const position = this.#length;
    const needed = position + bytes;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, position);
      this.#buffer = larger;
    }
    this.#length = needed;
    return position;
  }
}

/** Reads a response body. Reading past its end throws a RangeError, as Buffer does. */
export class WireReader {
  readonly buffer: Buffer;
  #position = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  int8(): number {
    return this.buffer.readInt8(this.#skip(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#skip(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#skip(4));
  }

  int64(): number {
    return readInt64(this.buffer, this.#skip(8));
  }

  nullableString(): string | null {
    const bytes = this.int16();
    if (bytes < 0) return null;
    const start = this.#skip(bytes);
    return this.buffer.toString('utf8', start, start + bytes);
  }

  string(): string {
    return this.nullableString() ?? '';
  }

  /** A view, not a copy; empty for null. */
  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    const start = this.#skip(length);
    return this.buffer.subarray(start, start + length);
  }

  array<T>(element: (reader: WireReader) => T): T[] {
    const count = this.int32();
    const result: T[] = [];
    for (let i = 0; i < count; i++) result.push(element(this));
    return result;
  }

  #skip(bytes: number): number {
    const position = this.#position;
    this.#position += bytes;
    return position;
  }
}
