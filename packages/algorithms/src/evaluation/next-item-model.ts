/** What is compared: everything that learns from views as they come and proposes what comes next. */

/** One visit of one user: the raw views, refreshes included, oldest first. Grows while it is learned or followed. */
export interface Visit {
  /** Its number among all visits of the evaluation, given in the order in which they begin. */
  readonly number: number;
  readonly items: string[];
}

export interface ScoredItem {
  readonly item: string;
  /** Comparable within one list only. */
  readonly score: number;
}

/**
 * A model of the next item. The caller tells it each view before it adds the item to the visit, so `visit.items` is
 * what came before. A visit that is followed is not learned from: that is how a frozen model is tested.
 */
export interface NextItemModel {
  readonly name: string;
  /** What it was set to, for reports. */
  readonly settings: Readonly<Record<string, string | number>>;
  learn(visit: Visit, item: string, timeMs: number): void;
  follow(visit: Visit, item: string, timeMs: number): void;
  /** Brings what was learned so far to where a ranking reads it. Not counted as time of a ranking. */
  prepare(): void;
  /** The best items first; ties by the order of the ids' UTF-8 bytes. May be shorter than asked for. */
  recommend(visit: Visit, timeMs: number, length: number): readonly ScoredItem[];
  /** The visit will not be mentioned again. */
  forget(visit: Visit): void;
}

/** A model of what else is in an order. */
export interface BasketModel {
  readonly name: string;
  readonly settings: Readonly<Record<string, string | number>>;
  learn(items: readonly string[], timeMs: number): void;
  prepare(): void;
  /** Never proposes what is in the basket. */
  recommend(basket: readonly string[], timeMs: number, length: number): readonly ScoredItem[];
}

/** Lets a model of the next item complete orders: an order is a visit, and what is in the basket is left out. */
export function basketModelOf(model: NextItemModel): BasketModel {
  let visits = 0;
  return {
    name: model.name,
    settings: model.settings,
    learn(items, timeMs) {
      const visit: Visit = { number: visits++, items: [] };
      for (const item of items) {
        model.learn(visit, item, timeMs);
        visit.items.push(item);
      }
      model.forget(visit);
    },
    prepare: () => model.prepare(),
    recommend(basket, timeMs, length) {
      // The list may consist of the basket alone, so that many places more are asked for.
      const list = model.recommend({ number: -1, items: [...basket] }, timeMs, length + basket.length);
      return list.filter(({ item }) => !basket.includes(item)).slice(0, length);
    },
  };
}
