const UNIT = 5_040;
const DISTANCES = 10;
const BOUGHT_WINDOW_MS = 7 * 86_400_000;

interface Counts {
  views: number;
  bought: number;
  orders: number;
  readonly vv: Map<string, number>;
  readonly vb: Map<string, number>;
  readonly bb: Map<string, number>;
}

/** Pair counts of one day by brute force, as the page on algorithms says them and in no other order of thought. */
export class PairOracle {
  readonly #items = new Map<string, Counts>();
  /** When each user has viewed which item last, in whole seconds as a profile keeps it. */
  readonly #viewedSec = new Map<string, Map<string, number>>();

  /** A session's views in their order: a refresh takes no position. */
  session(views: readonly string[]): void {
    const positions = views.filter((item, i) => item !== views[i - 1]);
    positions.forEach((later, at) => {
      this.#of(later).views += UNIT;
      for (let distance = 1; distance <= Math.min(DISTANCES, at); distance++) {
        const earlier = positions[at - distance]!;
        if (earlier === later) continue;
        add(this.#of(earlier).vv, later, UNIT / distance);
        add(this.#of(later).vv, earlier, UNIT / 2 / distance);
      }
    });
  }

  /** An order's items, each once. */
  basket(lines: readonly string[]): void {
    const items = new Set(lines);
    for (const item of items) {
      this.#of(item).orders += UNIT;
      for (const other of items) if (other !== item) add(this.#of(item).bb, other, UNIT);
    }
  }

  viewed(user: string, item: string, timeMs: number): void {
    const views = this.#viewedSec.get(user) ?? new Map<string, number>();
    this.#viewedSec.set(user, views);
    views.set(item, Math.max(views.get(item) ?? 0, Math.floor(timeMs / 1_000)));
  }

  bought(user: string, lines: readonly string[], timeMs: number): void {
    const bought = new Set(lines);
    for (const item of bought) this.#of(item).bought += UNIT;
    for (const [source, viewedSec] of this.#viewedSec.get(user) ?? []) {
      const ageMs = timeMs - viewedSec * 1_000;
      if (ageMs < 0 || ageMs > BOUGHT_WINDOW_MS) continue;
      for (const item of bought) if (item !== source) add(this.#of(source).vb, item, UNIT);
    }
  }

  /** What must be stored for an item, neighbours by name. */
  of(item: string): Omit<Counts, 'vv' | 'vb' | 'bb'> & Record<'vv' | 'vb' | 'bb', [string, number][]> {
    const { views, bought, orders, vv, vb, bb } = this.#of(item);
    const sorted = (counts: ReadonlyMap<string, number>): [string, number][] => [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
    return { views, bought, orders, vv: sorted(vv), vb: sorted(vb), bb: sorted(bb) };
  }

  #of(item: string): Counts {
    const known = this.#items.get(item);
    if (known !== undefined) return known;
    const counts: Counts = { views: 0, bought: 0, orders: 0, vv: new Map(), vb: new Map(), bb: new Map() };
    this.#items.set(item, counts);
    return counts;
  }
}

function add(counts: Map<string, number>, item: string, value: number): void {
  counts.set(item, (counts.get(item) ?? 0) + value);
}
