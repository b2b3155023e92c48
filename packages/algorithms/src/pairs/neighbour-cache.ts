import type { FoldParameters } from '../fold-parameters.ts';
import { decay, decaysBetween, TRENDING_DECAY_NUMERATOR, UNIT } from './decay.ts';
import { ItemInterner } from './item-interner.ts';
import { decodeNeighbours, decodeRow, decodeTotals, neighboursOf } from './item-row-codec.ts';
import type { ItemTotals, Neighbours, RowIds } from './item-row-codec.ts';
import { BB, TABLES, VB, VV } from './item-row.ts';
import { TopLists } from './top-lists.ts';
import type { TopItem } from './top-lists.ts';

export interface NeighbourCacheLimits {
  /** A row read longer ago is asked for again. */
  readonly rowMaxAgeMs: number;
  /** Totals may be older than rows: only their fourth root enters a score. */
  readonly totalsMaxAgeMs: number;
  readonly topListsMaxAgeMs: number;
  /** Rows kept from batch to batch; the ones read longest ago go first. */
  readonly maxRows: number;
  /** Distinct item ids remembered. Above it the whole cache starts anew at the next batch. */
  readonly maxItems: number;
}

export const DEFAULT_NEIGHBOUR_CACHE_LIMITS: NeighbourCacheLimits = {
  rowMaxAgeMs: 1_000,
  totalsMaxAgeMs: 10_000,
  topListsMaxAgeMs: 1_000,
  maxRows: 50_000,
  maxItems: 500_000,
};

/** An item's neighbours in one table at the day asked for, and the total by which their counts are divided. */
export interface NeighbourView extends Neighbours {
  /** sqrt of the item's total as a source, floored at one event. */
  readonly sourceRoot: number;
}

interface CachedRow {
  readAtMs: number;
  /** The value as it was read; empty for an item that has none. */
  bytes: Buffer;
  totals: ItemTotals;
  /** Decoded when first ranked with. */
  raw: readonly NeighbourView[] | undefined;
  rowIds: RowIds | undefined;
  /** What the row becomes after `agedDecays` decay boundaries. */
  aged: readonly NeighbourView[] | undefined;
  agedDecays: number;
}

const NO_TOTALS: ItemTotals = { day: -1, nVv: 0, nVbTarget: 0, nBb: 0 };
const NO_BYTES = Buffer.alloc(0);

/**
 * What a ranking reads of the item shards: rows, totals and top lists, as old as the limits allow. It does no I/O and
 * has no clock: `beginBatch` sets the time, `Ranker.needs` says what must be read, the `put…` methods take it in.
 */
export class NeighbourCache {
  interner: ItemInterner;
  parameters: FoldParameters;
  nowMs = 0;
  private readonly limits: NeighbourCacheLimits;
  private readonly itemShards: number;
  private readonly seed: number;
  private rows = new Map<number, CachedRow>();
  private readonly askedRows = new Set<number>();
  private readonly askedTotals = new Set<number>();
  private topLists: { readAtMs: number; bytes: Buffer; lists: TopLists | undefined }[] = [];
  private merged: readonly TopItem[] | undefined;
  private mergedDay = -1;
  /** Per item id: totals with the day at which they stand, when they were read, and their damping per table. */
  private totals: ItemColumns = itemColumns(1_024);

  /** @param seed see `ItemInterner`. */
  constructor(itemShards: number, parameters: FoldParameters, limits: NeighbourCacheLimits = DEFAULT_NEIGHBOUR_CACHE_LIMITS, seed = 0) {
    this.itemShards = itemShards;
    this.parameters = parameters;
    this.limits = limits;
    this.seed = seed;
    this.interner = new ItemInterner(seed);
    this.forgetAll();
  }

  /** Call before each batch of rankings: sets the time that ages are measured by, and makes room. */
  beginBatch(nowMs: number): void {
    this.nowMs = nowMs;
    this.askedRows.clear();
    this.askedTotals.clear();
    if (this.interner.size > this.limits.maxItems) this.forgetAll();
    let surplus = this.rows.size - this.limits.maxRows;
    if (surplus <= 0) return;
    for (const id of this.rows.keys()) {
      this.rows.delete(id);
      if (--surplus === 0) break;
    }
  }

  /** New fold parameters: what was aged by the old ones is forgotten. */
  setParameters(parameters: FoldParameters): void {
    if (parameters.version === this.parameters.version) return;
    this.parameters = parameters;
    this.forgetAll();
  }

  /**
   * Takes in a row as it was read, `null` where there is none. Bytes equal to those at hand are not decoded again.
   *
   * @throws MalformedBytesError when it is not a row.
   */
  putRow(item: string, bytes: Uint8Array | null): void {
    const id = this.interner.intern(item);
    const known = this.rows.get(id);
    if (known !== undefined && known.bytes.length === (bytes?.length ?? 0) && (bytes === null || known.bytes.compare(bytes) === 0)) {
      known.readAtMs = this.nowMs;
      // The order of the map is the order of reading, by which rows are dropped.
      this.rows.delete(id);
      this.rows.set(id, known);
      this.setTotals(id, known.totals);
      return;
    }
    // A copy, because the bytes of a reply are a slice of a larger buffer that would be kept alive.
    const copy = bytes === null ? NO_BYTES : Buffer.from(bytes);
    const totals = bytes === null ? NO_TOTALS : decodeTotals(copy);
    this.rows.delete(id);
    this.rows.set(id, { readAtMs: this.nowMs, bytes: copy, totals, raw: undefined, rowIds: known?.rowIds, aged: undefined, agedDecays: 0 });
    this.setTotals(id, totals);
  }

  /** Takes in at least the first `ROW_TOTALS_BYTES` bytes of a row; `null` or no bytes where there is none. */
  putTotals(item: string, bytes: Uint8Array | null): void {
    this.setTotals(this.interner.intern(item), bytes === null || bytes.length === 0 ? NO_TOTALS : decodeTotals(bytes));
  }

  putTopLists(itemShard: number, bytes: Uint8Array | null): void {
    const entry = this.topLists[itemShard];
    if (entry === undefined) throw new RangeError(`top lists of shard ${itemShard}, but there are ${this.itemShards}`);
    entry.readAtMs = this.nowMs;
    if (entry.lists !== undefined && bytes !== null && entry.bytes.equals(bytes)) return;
    entry.bytes = bytes === null ? NO_BYTES : Buffer.from(bytes);
    entry.lists = bytes === null ? undefined : TopLists.decode(entry.bytes, this.interner);
    this.merged = undefined;
  }

  /** Item shards whose top lists are absent or too old. */
  topListsNeeded(): number[] {
    const oldest = this.nowMs - this.limits.topListsMaxAgeMs;
    return [...this.topLists.keys()].filter((shard) => this.topLists[shard]!.readAtMs < oldest);
  }

  /** When the row of an item was read, or -Infinity. */
  rowReadAtMs(id: number): number {
    return this.rows.get(id)?.readAtMs ?? -Infinity;
  }

  rowIsFresh(id: number): boolean {
    return this.rowReadAtMs(id) >= this.nowMs - this.limits.rowMaxAgeMs;
  }

  totalsAreFresh(id: number): boolean {
    return id < this.totals.readAtMs.length && this.totals.readAtMs[id]! >= this.nowMs - this.limits.totalsMaxAgeMs;
  }

  /** True the first time in a batch: several requests want the same row, one read is enough. */
  askRow(id: number): boolean {
    if (this.askedRows.has(id)) return false;
    this.askedRows.add(id);
    return true;
  }

  /** As `askRow`, for totals. */
  askTotals(id: number): boolean {
    if (this.askedTotals.has(id)) return false;
    this.askedTotals.add(id);
    return true;
  }

  /** Neighbours of an item in a table at `day`, `undefined` when its row is not at hand. */
  neighbours(id: number, table: number, day: number): NeighbourView | undefined {
    const row = this.rows.get(id);
    if (row === undefined) return undefined;
    const raw = (row.raw ??= this.decode(row));
    if (day <= row.totals.day || row.bytes.length === 0) return raw[table];
    const decays = decaysBetween(row.totals.day, day, this.parameters.pairDecayEveryDays);
    if (decays === 0 && raw.every((view) => view.ids.length <= this.parameters.neighboursKept)) return raw[table];
    if (row.aged === undefined || row.agedDecays !== decays) {
      row.aged = this.age(row, day);
      row.agedDecays = decays;
    }
    return row.aged[table];
  }

  /** 1 / n^¼ of an item as a candidate of a table, aged to `day`, n floored at one event. */
  damping(id: number, table: number, day: number): number {
    const columns = this.totals;
    if (id >= columns.readAtMs.length) return DAMPING_OF_ONE;
    const epoch = Math.floor(day / this.parameters.pairDecayEveryDays);
    const total = id * TABLES.length + table;
    const { dampings } = columns;
    if (dampings[2 * total] === epoch) return dampings[2 * total + 1]!;
    const decays = decaysBetween(columns.days[id]!, day, this.parameters.pairDecayEveryDays);
    const aged = decay(columns.totals[total]!, decays, this.parameters.pairDecayNumerator);
    const damping = 1 / Math.sqrt(Math.sqrt(Math.max(aged, UNIT)));
    dampings[2 * total] = epoch;
    dampings[2 * total + 1] = damping;
    return damping;
  }

  /** Trending items of all item shards at `day`, (value descending, id ascending). */
  trending(day: number): readonly TopItem[] {
    if (this.merged !== undefined && this.mergedDay === day) return this.merged;
    const all: TopItem[] = [];
    for (const { lists } of this.topLists) {
      if (lists === undefined) continue;
      const days = Math.max(0, day - lists.day);
      for (const { id, value } of lists.list('trending')) all.push({ id, value: decay(value, days, TRENDING_DECAY_NUMERATOR) });
    }
    this.merged = all.sort((a, b) => b.value - a.value || this.interner.compare(a.id, b.id));
    this.mergedDay = day;
    return this.merged;
  }

  private decode(row: CachedRow): readonly NeighbourView[] {
    if (row.bytes.length === 0) return NO_VIEWS;
    const { rowIds, tables } = decodeNeighbours(row.bytes, this.interner, row.rowIds);
    row.rowIds = rowIds;
    return tables.map((table, index) => ({ ...table, sourceRoot: sourceRoot(row.totals, index) }));
  }

  /** Ages by the rule of the item shard itself, so that both see the same row. */
  private age(row: CachedRow, day: number): readonly NeighbourView[] {
    const aged = decodeRow(row.bytes, this.interner);
    aged.reach(day, this.parameters);
    return TABLES.map((_, table) => ({ ...neighboursOf(aged, table), sourceRoot: sourceRoot(aged, table) }));
  }

  private setTotals(id: number, totals: ItemTotals): void {
    if (id >= this.totals.readAtMs.length) this.totals = grown(this.totals, id);
    const columns = this.totals;
    const at = id * TABLES.length;
    columns.readAtMs[id] = this.nowMs;
    columns.days[id] = totals.day;
    columns.totals[at + VV] = totals.nVv;
    columns.totals[at + VB] = totals.nVbTarget;
    columns.totals[at + BB] = totals.nBb;
    for (let table = 0; table < TABLES.length; table++) columns.dampings[2 * (at + table)] = NO_EPOCH;
  }

  private forgetAll(): void {
    this.interner = new ItemInterner(this.seed);
    this.rows = new Map();
    this.totals = itemColumns(1_024);
    this.topLists = Array.from({ length: this.itemShards }, () => ({ readAtMs: -Infinity, bytes: NO_BYTES, lists: undefined }));
    this.merged = undefined;
  }
}

/** A `vb` pair's source counts its views, not its purchases. */
function sourceRoot(totals: ItemTotals, table: number): number {
  return Math.sqrt(Math.max(table === BB ? totals.nBb : totals.nVv, UNIT));
}

const DAMPING_OF_ONE = 1 / Math.sqrt(Math.sqrt(UNIT));
const NO_EPOCH = -1;
const NO_VIEWS: readonly NeighbourView[] = TABLES.map(() => ({ ids: new Int32Array(0), counts: new Float64Array(0), sourceRoot: Math.sqrt(UNIT) }));

interface ItemColumns {
  readonly readAtMs: Float64Array;
  readonly days: Int32Array;
  readonly totals: Float64Array;
  /** For each total two numbers side by side: the decay epoch for which its damping was worked out, and the damping. */
  readonly dampings: Float64Array;
}

function itemColumns(size: number): ItemColumns {
  return {
    readAtMs: new Float64Array(size).fill(-Infinity),
    days: new Int32Array(size).fill(-1),
    totals: new Float64Array(size * TABLES.length),
    dampings: new Float64Array(size * TABLES.length * 2).fill(NO_EPOCH),
  };
}

function grown(columns: ItemColumns, id: number): ItemColumns {
  const larger = itemColumns(Math.max(columns.readAtMs.length * 2, id + 1));
  larger.readAtMs.set(columns.readAtMs);
  larger.days.set(columns.days);
  larger.totals.set(columns.totals);
  larger.dampings.set(columns.dampings);
  return larger;
}
