/** Habits: the hour of the day, and the time from order to order. */
import { DAY_MS } from './fold-environment.ts';
import type { OrderGaps, Profile } from './profile.ts';

const USUAL_HOUR_MIN_COUNT = 8;
const USUAL_HOUR_MIN_RESULTANT = 0.5;
const PERIODIC_MIN_GAPS = 3;
const PERIODIC_MAX_VARIATION = 0.35;

const SIN_15 = 0.25881904510252074;
const SIN_45 = 0.7071067811865476;
const SIN_60 = 0.8660254037844386;
const SIN_75 = 0.9659258262890683;
/** sin(2π h / 24) for h = 0 … 23; a table, because ECMAScript does not promise the same `Math.sin` everywhere. */
const SINES: readonly number[] = [
  0, SIN_15, 0.5, SIN_45, SIN_60, SIN_75, 1, SIN_75, SIN_60, SIN_45, 0.5, SIN_15,
  0, -SIN_15, -0.5, -SIN_45, -SIN_60, -SIN_75, -1, -SIN_75, -SIN_60, -SIN_45, -0.5, -SIN_15,
];
const HOURS = SINES.length;

/** cos is sin a quarter of a day later. */
function cosine(hour: number): number {
  return SINES[(hour + HOURS / 4) % HOURS]!;
}

export interface UsualHour {
  /** The full hour (UTC, 0 … 23) nearest to the circular mean. */
  readonly hour: number;
  /** Length of the mean vector, 0 (no habit) … 1 (always the same hour). */
  readonly resultant: number;
  /** Active hours behind it. */
  readonly count: number;
}

/** The user's usual hour by the circular mean; `undefined` below 8 active hours or with a resultant up to .5. */
export function usualHour(profile: Profile): UsualHour | undefined {
  let count = 0;
  let east = 0;
  let north = 0;
  for (let hour = 0; hour < profile.hourCounts.length; hour++) {
    const times = profile.hourCounts[hour]!;
    count += times;
    east += times * cosine(hour);
    north += times * SINES[hour]!;
  }
  if (count < USUAL_HOUR_MIN_COUNT) return undefined;
  const resultant = Math.sqrt(east * east + north * north) / count;
  if (resultant <= USUAL_HOUR_MIN_RESULTANT) return undefined;
  let nearest = 0;
  let greatest = -Infinity;
  for (let hour = 0; hour < HOURS; hour++) {
    // The hour whose direction agrees most with the mean vector is the one at the smallest angle to it.
    const agreement = east * cosine(hour) + north * SINES[hour]!;
    if (agreement > greatest) {
      greatest = agreement;
      nearest = hour;
    }
  }
  return { hour: nearest, resultant, count };
}

export interface Periodicity {
  readonly medianGapDays: number;
  /** Standard deviation over mean of all gaps. */
  readonly variation: number;
  /** Last order plus the median gap, event time in milliseconds. */
  readonly nextPurchaseMs: number;
}

/** A periodic buyer's next purchase; `undefined` below 3 gaps or with a coefficient of variation above .35. */
export function periodicity(profile: Profile): Periodicity | undefined {
  const orders = profile.orders;
  if (orders === undefined || orders.gaps.count < PERIODIC_MIN_GAPS) return undefined;
  const gaps = orders.gaps;
  const mean = gaps.sumDays / gaps.count;
  // Rounding can take the variance of equal gaps a little below zero.
  const variance = Math.max(0, gaps.sumSquaredDays / gaps.count - mean * mean);
  const variation = Math.sqrt(variance) / mean;
  if (variation > PERIODIC_MAX_VARIATION) return undefined;
  const medianGapDays = medianOfLast(gaps);
  return { medianGapDays, variation, nextPurchaseMs: orders.lastMs + medianGapDays * DAY_MS };
}

function medianOfLast(gaps: OrderGaps): number {
  const sorted = [...gaps.lastDays].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
