import type { NextItemModel, ScoredItem, Visit } from './next-item-model.ts';

/**
 * Proposes what was viewed most, to everybody the same (session-rec's `Popular`). Items of equal count come in an order
 * that depends on when they got there.
 *
 * All items are kept in the order of their counts. A count grows by one at a time, so an item moves to the front of those
 * that had the same count before: the first of each count is remembered, and a view costs one exchange.
 */
export class PopularityModel implements NextItemModel {
  readonly name = 'popularity';
  readonly settings = {};
  private readonly order: string[] = [];
  private readonly counts: number[] = [];
  private readonly places = new Map<string, number>();
  /** Place of the first item with a count. */
  private readonly firsts = new Map<number, number>();

  learn(_visit: Visit, item: string): void {
    let place = this.places.get(item);
    if (place === undefined) {
      place = this.order.length;
      this.order.push(item);
      this.counts.push(0);
      this.places.set(item, place);
      if (!this.firsts.has(0)) this.firsts.set(0, place);
    }
    const count = this.counts[place]!;
    const first = this.firsts.get(count)!;
    const displaced = this.order[first]!;
    this.order[first] = item;
    this.order[place] = displaced;
    this.places.set(displaced, place);
    this.places.set(item, first);
    if (this.counts[first + 1] === count) this.firsts.set(count, first + 1);
    else this.firsts.delete(count);
    this.counts[first] = count + 1;
    if (!this.firsts.has(count + 1)) this.firsts.set(count + 1, first);
  }

  follow(): void {
    // Nothing of a visit enters the list.
  }

  prepare(): void {
    // The order is always up to date.
  }

  recommend(_visit: Visit, _timeMs: number, length: number): ScoredItem[] {
    return this.order.slice(0, length).map((item, place) => ({ item, score: this.counts[place]! }));
  }

  forget(): void {
    // Nothing is kept of a visit.
  }
}
