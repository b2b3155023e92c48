import { ByteReader, ByteWriter } from './bytes.ts';
import type { ItemInterner } from './item-interner.ts';
import { BB, ItemRow, TABLES, VB, VV } from './item-row.ts';
import type { TableName } from './item-row.ts';

/*
 * The value of an item, version 1. A prefix of fixed size, so that a reader who wants only totals can fetch its bytes:
 *
 *   0   version (1)         4   nVv, 48 bits, big-endian     16  nBb
 *   1   day, 24 bits, b-e   10  nVbTarget
 *
 * then varints: trending; number of neighbours n; length of the id section in bytes; the ids in slot order, each a
 * varint length and its UTF-8 bytes; then for vv, vb and bb: number of neighbours in the table, and unless that is 0:
 * a bit per slot (low bit first; left out when all n are in), and the counts of those that are in, in slot order.
 */
const ROW_VERSION = 1;

/** The first bytes of an encoded row hold version, day and totals: all that `decodeTotals` needs. */
export const ROW_TOTALS_BYTES = 22;

const EMPTY_DAY = 0xff_ffff;

/** Totals of an item in units of 5040, standing at `day`. */
export interface ItemTotals {
  readonly day: number;
  readonly nVv: number;
  readonly nVbTarget: number;
  readonly nBb: number;
}

/** Appends an item's value to `writer`; two rows of the same history give the same bytes. */
export function encodeRow(row: ItemRow, writer: ByteWriter): void {
  writer.reserve(ROW_TOTALS_BYTES);
  const bytes = writer.bytes;
  const start = writer.length;
  bytes[start] = ROW_VERSION;
  bytes.writeUIntBE(row.day < 0 ? EMPTY_DAY : row.day, start + 1, 3);
  writeTotal(bytes, start + 4, row.nVv);
  writeTotal(bytes, start + 10, row.nVbTarget);
  writeTotal(bytes, start + 16, row.nBb);
  writer.length = start + ROW_TOTALS_BYTES;
  writer.varint(row.trending);
  writer.varint(row.size);
  const section = row.idSection();
  writer.varint(section.length);
  writer.raw(section);
  for (let table = 0; table < TABLES.length; table++) writeTable(row, table, writer);
}

function writeTotal(bytes: Buffer, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  const low = value - high * 0x1_0000_0000;
  bytes[at] = high >>> 8;
  bytes[at + 1] = high;
  bytes[at + 2] = low >>> 24;
  bytes[at + 3] = low >>> 16;
  bytes[at + 4] = low >>> 8;
  bytes[at + 5] = low;
}

function writeTable(row: ItemRow, table: number, writer: ByteWriter): void {
  const { counts, size } = row;
  const inTable = row.tableSizes[table]!;
  writer.varint(inTable);
  if (inTable === 0) return;
  if (inTable < size) {
    const bitmapLength = (size + 7) >>> 3;
    writer.reserve(bitmapLength);
    for (let first = 0; first < size; first += 8) {
      let bits = 0;
      for (let slot = first, bit = 1; slot < size && bit < 256; slot++, bit <<= 1) if (counts[slot * 3 + table] !== 0) bits |= bit;
      writer.bytes[writer.length++] = bits;
    }
  }
  // A varint has at most 8 bytes; the small ones that nearly all are get written here, without a call.
  writer.reserve(inTable * 8);
  const { bytes } = writer;
  for (let at = table, end = size * 3; at < end; at += 3) {
    const value = counts[at]!;
    if (value === 0) continue;
    if (value < 128) {
      bytes[writer.length++] = value;
    } else if (value < 16_384) {
      bytes[writer.length++] = (value & 127) | 128;
      bytes[writer.length++] = value >>> 7;
    } else {
      writer.varint(value);
    }
  }
}

/** @throws MalformedBytesError when the value is not a row of a known version. */
export function decodeRow(bytes: Uint8Array, interner: ItemInterner): ItemRow {
  const totals = decodeTotals(bytes);
  const reader = new ByteReader(bytes, 'item row', ROW_TOTALS_BYTES);
  const trending = reader.varint();
  const { ids, section } = readIds(reader, interner, undefined);
  const row = new ItemRow(interner);
  row.day = totals.day;
  row.nVv = totals.nVv;
  row.nVbTarget = totals.nVbTarget;
  row.nBb = totals.nBb;
  row.trending = trending;
  row.adopt(ids, section);
  for (let table = 0; table < TABLES.length; table++) {
    const slots = readSlots(reader, ids.length);
    for (let next = 0; next < slots.length; next++) row.counts[slots[next]! * 3 + table] = readCount(reader);
    row.tableSizes[table] = slots.length;
  }
  reader.end();
  return row;
}

/**
 * Reads the totals from a row's first `ROW_TOTALS_BYTES` bytes or more; the day is -1 for a row without evidence.
 *
 * @throws MalformedBytesError when there are fewer bytes or the version is unknown.
 */
export function decodeTotals(bytes: Uint8Array): ItemTotals {
  const reader = new ByteReader(bytes, 'item row');
  const prefix = reader.raw(ROW_TOTALS_BYTES);
  if (prefix[0] !== ROW_VERSION) reader.fail(`version ${prefix[0]} instead of ${ROW_VERSION}`);
  const day = prefix.readUIntBE(1, 3);
  return {
    day: day === EMPTY_DAY ? -1 : day,
    nVv: prefix.readUIntBE(4, 6),
    nVbTarget: prefix.readUIntBE(10, 6),
    nBb: prefix.readUIntBE(16, 6),
  };
}

/** The neighbours of one table as a ranking reads them, in the row's slot order. */
export interface Neighbours {
  readonly ids: Int32Array;
  readonly counts: Float64Array;
}

/** The ids of an encoded row and the bytes that they were read from, for reading a newer value of the same row. */
export interface RowIds {
  readonly section: Buffer;
  readonly ids: Int32Array;
}

/**
 * Reads the three neighbour tables of an encoded row.
 *
 * @param previous ids of an older value of the same row: rows mostly grow at the end, and ids whose bytes are the same
 *   need not be looked up again.
 * @throws MalformedBytesError when the value is not a row of a known version.
 */
export function decodeNeighbours(
  bytes: Uint8Array,
  interner: ItemInterner,
  previous?: RowIds,
): { readonly rowIds: RowIds; readonly tables: readonly [Neighbours, Neighbours, Neighbours] } {
  const reader = new ByteReader(bytes, 'item row', ROW_TOTALS_BYTES);
  reader.varint();
  const rowIds = readIds(reader, interner, previous);
  const tables: [Neighbours, Neighbours, Neighbours] = [
    readNeighbours(reader, rowIds.ids),
    readNeighbours(reader, rowIds.ids),
    readNeighbours(reader, rowIds.ids),
  ];
  reader.end();
  return { rowIds, tables };
}

function readNeighbours(reader: ByteReader, rowIds: Int32Array): Neighbours {
  const slots = readSlots(reader, rowIds.length);
  const counts = new Float64Array(slots.length);
  for (let next = 0; next < slots.length; next++) counts[next] = readCount(reader);
  if (slots.length === rowIds.length) return { ids: rowIds, counts };
  for (let next = 0; next < slots.length; next++) slots[next] = rowIds[slots[next]!]!;
  return { ids: slots, counts };
}

/** The slots that are in the table that begins here. */
function readSlots(reader: ByteReader, rowSize: number): Int32Array {
  const inTable = reader.varint();
  if (inTable > rowSize) reader.fail(`a table of ${inTable} in a row of ${rowSize} neighbours`);
  const slots = new Int32Array(inTable);
  if (inTable === rowSize) {
    for (let slot = 0; slot < rowSize; slot++) slots[slot] = slot;
    return slots;
  }
  if (inTable === 0) return slots;
  const bitmap = reader.raw((rowSize + 7) >>> 3);
  let next = 0;
  for (let slot = 0; slot < rowSize; slot++) {
    if ((bitmap[slot >>> 3]! & (1 << (slot & 7))) === 0) continue;
    if (next === inTable) reader.fail(`more than the stated ${inTable} neighbours in a table`);
    slots[next++] = slot;
  }
  if (next < inTable) reader.fail(`${next} instead of the stated ${inTable} neighbours in a table`);
  return slots;
}

function readCount(reader: ByteReader): number {
  const value = reader.varint();
  if (value === 0) reader.fail('a neighbour with count 0');
  return value;
}

function readIds(reader: ByteReader, interner: ItemInterner, previous: RowIds | undefined): RowIds {
  const size = reader.varint();
  const section = reader.raw(reader.varint());
  if (size > section.length) reader.fail(`${size} ids in ${section.length} bytes`);
  const ids = new Int32Array(size);
  let at = 0;
  let next = 0;
  if (previous !== undefined && startsWith(section, previous.section)) {
    next = Math.min(previous.ids.length, size);
    ids.set(previous.ids.length <= size ? previous.ids : previous.ids.subarray(0, size));
    at = previous.section.length;
  }
  for (; next < size; next++) {
    let length = section[at++] ?? 0;
    if (length >= 128) length = (length & 127) + (section[at++] ?? 0) * 128;
    if (at + length > section.length) reader.fail('an id longer than the id section');
    ids[next] = interner.internBytes(section, at, at + length);
    at += length;
  }
  if (at !== section.length) reader.fail('an id section longer than its ids');
  return { section, ids };
}

function startsWith(section: Buffer, start: Buffer): boolean {
  return section.length >= start.length && section.compare(start, 0, start.length, 0, start.length) === 0;
}

/** A row as people read it: ids as text, everything in units of 5040, neighbours by (count descending, id ascending). */
export interface InspectedRow extends ItemTotals {
  readonly trending: number;
  readonly tables: Readonly<Record<TableName, readonly { readonly item: string; readonly units: number }[]>>;
}

export function inspectRow(row: ItemRow): InspectedRow {
  const { day, nVv, nVbTarget, nBb, trending } = row;
  return { day, nVv, nVbTarget, nBb, trending, tables: { vv: inspectTable(row, VV), vb: inspectTable(row, VB), bb: inspectTable(row, BB) } };
}

function inspectTable(row: ItemRow, table: number): { item: string; units: number }[] {
  const slots = [...row.ids.keys()].filter((slot) => row.counts[slot * 3 + table] !== 0);
  const units = (slot: number): number => row.counts[slot * 3 + table]!;
  slots.sort((a, b) => units(b) - units(a) || row.interner.compare(row.ids[a]!, row.ids[b]!));
  return slots.map((slot) => ({ item: row.interner.text(row.ids[slot]!), units: units(slot) }));
}

/** The neighbours of one table of a row in memory, in slot order. */
export function neighboursOf(row: ItemRow, table: number): Neighbours {
  const ids = new Int32Array(row.tableSizes[table]!);
  const counts = new Float64Array(ids.length);
  for (let slot = 0, next = 0; slot < row.size; slot++) {
    const value = row.counts[slot * 3 + table]!;
    if (value === 0) continue;
    ids[next] = row.ids[slot]!;
    counts[next++] = value;
  }
  return { ids, counts };
}
