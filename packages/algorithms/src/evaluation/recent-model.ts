import type { NextItemModel, ScoredItem, Visit } from './next-item-model.ts';

/** Distinct items remembered; no list is longer. */
const REMEMBERED_ITEMS = 256;

/** Proposes what anybody viewed last, newest first: how far "what is going on right now" carries alone. */
export class RecentModel implements NextItemModel {
  readonly name = 'recent';
  readonly settings = {};
  /** Newest first. */
  private readonly items: string[] = [];

  learn(_visit: Visit, item: string): void {
    const known = this.items.indexOf(item);
    if (known >= 0) this.items.splice(known, 1);
    else if (this.items.length === REMEMBERED_ITEMS) this.items.pop();
    this.items.unshift(item);
  }

  follow(): void {
    // What is tested does not count as having happened.
  }

  prepare(): void {
    // The order is always up to date.
  }

  recommend(_visit: Visit, _timeMs: number, length: number): ScoredItem[] {
    return this.items.slice(0, length).map((item, place) => ({ item, score: 1 / (place + 1) }));
  }

  forget(): void {
    // Nothing is kept of a visit.
  }
}
