import {
  bootstrapMean,
  CASE_METRICS,
  type CaseMetric,
  comparePaired,
  concentrationCurve,
  type Estimate,
  ItemViews,
  LENGTH_BUCKETS,
  listStatistics,
  type ListStatistics,
  type PairedComparison,
  quantile,
  sumByCluster,
} from '@millrace/algorithms';
import { SeededRandom } from '@millrace/testkit/seeded-random';
import type { DataSet } from './data-set.ts';
import { learnedItems, type Mode, type ModelRun } from './run-model.ts';

export interface BucketSummary {
  readonly label: string;
  readonly cases: number;
  readonly hitRate: Estimate;
  readonly mrr: Estimate;
}

export interface ModelSummary {
  readonly name: string;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly cases: number;
  readonly metrics: Readonly<Record<CaseMetric, Estimate>>;
  readonly lists: ListStatistics;
  /** By views before the moment. */
  readonly byLength: readonly BucketSummary[];
  /** Hit rate in each tenth of the stream; empty when split. */
  readonly byTenth: readonly number[];
  readonly latencyUs: { readonly p50: number; readonly p99: number };
  readonly learnSeconds: number;
  /** Share of all places that the most recommended items have, at 0, 2, … 100 % of the items known. */
  readonly concentration: readonly number[];
}

/** `second` minus `first`. */
export interface ComparisonSummary extends PairedComparison {
  readonly first: string;
  readonly second: string;
  readonly metric: CaseMetric;
}

export interface Evaluation {
  readonly dataSet: string;
  readonly kind: DataSet['kind'];
  readonly mode: Mode;
  readonly protocol: readonly string[];
  readonly k: number;
  readonly seed: number;
  readonly items: number;
  readonly views: number;
  readonly models: readonly ModelSummary[];
  readonly comparisons: readonly ComparisonSummary[];
  /** What the training views themselves would give in place of a model's `concentration`. */
  readonly viewConcentration: readonly number[];
  readonly conditions: Readonly<Record<string, string | number>>;
}

const COMPARED: readonly CaseMetric[] = ['hitRate', 'mrr', 'ndcg'];
const CURVE_POINTS = 50;
/** @param known what could be recommended, with its views */
export function summarise(run: ModelRun, known: ItemViews, similarity: (a: string, b: string) => number, mode: Mode, rounds: number, seed: number): ModelSummary {
  const { name, settings, cases, recommended, latenciesUs, learnSeconds, tenths } = run;
  const estimate = (metric: CaseMetric, include?: (at: number) => boolean): Estimate => {
    const sums = sumByCluster(cases.values[metric], cases.clusters, include);
    return bootstrapMean(sums, rounds, uniformOf(seed, 'interval'));
  };
  const metrics = Object.fromEntries(CASE_METRICS.map((metric) => [metric, estimate(metric)])) as Record<CaseMetric, Estimate>;
  const byLength = LENGTH_BUCKETS.map(({ label, least, greatest }): BucketSummary => {
    const inside = (at: number): boolean => cases.lengths[at]! >= least && cases.lengths[at]! <= greatest;
    return { label, cases: cases.lengths.filter((_, at) => inside(at)).length, hitRate: estimate('hitRate', inside), mrr: estimate('mrr', inside) };
  }).filter((bucket) => bucket.cases > 0);
  return {
    name,
    settings,
    cases: cases.size,
    metrics,
    lists: listStatistics(recommended, known, similarity),
    byLength,
    byTenth: mode === 'streaming' ? tenths.map(({ hits, cases: count }) => (count === 0 ? 0 : hits / count)) : [],
    latencyUs: { p50: quantile(latenciesUs, 0.5), p99: quantile(latenciesUs, 0.99) },
    learnSeconds,
    concentration: concentrationCurve(recommended.counts, known.views.size, CURVE_POINTS),
  };
}

/** The first run against each of the others, on the same cases. */
export function compareRuns(runs: readonly ModelRun[], rounds: number, seed: number): ComparisonSummary[] {
  const [product, ...others] = runs;
  if (product === undefined) return [];
  return others.flatMap((other) =>
    COMPARED.map((metric) => {
      const { difference, pValue } = comparePaired(
        other.cases.values[metric],
        product.cases.values[metric],
        product.cases.clusters,
        rounds,
        uniformOf(seed, 'comparison'),
      );
      return { first: other.name, second: product.name, metric, difference, pValue };
    }),
  );
}

export function viewsOf(data: DataSet, mode: Mode): ItemViews {
  const views = new ItemViews();
  for (const item of learnedItems(data, mode)) views.add(item);
  return views;
}

export function viewConcentration(known: ItemViews): number[] {
  return concentrationCurve(known.views, known.views.size, CURVE_POINTS);
}

/** Cosine of two items by the visits or orders that they are in: |A ∩ B| / sqrt(|A| · |B|). */
export function visitSimilarity(data: DataSet): (a: string, b: string) => number {
  const groups = data.kind === 'orders' ? data.orders.slice(0, data.trainingOrders) : [...new Set(data.training)].map((number) => data.visits[number]!);
  const visits = new Map<string, number[]>();
  groups.forEach(({ items }, number) => {
    for (const item of new Set(items)) {
      const known = visits.get(item);
      if (known === undefined) visits.set(item, [number]);
      else known.push(number);
    }
  });
  const none: number[] = [];
  return (a, b) => {
    const first = visits.get(a) ?? none;
    const second = visits.get(b) ?? none;
    if (first.length === 0 || second.length === 0) return 0;
    // Both ascend, so one walk along them finds what is common.
    let common = 0;
    for (let i = 0, j = 0; i < first.length && j < second.length; ) {
      const difference = first[i]! - second[j]!;
      if (difference === 0) common += 1;
      if (difference <= 0) i += 1;
      if (difference >= 0) j += 1;
    }
    return common / Math.sqrt(first.length * second.length);
  };
}

function uniformOf(seed: number, purpose: string): () => number {
  const random = new SeededRandom(seed, purpose);
  return () => random.fraction();
}
