import type { SeededRandom } from '../seeded-random.ts';

/** How many companions of an item are remembered, and how many of the shop's last order lines. */
const COMPANIONS = 8;
const RECENT_LINES = 4_096;

/**
 * What a visitor of the shop might look at next, learned from the baskets so far: popular items, and items that were
 * bought together. Bounded, and without a random choice in what it learns, so that it is the same however much of the
 * stream is skipped.
 */
export class BrowsingMemory {
  readonly #companions = new Map<string, string[]>();
  readonly #recent: string[] = [];
  #lines = 0;

  /** Learns a basket: each item meets the one before and the one after it. @param itemIds distinct articles */
  learn(itemIds: readonly string[]): void {
    for (const [index, itemId] of itemIds.entries()) {
      this.#recent[this.#lines % RECENT_LINES] = itemId;
      this.#lines += 1;
      let companions = this.#companions.get(itemId);
      if (companions === undefined) {
        companions = [];
        this.#companions.set(itemId, companions);
      }
      for (const other of [itemIds[index - 1], itemIds[index + 1]]) {
        if (other === undefined) continue;
        if (companions.length === COMPANIONS) companions.shift();
        companions.push(other);
      }
    }
  }

  /** An item, with the probability of its share of the last 4,096 order lines; undefined before the first basket. */
  popular(random: SeededRandom): string | undefined {
    return this.#recent.length === 0 ? undefined : random.pick(this.#recent);
  }

  /** Something to look at after this item: mostly what was bought with it, otherwise something popular. */
  after(itemId: string, random: SeededRandom): string | undefined {
    const companions = this.#companions.get(itemId);
    return companions !== undefined && companions.length > 0 && random.chance(0.7)
      ? random.pick(companions)
      : this.popular(random);
  }
}
