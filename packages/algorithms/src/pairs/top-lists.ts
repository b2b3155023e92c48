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
 * when it is touched; two values that decay has made equal keep the places that the list had given them room for.
 */
export class TopLists {
  /** UTC day at which all values stand; -1 while nothing was touched. */
  day = -1;
  private readonly interner: ItemInterner;
  private readonly lists: Record<TopListName, TopItem[]> = { trending: [], popular: [], bestSelling: [] };

  constructor(interner: ItemInterner) {
    this.interner = interner;
  }

  list(name: TopListName): readonly TopItem[] {
    return this.lists[name];
  }

  /** Takes over what a row has become. Call it for each touched item when a record has been folded. */
  touch(item: string, row: ItemRow, parameters: FoldParameters): void {
    if (row.day < 0) return;
    this.advance(row.day, parameters);
    const days = this.day - row.day;
    const decays = decaysBetween(row.day, this.day, parameters.pairDecayEveryDays);
    const id = this.interner.intern(item);
    this.offer('trending', id, decay(row.trending, days, TRENDING_DECAY_NUMERATOR));
    this.offer('popular', id, decay(row.nVv, decays, parameters.pairDecayNumerator));
    this.offer('bestSelling', id, decay(row.nBb, decays, parameters.pairDecayNumerator));
  }

  /** Takes an item out that is no more (its retention has ended). */
  remove(item: string): void {
    const id = this.interner.intern(item);
    for (const name of TOP_LISTS) this.lists[name] = this.lists[name].filter((top) => top.id !== id);
  }

  /** Ages all values to a later day; an earlier one changes nothing. */
  advance(day: number, parameters: FoldParameters): void {
    if (day <= this.day) return;
    if (this.day >= 0) {
      const decays = decaysBetween(this.day, day, parameters.pairDecayEveryDays);
      this.age('trending', day - this.day, TRENDING_DECAY_NUMERATOR);
      this.age('popular', decays, parameters.pairDecayNumerator);
      this.age('bestSelling', decays, parameters.pairDecayNumerator);
    }
    this.day = day;
  }

  encode(): Buffer {
    const writer = new ByteWriter();
    writer.byte(TOP_LISTS_VERSION);
    writer.varint(this.day + 1);
    const bytes = Buffer.alloc(3 * 256 + 3);
    for (const name of TOP_LISTS) {
      writer.varint(this.lists[name].length);
      for (const { id, value } of this.lists[name]) {
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
        lists.lists[name].push({ id: interner.internBytes(reader.bytes, start, start + length), value: reader.varint() });
      }
    }
    reader.end();
    return lists;
  }

  private offer(name: TopListName, id: number, value: number): void {
    const list = this.lists[name];
    const last = list[list.length - 1];
    // Whatever is on a full list has at least its least value, so a smaller one is neither on it nor can it enter.
    if (value === 0 || (list.length === TOP_LIST_ITEMS && value < last!.value)) return;
    const place = list.findIndex((top) => top.id === id);
    if (place >= 0) list.splice(place, 1);
    let at = list.length;
    while (at > 0 && this.comesFirst(id, value, list[at - 1]!)) at -= 1;
    list.splice(at, 0, { id, value });
    if (list.length > TOP_LIST_ITEMS) list.pop();
  }

  private comesFirst(id: number, value: number, other: TopItem): boolean {
    return value > other.value || (value === other.value && this.interner.compare(id, other.id) < 0);
  }

  private age(name: TopListName, times: number, numerator: number): void {
    if (times === 0) return;
    this.lists[name] = this.lists[name]
      .map(({ id, value }) => ({ id, value: decay(value, times, numerator) }))
      .filter(({ value }) => value > 0)
      .sort((a, b) => b.value - a.value || this.interner.compare(a.id, b.id));
  }
}
