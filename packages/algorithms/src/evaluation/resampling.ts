/**
 * How sure a mean is. Cases of one visit resemble each other, so whole visits (clusters) are drawn, never single cases:
 * drawing cases would give intervals that are too narrow.
 */

/** A source of numbers from 0 up to, not including, 1; seeded, so that a report can be made again to the digit. */
export type Uniform = () => number;

/** A mean with the ends of its 95 % interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface PairedComparison {
  /** Mean of the second minus mean of the first, with its bootstrap interval. */
  readonly difference: Estimate;
  /** Two-sided: how often chance alone makes a difference at least as large. */
  readonly pValue: number;
}

/** Sums of the values by cluster, and how many each has. */
export interface ClusterSums {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

/**
 * With more clusters than this they are put together in turn: the interval of a mean over thousands of groups is the same
 * but for its last digit, and a round of resampling costs no more however long the stream.
 */
export const MOST_CLUSTERS = 5_000;

/** Adds values up by the cluster of each; clusters are numbered anew, in the order in which they are met. */
export function sumByCluster(values: readonly number[], clusters: readonly number[], include: (at: number) => boolean = () => true): ClusterSums {
  const numbers = new Map<number, number>();
  const sums: number[] = [];
  const counts: number[] = [];
  for (let at = 0; at < values.length; at++) {
    if (!include(at)) continue;
    let number = numbers.get(clusters[at]!);
    if (number === undefined) {
      number = numbers.size % MOST_CLUSTERS;
      numbers.set(clusters[at]!, number);
      if (number === sums.length) {
        sums.push(0);
        counts.push(0);
      }
    }
    sums[number]! += values[at]!;
    counts[number]! += 1;
  }
  return { sums: Float64Array.from(sums), counts: Float64Array.from(counts) };
}

/**
 * The mean with its percentile bootstrap interval (Efron and Tibshirani 1993, §13.3), clusters drawn with replacement.
 * Without any values all three are NaN.
 *
 * @param rounds resamples; 1,000 settle the second digit of an interval.
 */
export function bootstrapMean({ sums, counts }: ClusterSums, rounds: number, uniform: Uniform): Estimate {
  const clusters = sums.length;
  const mean = total(sums) / total(counts);
  if (clusters === 0) return { mean, low: Number.NaN, high: Number.NaN };
  const means = new Float64Array(rounds);
  for (let round = 0; round < rounds; round++) {
    let sum = 0;
    let count = 0;
    for (let draw = 0; draw < clusters; draw++) {
      const drawn = Math.floor(uniform() * clusters);
      sum += sums[drawn]!;
      count += counts[drawn]!;
    }
    means[round] = sum / count;
  }
  means.sort();
  return { mean, low: quantile(means, 0.025), high: quantile(means, 0.975) };
}

/**
 * Compares two models on the same cases. The interval is the bootstrap of the paired differences; the p-value is that of
 * the sign-flip permutation test (Smucker, Allan and Carterette 2007): if the models were the same, the sign of each
 * visit's difference would be a coin toss. (1 + extremes) / (1 + rounds), so it is never 0.
 */
export function comparePaired(
  first: readonly number[],
  second: readonly number[],
  clusters: readonly number[],
  rounds: number,
  uniform: Uniform,
): PairedComparison {
  if (first.length !== second.length) throw new RangeError(`A paired comparison of ${first.length} and ${second.length} cases: both models must be tested on the same.`);
  const differences = second.map((value, at) => value - first[at]!);
  const clustered = sumByCluster(differences, clusters);
  const { sums } = clustered;
  const observed = Math.abs(total(sums));
  // Sums in another order differ in their last bits; equal ones must count as equal.
  const threshold = observed - 1e-9 * Math.max(1, observed);
  let extremes = 0;
  for (let round = 0; round < rounds; round++) {
    let flipped = 0;
    for (const sum of sums) flipped += uniform() < 0.5 ? sum : -sum;
    if (Math.abs(flipped) >= threshold) extremes += 1;
  }
  return { difference: bootstrapMean(clustered, rounds, uniform), pValue: (1 + extremes) / (1 + rounds) };
}

function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** The value below which `share` of the sorted values lie, interpolated (Hyndman and Fan 1996, type 7). */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
