import type { FoldParameters } from '../fold-parameters.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { decay, decaysBetween, TRENDING_DECAY_NUMERATOR } from './decay.ts';
import type { ItemInterner } from './item-interner.ts';
import type { ItemRow } from './item-row.ts';

/** What an item shard keeps lists of: views with a half-life of three days, views, orders. */
export const TOP_LISTS = ['trending', 'popular', 'bestSelling'] as const;
export type TopListName = (typeof TOP_LISTS)[number];

export const TOP_LIST_ITEMS = 64;

const TOP_LISTS_VERSION = 1;

/** An item and its value in units of 5040 at the day of the lists. */
export interface TopItem {
  readonly id: number;
  readonly value: number;
}

/**
 * The largest items of a shard by (value descending, id ascending). Maintained from the rows that evidence touches, so
 * they are a function of the evidence log. Values only shrink by the decay that all share, hence an item can enter only
 * when it is touched; of values that only decay has made equal, those stay that were on the list.
 */
export class TopLists {
  /** UTC day at which all values stand; -1 while nothing was touched. */
  day = -1;
  private readonly interner: ItemInterner;
  private readonly lists: Readonly<Record<TopListName, TopList>>;

  constructor(interner: ItemInterner) {
    this.interner = interner;
    this.lists = { trending: new TopList(interner), popular: new TopList(interner), bestSelling: new TopList(interner) };
  }

  list(name: TopListName): readonly TopItem[] {
    return this.lists[name].sorted();
  }

  /** Takes over what a row has become. Call it for each touched item when a record has been folded. */
  touch(id: number, row: ItemRow, parameters: FoldParameters): void {
    if (row.day < 0) return;
    this.advance(row.day, parameters);
    const days = this.day - row.day;
    const decays = decaysBetween(row.day, this.day, parameters.pairDecayEveryDays);
    this.lists.trending.offer(id, decay(row.trending, days, TRENDING_DECAY_NUMERATOR));
    this.lists.popular.offer(id, decay(row.nVv, decays, parameters.pairDecayNumerator));
    this.lists.bestSelling.offer(id, decay(row.nBb, decays, parameters.pairDecayNumerator));
  }

  /** Takes an item out that is no more (its retention has ended). */
  remove(id: number): void {
    for (const name of TOP_LISTS) this.lists[name].remove(id);
  }

  /** Ages all values to a later day; an earlier one changes nothing. */
  advance(day: number, parameters: FoldParameters): void {
    if (day <= this.day) return;
    if (this.day >= 0) {
      const decays = decaysBetween(this.day, day, parameters.pairDecayEveryDays);
      this.lists.trending.age(day - this.day, TRENDING_DECAY_NUMERATOR);
      this.lists.popular.age(decays, parameters.pairDecayNumerator);
      this.lists.bestSelling.age(decays, parameters.pairDecayNumerator);
    }
    this.day = day;
  }

  encode(): Buffer {
    const writer = new ByteWriter();
    writer.byte(TOP_LISTS_VERSION);
    writer.varint(this.day + 1);
    const bytes = Buffer.alloc(3 * 256 + 3);
    for (const name of TOP_LISTS) {
      const items = this.lists[name].sorted();
      writer.varint(items.length);
      for (const { id, value } of items) {
        const length = this.interner.byteLength(id);
        this.interner.copyBytes(id, bytes, 0);
        writer.varint(length);
        writer.raw(bytes, 0, length);
        writer.varint(value);
      }
    }
    return writer.take();
  }

  /** @throws MalformedBytesError when the value is not a set of lists of a known version. */
  static decode(bytes: Uint8Array, interner: ItemInterner): TopLists {
    const reader = new ByteReader(bytes, 'top lists');
    const version = reader.byte();
    if (version !== TOP_LISTS_VERSION) reader.fail(`version ${version} instead of ${TOP_LISTS_VERSION}`);
    const lists = new TopLists(interner);
    lists.day = reader.varint() - 1;
    for (const name of TOP_LISTS) {
      const count = reader.varint();
      if (count > TOP_LIST_ITEMS) reader.fail(`a list of ${count} items`);
      for (let place = 0; place < count; place++) {
        const length = reader.varint();
        const start = reader.at;
        reader.raw(length);
        lists.lists[name].offer(interner.internBytes(reader.bytes, start, start + length), reader.varint());
      }
    }
    reader.end();
    return lists;
  }
}

/** One list; in no order while it is filled, because a touched item would move about in it all the time. */
class TopList {
  private readonly interner: ItemInterner;
  private readonly ids = new Int32Array(TOP_LIST_ITEMS);
  private readonly values = new Float64Array(TOP_LIST_ITEMS);
  private size = 0;
  /** Place in the arrays of the item that leaves next; -1 when that must be found out. */
  private last = -1;

  constructor(interner: ItemInterner) {
    this.interner = interner;
  }

  sorted(): TopItem[] {
    const items = Array.from(this.ids.subarray(0, this.size), (id, at) => ({ id, value: this.values[at]! }));
    return items.sort((a, b) => b.value - a.value || this.interner.compare(a.id, b.id));
  }

  offer(id: number, value: number): void {
    if (value === 0) return;
    if (this.size === TOP_LIST_ITEMS) {
      if (this.last < 0) this.last = this.findLast();
      // Whatever is on a full list is at least as large as its last, so a smaller one is neither on it nor can it enter.
      if (value < this.values[this.last]!) return;
    }
    let at = this.ids.subarray(0, this.size).indexOf(id);
    if (at < 0) {
      if (this.size < TOP_LIST_ITEMS) at = this.size++;
      else if (this.comesAfter(id, value, this.last)) return;
      else at = this.last;
    }
    this.ids[at] = id;
    this.values[at] = value;
    if (at === this.last) this.last = -1;
  }

  remove(id: number): void {
    this.keep((at) => this.ids[at] !== id);
  }

  age(times: number, numerator: number): void {
    if (times === 0) return;
    for (let at = 0; at < this.size; at++) this.values[at] = decay(this.values[at]!, times, numerator);
    this.keep((at) => this.values[at]! > 0);
  }

  private keep(stays: (at: number) => boolean): void {
    let to = 0;
    for (let at = 0; at < this.size; at++) {
      if (!stays(at)) continue;
      this.ids[to] = this.ids[at]!;
      this.values[to++] = this.values[at]!;
    }
    this.size = to;
    this.last = -1;
  }

  private findLast(): number {
    let last = 0;
    for (let at = 1; at < this.size; at++) if (this.comesAfter(this.ids[at]!, this.values[at]!, last)) last = at;
    return last;
  }

  private comesAfter(id: number, value: number, at: number): boolean {
    return value < this.values[at]! || (value === this.values[at]! && this.interner.compare(id, this.ids[at]!) > 0);
  }
}
