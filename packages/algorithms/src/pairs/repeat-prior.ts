/**
 * How often the item k raw views back comes again: R[k] = repeats[k-1] / totals[k-1], k = 1 … 10 (algorithms.md §1).
 * Learned online by each user shard for itself and part of its state. Counts are raw views, refreshes included.
 */
export interface RepeatPrior {
  readonly repeats: number[];
  readonly totals: number[];
}

export const REPEAT_WINDOW = 10;

export function emptyRepeatPrior(): RepeatPrior {
  return { repeats: new Array<number>(REPEAT_WINDOW).fill(0), totals: new Array<number>(REPEAT_WINDOW).fill(0) };
}

/**
 * Learns from one view.
 *
 * @param before raw views before it in the session, newest first, at most 10.
 */
export function learnRepeat(prior: RepeatPrior, item: string, before: readonly string[]): void {
  const depth = Math.min(before.length, REPEAT_WINDOW);
  for (let k = 0; k < depth; k++) {
    prior.totals[k]! += 1;
    if (before[k] === item) prior.repeats[k]! += 1;
  }
}

/** R[k] for k = 1 … 10; 0 where nothing was seen yet. */
export function repeatWeight(prior: RepeatPrior, k: number): number {
  const total = prior.totals[k - 1]!;
  return total === 0 ? 0 : prior.repeats[k - 1]! / total;
}
