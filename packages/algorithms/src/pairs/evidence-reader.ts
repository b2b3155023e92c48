import { isUtf8 } from 'node:buffer';
import { ByteReader } from './bytes.ts';
import {
  BASKET_ITEMS,
  BB_BLOCK,
  CONTEXT_ITEMS,
  DAY_BLOCK,
  EVIDENCE_VERSION,
  INCARNATION_BYTES,
  VB_BLOCK,
  VV_BLOCK,
} from './evidence-format.ts';
import type { EvidenceHeader, EvidenceRecord } from './evidence-format.ts';
import type { ItemInterner } from './item-interner.ts';

/** Day numbers above it (the year 11000) cannot be stored in a row. */
const LARGEST_DAY = 0xff_fffe;

/**
 * Decodes one evidence record, without the registry's prefix, and checks everything that folding relies on, so that a
 * record is either folded whole or not at all.
 *
 * @param interner the one of the rows that the record is to be folded into.
 * @throws MalformedBytesError when the bytes are not a record of a known version.
 */
export function decodeEvidence(bytes: Uint8Array, interner: ItemInterner): EvidenceRecord {
  const reader = new ByteReader(bytes, 'item evidence');
  const header = readHeader(reader);
  const ids = Int32Array.from(readItems(reader, interner));
  const bitmap = readAvroBytes(reader);
  if (bitmap.length !== (ids.length + 7) >>> 3) reader.fail(`${bitmap.length} bytes of owned bits for ${ids.length} items`);
  const owned = new Uint8Array(ids.length);
  for (let index = 0; index < ids.length; index++) owned[index] = (bitmap[index >>> 3]! >>> (index & 7)) & 1;
  const blocks = new ByteReader(readAvroBytes(reader), 'item evidence, blocks');
  reader.end();
  return { header, ids, owned, blocks: readBlocks(blocks, ids.length) };
}

/** Reads only the fixed fields, for a reader that skips what it has applied already. */
export function decodeEvidenceHeader(bytes: Uint8Array): EvidenceHeader {
  return readHeader(new ByteReader(bytes, 'item evidence'));
}

function readHeader(reader: ByteReader): EvidenceHeader {
  const sourceShard = reader.zigzag();
  const incarnation = Buffer.from(reader.raw(INCARNATION_BYTES));
  const journalOffset = reader.long();
  const part = reader.zigzag();
  const last = reader.byte();
  if (last > 1) reader.fail(`boolean ${last}`);
  const ordersTotal = reader.zigzag();
  const ordersDay = reader.zigzag();
  if (sourceShard < 0 || journalOffset < 0n || part < 0 || ordersTotal < 0) reader.fail('a negative number in the header');
  return { sourceShard, incarnation, journalOffset, part, last: last === 1, ordersTotal, ordersDay };
}

function readItems(reader: ByteReader, interner: ItemInterner): number[] {
  const ids: number[] = [];
  for (;;) {
    let count = reader.zigzag();
    if (count === 0) return ids;
    if (count < 0) {
      // Avro's other form of an array block: the count negated, then the block's size in bytes.
      count = -count;
      reader.zigzag();
    }
    for (; count > 0; count--) ids.push(readItem(reader, interner));
  }
}

function readItem(reader: ByteReader, interner: ItemInterner): number {
  const length = reader.zigzag();
  const start = reader.at;
  reader.skip(length);
  const known = interner.size;
  const id = interner.internBytes(reader.bytes, start, reader.at);
  // Broken UTF-8 would read back as another id. Each id is looked at when it is first seen.
  if (id === known && !isUtf8(reader.bytes.subarray(start, reader.at))) reader.fail('an item id that is not UTF-8');
  return id;
}

function readAvroBytes(reader: ByteReader): Buffer {
  return reader.raw(reader.zigzag());
}

function readBlocks(reader: ByteReader, itemCount: number): Int32Array {
  const version = reader.byte();
  if (version !== EVIDENCE_VERSION) reader.fail(`blocks of version ${version} instead of ${EVIDENCE_VERSION}`);
  const { bytes } = reader;
  // No byte becomes more than four numbers: the shortest view is two bytes and four numbers, an item at a distance one byte and two.
  const blocks = new Int32Array((bytes.length - 1) * 4);
  let length = 0;
  let day = 0;
  const index = (): number => {
    const value = reader.varint();
    if (value >= itemCount) reader.fail(`index ${value} in a dictionary of ${itemCount}`);
    return value;
  };
  const copyIndexes = (count: number): void => {
    if (count > bytes.length - reader.at) reader.fail(`${count} indexes in ${bytes.length - reader.at} bytes`);
    for (let left = count; left > 0; left--) blocks[length++] = index();
  };
  while (reader.at < bytes.length) {
    const head = reader.varint();
    const kind = head % 4;
    const rest = (head - kind) / 4;
    if (kind === DAY_BLOCK) {
      day += rest % 2 === 0 ? rest / 2 : -(rest + 1) / 2;
      if (day < 0 || day > LARGEST_DAY) reader.fail(`day ${day}`);
      continue;
    }
    blocks[length++] = kind;
    blocks[length++] = day;
    if (kind === VV_BLOCK) {
      if (rest >= itemCount) reader.fail(`index ${rest} in a dictionary of ${itemCount}`);
      const mask = reader.varint();
      if (mask >= 1 << CONTEXT_ITEMS) reader.fail(`distances ${mask}`);
      blocks[length++] = rest;
      const countAt = length++;
      for (let bits = mask, distance = 1; bits !== 0; bits >>= 1, distance++) {
        if ((bits & 1) === 0) continue;
        blocks[length++] = distance;
        blocks[length++] = index();
      }
      blocks[countAt] = (length - countAt - 1) / 2;
    } else if (kind === VB_BLOCK) {
      const bought = reader.varint();
      blocks[length++] = rest;
      blocks[length++] = bought;
      copyIndexes(rest);
      copyIndexes(bought);
    } else {
      if (kind !== BB_BLOCK || rest > BASKET_ITEMS) reader.fail(`an order of ${rest} items`);
      blocks[length++] = rest;
      copyIndexes(rest);
    }
  }
  return blocks.subarray(0, length);
}
