import type { Uniform } from './resampling.ts';

/** How often items were viewed in training: what "popular" and "new" are measured by. */
export class ItemViews {
  readonly views = new Map<string, number>();
  total = 0;

  add(item: string): void {
    this.views.set(item, (this.views.get(item) ?? 0) + 1);
    this.total += 1;
  }
}

/** What a model recommended over all cases, whether it was right or not. */
export interface ListStatistics {
  /** Distinct items recommended / items known (catalogue coverage; Ge, Delgado-Battenfeld and Jannach 2010). */
  readonly coverage: number;
  /** Mean self-information of a recommended item, -log2 of its share of all views, in bits (Zhou et al. 2010). */
  readonly novelty: number;
  /** 1 - mean similarity of two items of one list (intra-list diversity; Ziegler et al. 2005), on a sample of lists. */
  readonly diversity: number;
  /** 1 - share of common items of two lists (inter-list or personal diversity; Zhou et al. 2010), on a sample of pairs. */
  readonly personalisation: number;
  /** Concentration of the recommendations over all items known: 0 all alike, 1 a single item. */
  readonly gini: number;
  /** Share of places that went to items outside the most viewed fifth (APLT; Abdollahpouri, Burke and Mobasher 2019). */
  readonly longTailShare: number;
}

/** How often each item was recommended, and some of the lists for what needs pairs. */
export class RecommendedItems {
  readonly counts = new Map<string, number>();
  places = 0;
  private readonly sample: (readonly string[])[] = [];
  private readonly sampleSize: number;
  private readonly uniform: Uniform;
  private lists = 0;

  /** @param sampleSize lists kept: a uniform sample of all (Vitter 1985, algorithm R). */
  constructor(sampleSize: number, uniform: Uniform) {
    this.sampleSize = sampleSize;
    this.uniform = uniform;
  }

  get sampled(): readonly (readonly string[])[] {
    return this.sample;
  }

  add(list: readonly string[]): void {
    for (const item of list) this.counts.set(item, (this.counts.get(item) ?? 0) + 1);
    this.places += list.length;
    this.lists += 1;
    if (this.sample.length < this.sampleSize) {
      this.sample.push(list);
      return;
    }
    const place = Math.floor(this.uniform() * this.lists);
    if (place < this.sampleSize) this.sample[place] = list;
  }
}

/**
 * @param known views of every item that could have been recommended.
 * @param similarity of two items, 0 … 1.
 */
export function listStatistics(recommended: RecommendedItems, known: ItemViews, similarity: (a: string, b: string) => number): ListStatistics {
  const { counts, places, sampled } = recommended;
  const tail = longTail(known);
  let bits = 0;
  let tailPlaces = 0;
  for (const [item, count] of counts) {
    // An item without a view (a test may bring one) is as new as one with a single view.
    bits += count * -Math.log2(Math.max(1, known.views.get(item) ?? 0) / known.total);
    if (tail.has(item)) tailPlaces += count;
  }
  const all = [...known.views.keys()].map((item) => counts.get(item) ?? 0);
  return {
    coverage: counts.size / known.views.size,
    novelty: bits / places,
    diversity: mean(sampled.filter((list) => list.length > 1).map((list) => 1 - meanSimilarity(list, similarity))),
    personalisation: mean(neighbouringPairs(sampled).map(([a, b]) => 1 - overlap(a, b))),
    gini: gini(all),
    longTailShare: tailPlaces / places,
  };
}

/**
 * Gini coefficient of non-negative values: Σ (2i - n - 1) x_i / (n Σ x_i), x ascending, i = 1 … n. 0 when all are equal,
 * (n - 1) / n when one has all; 0 without any.
 */
export function gini(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  let weighted = 0;
  let sum = 0;
  for (let at = 0; at < sorted.length; at++) {
    weighted += (2 * (at + 1) - sorted.length - 1) * sorted[at]!;
    sum += sorted[at]!;
  }
  return sum === 0 ? 0 : weighted / (sorted.length * sum);
}

/** Items outside the most viewed fifth; of equally viewed items those that came in first are counted to the fifth. */
export function longTail({ views }: ItemViews): Set<string> {
  const byViews = [...views].sort(([, a], [, b]) => b - a);
  return new Set(byViews.slice(Math.ceil(byViews.length / 5)).map(([item]) => item));
}

/**
 * Share of all places that the most recommended items have: point i is the share of the first i / points of the items
 * known. The curve of a model that favours few items rises steeply (a Lorenz curve, drawn from the top).
 */
export function concentrationCurve(counts: ReadonlyMap<string, number>, knownItems: number, points: number): number[] {
  const sorted = Float64Array.from(counts.values()).sort().reverse();
  let sum = 0;
  for (const count of sorted) sum += count;
  const curve = [0];
  let reached = 0;
  let at = 0;
  for (let point = 1; point <= points; point++) {
    for (const end = Math.min(sorted.length, Math.round((point / points) * knownItems)); at < end; at++) reached += sorted[at]!;
    curve.push(sum === 0 ? 0 : reached / sum);
  }
  return curve;
}

function meanSimilarity(list: readonly string[], similarity: (a: string, b: string) => number): number {
  let sum = 0;
  for (let a = 0; a < list.length; a++) for (let b = a + 1; b < list.length; b++) sum += similarity(list[a]!, list[b]!);
  return sum / ((list.length * (list.length - 1)) / 2);
}

function neighbouringPairs(lists: readonly (readonly string[])[]): (readonly [readonly string[], readonly string[]])[] {
  return lists.slice(1).map((list, at) => [lists[at]!, list] as const);
}

/** Common items over the places of the longer list. */
function overlap(a: readonly string[], b: readonly string[]): number {
  const items = new Set(a);
  return b.filter((item) => items.has(item)).length / Math.max(1, a.length, b.length);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}
