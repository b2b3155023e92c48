/**
 * Kafka's record batch, version 2: what a produce request carries and what a fetch brings back.
 * Source: https://kafka.apache.org/documentation/#recordbatch
 */

import { AlarmError } from '../errors.ts';
import type { LogRecord, NewRecord } from '../log.ts';
import { crc32c } from './crc32c.ts';
import { decompress } from './decompress.ts';
import { readInt64, writeInt64 } from './wire.ts';

const MAGIC = 2;
const NO_PRODUCER = -1;
const COMPRESSION_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const CONTROL = 0x20;

/** Positions inside a batch; `batchLength` counts from the byte after itself. */
const AT = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const;
const LENGTH_COUNTS_FROM = 12;

/** Attributes, timestamp delta, offset delta, header count and the four lengths at their longest. */
const MAX_RECORD_OVERHEAD_BYTES = 24;

/** The bytes that `records` take in a batch, at most: no byte of any of them is left out. */
export function recordsSizeBound(records: readonly NewRecord[]): number {
  let bytes = 0;
  for (const record of records) bytes += recordSizeBound(record);
  return bytes;
}

export function recordSizeBound(record: NewRecord): number {
  let bytes = MAX_RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  if (record.headers !== undefined) {
    for (const name of Object.keys(record.headers)) {
      bytes += 10 + Buffer.byteLength(name) + byteLength(record.headers[name]!);
    }
  }
  return bytes;
}

/**
 * One uncompressed batch with all records of `runs`, in order, offsets counted from 0 (the broker sets the base).
 *
 * @param timestampMs the creation time written into it; topics with `LogAppendTime` replace it.
 */
export function encodeRecordBatch(runs: readonly (readonly NewRecord[])[], timestampMs: number): Buffer {
  let size = AT.records;
  let count = 0;
  for (const run of runs) {
    for (const record of run) {
      const body = bodySize(record, count++);
      size += varintSize(body) + body;
    }
  }
  const batch = Buffer.allocUnsafe(size);
  writeInt64(batch, 0, AT.baseOffset);
  batch.writeInt32BE(size - LENGTH_COUNTS_FROM, AT.batchLength);
  batch.writeInt32BE(-1, AT.partitionLeaderEpoch);
  batch.writeInt8(MAGIC, AT.magic);
  batch.writeInt16BE(0, AT.attributes);
  batch.writeInt32BE(count - 1, AT.lastOffsetDelta);
  writeInt64(batch, timestampMs, AT.firstTimestamp);
  writeInt64(batch, timestampMs, AT.maxTimestamp);
  writeInt64(batch, NO_PRODUCER, AT.producerId);
  batch.writeInt16BE(-1, AT.producerEpoch);
  batch.writeInt32BE(-1, AT.baseSequence);
  batch.writeInt32BE(count, AT.recordCount);
  let position: number = AT.records;
  let index = 0;
  for (const run of runs) {
    for (const record of run) position = writeRecord(batch, position, record, index++);
  }
  batch.writeUInt32BE(crc32c(batch, AT.attributes), AT.crc);
  return batch;
}

export interface DecodedRecords {
  readonly records: LogRecord[];
  /** One past the last complete batch, control batches and compacted gaps included; `fromOffset` without any. */
  readonly nextOffset: number;
}

/**
 * The records at or after `fromOffset` in the bytes of a fetch response. A batch begins before the offset asked for when
 * that lies inside it, and the last one may be cut off: both are the protocol's way, not an error.
 *
 * Keys, values and headers are views of `bytes`: whoever keeps one for long should copy it.
 *
 * @throws AlarmError for a damaged batch, an unknown format or an unknown codec.
 */
export function decodeRecordBatches(bytes: Buffer, fromOffset: number): DecodedRecords {
  const records: LogRecord[] = [];
  let nextOffset = fromOffset;
  let position = 0;
  while (position + AT.records <= bytes.length) {
    const end = position + LENGTH_COUNTS_FROM + bytes.readInt32BE(position + AT.batchLength);
    if (end > bytes.length) break;
    checkBatch(bytes, position, end);
    const baseOffset = readInt64(bytes, position + AT.baseOffset);
    const lastOffset = baseOffset + bytes.readInt32BE(position + AT.lastOffsetDelta);
    const attributes = bytes.readInt16BE(position + AT.attributes);
    if (lastOffset >= fromOffset) {
      if ((attributes & CONTROL) === 0) decodeBatch(bytes, position, end, baseOffset, attributes, fromOffset, records);
      nextOffset = lastOffset + 1;
    }
    position = end;
  }
  return { records, nextOffset };
}

function checkBatch(bytes: Buffer, position: number, end: number): void {
  const magic = bytes.readInt8(position + AT.magic);
  if (magic !== MAGIC) {
    throw new AlarmError(
      'kafka-record-format',
      `A record batch has the format version ${magic}; Millrace reads version 2 (Kafka 0.11 and later). Rewrite the topic with a current producer.`,
    );
  }
  if (crc32c(bytes, position + AT.attributes, end) !== bytes.readUInt32BE(position + AT.crc)) {
    throw corrupt(readInt64(bytes, position), 'its checksum does not match its bytes');
  }
}

function decodeBatch(
  bytes: Buffer,
  position: number,
  end: number,
  baseOffset: number,
  attributes: number,
  fromOffset: number,
  into: LogRecord[],
): void {
  const count = bytes.readInt32BE(position + AT.recordCount);
  const firstTimestampMs = readInt64(bytes, position + AT.firstTimestamp);
  // With LogAppendTime the broker sets one time for the whole batch and leaves the deltas as the producer wrote them.
  const appendTimeMs = (attributes & LOG_APPEND_TIME) === 0 ? undefined : readInt64(bytes, position + AT.maxTimestamp);
  const codec = attributes & COMPRESSION_MASK;
  const body = bytes.subarray(position + AT.records, end);
  const reader = new RecordReader(codec === 0 ? body : decompress(codec, body));
  try {
    for (let i = 0; i < count; i++) {
      const recordEnd = reader.varint() + reader.position;
      reader.position++; // attributes, unused
      const timestampMs = firstTimestampMs + reader.varlong();
      const offset = baseOffset + reader.varint();
      if (offset >= fromOffset) {
        const key = reader.nullableBytes();
        const value = reader.nullableBytes();
        into.push({ offset, timestampMs: appendTimeMs ?? timestampMs, key, value, headers: reader.headers() });
      }
      reader.position = recordEnd;
    }
  } catch (error) {
    if (error instanceof RangeError) throw corrupt(baseOffset, 'a record in it is longer than the batch');
    throw error;
  }
}

function corrupt(baseOffset: number, what: string): AlarmError {
  return new AlarmError(
    'kafka-record-corrupt',
    `The record batch at offset ${baseOffset} is damaged: ${what}. Look at the broker's disk and log; another replica may have it whole.`,
  );
}

/** Reads the variable-length numbers and the byte strings of records. */
class RecordReader {
  readonly #bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Zig-zag, at most 32 bits. */
  varint(): number {
    const bytes = this.#bytes;
    let position = this.position;
    let byte = bytes[position++]!;
    let raw = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (position >= bytes.length) throw new RangeError('varint past the end');
      byte = bytes[position++]!;
      raw |= (byte & 0x7f) << shift;
    }
    this.position = position;
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** Zig-zag, at most 64 bits; exact to 2^53. */
  varlong(): number {
    const bytes = this.#bytes;
    let raw = 0;
    for (let scale = 1; ; scale *= 128) {
      if (this.position >= bytes.length) throw new RangeError('varlong past the end');
      const byte = bytes[this.position++]!;
      raw += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  nullableBytes(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const start = this.position;
    this.position = start + length;
    if (this.position > this.#bytes.length) throw new RangeError('bytes past the end');
    return this.#bytes.subarray(start, this.position);
  }

  headers(): Readonly<Record<string, Buffer>> | undefined {
    const count = this.varint();
    if (count === 0) return undefined;
    // Names come from outside: without a prototype `__proto__` is a name like any other.
    const headers = Object.create(null) as Record<string, Buffer>;
    for (let i = 0; i < count; i++) {
      const name = this.nullableBytes()?.toString() ?? '';
      headers[name] = this.nullableBytes() ?? Buffer.alloc(0);
    }
    return headers;
  }
}

function bodySize(record: NewRecord, offsetDelta: number): number {
  let size = 2 + varintSize(offsetDelta) + bytesSize(record.key) + bytesSize(record.value);
  if (record.headers === undefined) return size + 1;
  const names = Object.keys(record.headers);
  size += varintSize(names.length);
  for (const name of names) {
    const nameBytes = Buffer.byteLength(name);
    const valueBytes = byteLength(record.headers[name]!);
    size += varintSize(nameBytes) + nameBytes + varintSize(valueBytes) + valueBytes;
  }
  return size;
}

function writeRecord(batch: Buffer, start: number, record: NewRecord, offsetDelta: number): number {
  let position = writeVarint(batch, start, bodySize(record, offsetDelta));
  batch[position++] = 0; // attributes, unused
  batch[position++] = 0; // timestamp delta
  position = writeVarint(batch, position, offsetDelta);
  position = writeBytes(batch, position, record.key);
  position = writeBytes(batch, position, record.value);
  if (record.headers === undefined) {
    batch[position++] = 0;
    return position;
  }
  const names = Object.keys(record.headers);
  position = writeVarint(batch, position, names.length);
  for (const name of names) {
    position = writeString(batch, position, name);
    const value = record.headers[name]!;
    position = typeof value === 'string' ? writeString(batch, position, value) : writeBytes(batch, position, value);
  }
  return position;
}

function writeBytes(batch: Buffer, start: number, bytes: Buffer | null): number {
  if (bytes === null) return writeVarint(batch, start, -1);
  const position = writeVarint(batch, start, bytes.length);
  bytes.copy(batch, position);
  return position + bytes.length;
}

function writeString(batch: Buffer, start: number, text: string): number {
  const position = writeVarint(batch, start, Buffer.byteLength(text));
  return position + batch.write(text, position);
}

function bytesSize(bytes: Buffer | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length;
}

function byteLength(value: Buffer | string): number {
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}

/** Bytes of a zig-zag varint. */
function varintSize(value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  while (raw >= 0x80) {
    raw >>>= 7;
    size++;
  }
  return size;
}

function writeVarint(batch: Buffer, start: number, value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0;
  let position = start;
  while (raw >= 0x80) {
    batch[position++] = (raw & 0x7f) | 0x80;
    raw >>>= 7;
  }
  batch[position++] = raw;
  return position;
}
