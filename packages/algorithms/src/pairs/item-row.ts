import type { FoldParameters } from '../fold-parameters.ts';
import { decay, decaysBetween, TRENDING_DECAY_NUMERATOR } from './decay.ts';
import type { ItemInterner } from './item-interner.ts';

/** The three neighbour tables of an item: viewed together, viewed then bought, bought together. */
export const TABLES = ['vv', 'vb', 'bb'] as const;
export type TableName = (typeof TABLES)[number];
export const VV = 0;
export const VB = 1;
export const BB = 2;
const TABLE_COUNT = 3;

/** Totals stop here (2^48 - 1, 56 thousand million events), the largest value that the encoded prefix can hold. */
export const LARGEST_TOTAL = 2 ** 48 - 1;

const NO_BYTES = Buffer.alloc(0);

/** Up to this many neighbours a scan is quicker than a hash index. */
const SCAN_LIMIT = 32;

/** What happened while folding that operators want to count; it shapes no state. */
export interface FoldNotes {
  /** A table had reached the hard cap inside a day and was cut back to the kept neighbours. */
  capTrims: number;
  /** Touches of a row by evidence of an older day than the row's. */
  lateTouches: number;
}

export function emptyFoldNotes(): FoldNotes {
  return { capTrims: 0, lateTouches: 0 };
}

/**
 * An item's state: totals and neighbours in units of 5040, all standing at the same day.
 *
 * The three tables share one list of neighbours, because the same items tend to be in all of them: `ids[slot]` is a
 * neighbour and `counts[3 * slot + table]` its count, 0 where it is not in that table. Slots are in the order in which
 * the neighbours came in, also after a trim. That order is part of the state: it makes the encoded value canonical
 * without sorting, whether the row stayed in memory or was read back in between.
 */
export class ItemRow {
  readonly interner: ItemInterner;
  /** UTC day at which the row stands; -1 while nothing was folded. */
  day = -1;
  /** Views of the item; the total of a `vv` pair on either side and of a `vb` pair's source. */
  nVv = 0;
  /** Purchases of the item, the total of a `vb` pair's target. */
  nVbTarget = 0;
  /** Orders with the item. */
  nBb = 0;
  /** Views with a half-life of three days. */
  trending = 0;
  /** Plain arrays: a row grows neighbour by neighbour, and a typed array would be allocated anew each time. */
  readonly ids: number[] = [];
  readonly counts: number[] = [];
  /**
   * The ids as the encoded row has them (a varint length and UTF-8 bytes each, in slot order), kept up as neighbours come
   * in: an item's value is written far more often than its neighbours change.
   */
  private idBytes: Buffer = NO_BYTES;
  private idBytesLength = 0;
  readonly tableSizes: [number, number, number] = [0, 0, 0];
  /** Hash index over `ids`: slot + 1, 0 is free. Only looked at above the scan limit. */
  private index: Int16Array | undefined;

  constructor(interner: ItemInterner) {
    this.interner = interner;
  }

  /** Neighbours in any table. */
  get size(): number {
    return this.ids.length;
  }

  /**
   * Brings the row to evidence of `day`.
   *
   * @returns how many days older than the row the evidence is: 0 in the ordinary case, otherwise what it adds must be
   *   aged (`decaysBetween(day, row.day)`) and the row stays where it is.
   */
  reach(day: number, parameters: FoldParameters): number {
    if (day === this.day) return 0;
    if (this.day < 0) this.day = day;
    else if (day > this.day) this.advance(day, parameters);
    return this.day - day;
  }

  /** Adds to a neighbour's count. Zero adds nothing, so that a fully aged count leaves no empty neighbour behind. */
  add(table: number, id: number, value: number, parameters: FoldParameters, notes: FoldNotes): void {
    if (value === 0) return;
    const at = this.slotOf(id) * TABLE_COUNT + table;
    const before = this.counts[at]!;
    this.counts[at] = before + value;
    if (before !== 0) return;
    const size = this.tableSizes[table]! + 1;
    this.tableSizes[table] = size;
    if (size <= parameters.neighboursCap) return;
    notes.capTrims += 1;
    if (this.trim(table, Math.min(parameters.neighboursKept, parameters.neighboursCap))) this.compact();
  }

  addView(value: number, trendingValue: number): void {
    this.nVv = Math.min(this.nVv + value, LARGEST_TOTAL);
    this.trending = Math.min(this.trending + trendingValue, LARGEST_TOTAL);
  }

  addPurchase(value: number): void {
    this.nVbTarget = Math.min(this.nVbTarget + value, LARGEST_TOTAL);
  }

  addOrder(value: number): void {
    this.nBb = Math.min(this.nBb + value, LARGEST_TOTAL);
  }

  /** The count of a neighbour, 0 when it is none. */
  count(table: number, id: number): number {
    for (let slot = 0; slot < this.size; slot++) if (this.ids[slot] === id) return this.counts[slot * TABLE_COUNT + table]!;
    return 0;
  }

  private append(id: number): void {
    this.ids.push(id);
    this.counts.push(0, 0, 0);
    this.appendIdBytes(id);
  }

  /** Takes over the neighbours of an encoded row that has none yet: their ids and the section that spells them. */
  adopt(ids: Int32Array, section: Buffer): void {
    this.idBytes = Buffer.from(section);
    this.idBytesLength = section.length;
    for (let slot = 0; slot < ids.length; slot++) {
      this.ids.push(ids[slot]!);
      this.counts.push(0, 0, 0);
    }
  }

  /** The ids of the encoded row; valid until the row changes. */
  idSection(): Buffer {
    return this.idBytes.subarray(0, this.idBytesLength);
  }

  /**
   * Crosses the day boundaries up to `day`: at each the counts decay if it is a decay boundary, then every table is cut
   * to its largest neighbours. After the first cut no later boundary of the same walk has anything left to cut.
   */
  private advance(day: number, parameters: FoldParameters): void {
    const { pairDecayEveryDays: every, pairDecayNumerator: numerator, neighboursKept } = parameters;
    const decays = decaysBetween(this.day, day, every);
    const first = decays > 0 && (this.day + 1) % every === 0 ? 1 : 0;
    let changed = first > 0 && this.decayCounts(1, numerator);
    for (let table = 0; table < TABLE_COUNT; table++) changed = this.trim(table, neighboursKept) || changed;
    if (decays > first) changed = this.decayCounts(decays - first, numerator) || changed;
    if (changed) this.compact();
    if (decays > 0) {
      this.nVv = decay(this.nVv, decays, numerator);
      this.nVbTarget = decay(this.nVbTarget, decays, numerator);
      this.nBb = decay(this.nBb, decays, numerator);
    }
    this.trending = decay(this.trending, day - this.day, TRENDING_DECAY_NUMERATOR);
    this.day = day;
  }

  /** @returns true when a count has become 0. */
  private decayCounts(times: number, numerator: number): boolean {
    const counts = this.counts;
    let dropped = false;
    for (let at = 0; at < counts.length; at++) {
      const value = counts[at]!;
      if (value === 0) continue;
      const left = decay(value, times, numerator);
      counts[at] = left;
      if (left > 0) continue;
      this.tableSizes[at % TABLE_COUNT]! -= 1;
      dropped = true;
    }
    return dropped;
  }

  /**
   * Keeps the `kept` largest counts of a table by (count descending, id ascending); the order of slots stays.
   *
   * @returns true when a count has become 0.
   */
  private trim(table: number, kept: number): boolean {
    const size = this.tableSizes[table]!;
    if (size <= kept) return false;
    const counts = this.counts;
    const values = new Float64Array(size);
    for (let at = table, next = 0; at < counts.length; at += TABLE_COUNT) if (counts[at] !== 0) values[next++] = counts[at]!;
    values.sort();
    const threshold = values[size - kept]!;
    const tied: number[] = [];
    let above = 0;
    for (let at = table; at < counts.length; at += TABLE_COUNT) {
      const value = counts[at]!;
      if (value > threshold) above += 1;
      else if (value === threshold) tied.push(at);
      else counts[at] = 0;
    }
    const places = kept - above;
    if (tied.length > places) {
      const idAt = (at: number): number => this.ids[(at - table) / TABLE_COUNT]!;
      tied.sort((a, b) => this.interner.compare(idAt(a), idAt(b)));
      for (let rank = places; rank < tied.length; rank++) counts[tied[rank]!] = 0;
    }
    this.tableSizes[table] = kept;
    return true;
  }

  /** Drops the slots that are in no table any more and keeps the order of the others. */
  private compact(): void {
    const { ids, counts } = this;
    let to = 0;
    for (let slot = 0; slot < ids.length; slot++) {
      const from = slot * TABLE_COUNT;
      if (counts[from] === 0 && counts[from + 1] === 0 && counts[from + 2] === 0) continue;
      if (to !== slot) {
        ids[to] = ids[slot]!;
        for (let table = 0; table < TABLE_COUNT; table++) counts[to * TABLE_COUNT + table] = counts[from + table]!;
      }
      to += 1;
    }
    if (to === ids.length) return;
    ids.length = to;
    counts.length = to * TABLE_COUNT;
    this.idBytesLength = 0;
    for (const id of ids) this.appendIdBytes(id);
    if (this.index !== undefined) this.reindex(this.index);
  }

  private appendIdBytes(id: number): void {
    const { interner } = this;
    const length = interner.byteLength(id);
    if (this.idBytesLength + length + 2 > this.idBytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(64, this.idBytes.length * 2, this.idBytesLength + length + 2));
      this.idBytes.copy(larger, 0, 0, this.idBytesLength);
      this.idBytes = larger;
    }
    if (length < 128) {
      this.idBytes[this.idBytesLength++] = length;
    } else {
      this.idBytes[this.idBytesLength++] = (length & 127) | 0x80;
      this.idBytes[this.idBytesLength++] = length >>> 7;
    }
    this.idBytesLength = interner.copyBytes(id, this.idBytes, this.idBytesLength);
  }

  private slotOf(id: number): number {
    const { ids } = this;
    if (ids.length <= SCAN_LIMIT) {
      for (let slot = 0; slot < ids.length; slot++) if (ids[slot] === id) return slot;
      this.append(id);
      if (ids.length > SCAN_LIMIT) this.reindex(this.index);
      return ids.length - 1;
    }
    let index = this.index;
    if (index === undefined || index.length < (ids.length + 1) * 2) index = this.reindex(undefined);
    const mask = index.length - 1;
    let place = hashOf(id) & mask;
    for (let entry = index[place]!; entry !== 0; entry = index[place]!) {
      if (ids[entry - 1] === id) return entry - 1;
      place = (place + 1) & mask;
    }
    this.append(id);
    index[place] = ids.length;
    return ids.length - 1;
  }

  /** @param old an index to use again if it is long enough. */
  private reindex(old: Int16Array | undefined): Int16Array {
    const { ids } = this;
    let length = 128;
    while (length < ids.length * 3) length *= 2;
    const index = old !== undefined && old.length >= length ? old.fill(0) : new Int16Array(length);
    const mask = index.length - 1;
    for (let slot = 0; slot < ids.length; slot++) {
      let place = hashOf(ids[slot]!) & mask;
      while (index[place] !== 0) place = (place + 1) & mask;
      index[place] = slot + 1;
    }
    this.index = index;
    return index;
  }
}

function hashOf(id: number): number {
  const mixed = Math.imul(id, 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}
