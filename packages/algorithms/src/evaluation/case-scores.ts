/**
 * How good one list of k places was, by what came afterwards. The case: a visit up to a moment, the item viewed next, and
 * the distinct items of the rest of the visit (the next one among them). In orders both are the one item that was hidden.
 */

export const CASE_METRICS = ['hitRate', 'mrr', 'ndcg', 'precision', 'recall', 'f1', 'map'] as const;
export type CaseMetric = (typeof CASE_METRICS)[number];

export type CaseScores = Readonly<Record<CaseMetric, number>>;

/**
 * Scores of one list; their means over the cases are HR@k, MRR@k and so on.
 *
 * - `hitRate`: 1 when the next item is in the list; `mrr`: 1 / its place (Voorhees 1999), 0 when it is not there.
 * - Against all of the rest R, with hits h: `precision` h / k (k, also for a shorter list), `recall` h / |R|,
 *   `f1` 2pr / (p + r) (van Rijsbergen 1979), `map` Σ precision at each hit / min(|R|, k) (Manning et al. 2008, §8.4, cut
 *   at k), `ndcg` Σ 1 / log2(place + 1) over the hits / the same for a list with all of R in front (Järvelin and
 *   Kekäläinen 2002, binary gain).
 *
 * @param list best first; only the first `k` places count; no item twice.
 * @param rest must contain `next`.
 */
export function scoreCase(list: readonly string[], next: string, rest: ReadonlySet<string>, k: number): CaseScores {
  const places = Math.min(list.length, k);
  let nextPlace = 0;
  let hits = 0;
  let gain = 0;
  let precisions = 0;
  for (let place = 1; place <= places; place++) {
    const item = list[place - 1]!;
    if (item === next) nextPlace = place;
    if (!rest.has(item)) continue;
    hits += 1;
    gain += 1 / Math.log2(place + 1);
    precisions += hits / place;
  }
  const ideal = Math.min(rest.size, k);
  let idealGain = 0;
  for (let place = 1; place <= ideal; place++) idealGain += 1 / Math.log2(place + 1);
  const precision = hits / k;
  const recall = hits / rest.size;
  return {
    hitRate: nextPlace > 0 ? 1 : 0,
    mrr: nextPlace > 0 ? 1 / nextPlace : 0,
    ndcg: gain / idealGain,
    precision,
    recall,
    f1: hits === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    map: precisions / ideal,
  };
}

/** All cases of one model, in the order in which they were met; that order is the same for every model of a run. */
export class CaseTable {
  /** The visit (or order) of each case: cases of one visit are alike and are drawn together. */
  readonly clusters: number[] = [];
  /** Views before the moment. */
  readonly lengths: number[] = [];
  readonly values: Readonly<Record<CaseMetric, number[]>> = { hitRate: [], mrr: [], ndcg: [], precision: [], recall: [], f1: [], map: [] };

  get size(): number {
    return this.clusters.length;
  }

  add(cluster: number, length: number, scores: CaseScores): void {
    this.clusters.push(cluster);
    this.lengths.push(length);
    for (const metric of CASE_METRICS) this.values[metric].push(scores[metric]);
  }
}

/** A range of views before the moment, both ends included. */
export interface LengthBucket {
  readonly label: string;
  readonly least: number;
  readonly greatest: number;
}

export const LENGTH_BUCKETS: readonly LengthBucket[] = [
  { label: '1', least: 1, greatest: 1 },
  { label: '2', least: 2, greatest: 2 },
  { label: '3', least: 3, greatest: 3 },
  { label: '4–5', least: 4, greatest: 5 },
  { label: '6–10', least: 6, greatest: 10 },
  { label: '11+', least: 11, greatest: Infinity },
];
