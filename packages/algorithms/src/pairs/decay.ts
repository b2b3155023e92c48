import type { FoldParameters } from '../fold-parameters.ts';

/** One event counts 5040, the least number divisible by 1 … 10, so that every distance's share is whole. */
export const UNIT = 5040;

/** 65536 · 2^(-1/3): a day's decay of the trending counter, a half-life of three days. */
export const TRENDING_DECAY_NUMERATOR = 52_016;

/** The decay part of the fold parameters. */
export type PairDecay = Pick<FoldParameters, 'pairDecayNumerator' | 'pairDecayEveryDays'>;

/** How many decay boundaries lie after day `from` up to and including the start of day `to`; 0 when `to` is not later. */
export function decaysBetween(from: number, to: number, everyDays: number): number {
  return to <= from ? 0 : Math.floor(to / everyDays) - Math.floor(from / everyDays);
}

/** floor(value · numerator / 65536), `times` over, exact for every whole value up to 2^53. */
export function decay(value: number, times: number, numerator: number): number {
  let left = value;
  for (let step = 0; step < times && left > 0; step++) {
    // The product of a large count and the numerator would lose bits; the two halves do not.
    const high = Math.floor(left / 65_536);
    left = high * numerator + Math.floor(((left - high * 65_536) * numerator) / 65_536);
  }
  return left;
}

/** A total in units and the day at which it stands. */
export interface DatedTotal {
  readonly day: number;
  readonly value: number;
}

/** The value of a total at `day`; a day before its own leaves it as it is. */
export function totalAt(total: DatedTotal, day: number, parameters: PairDecay): number {
  return decay(total.value, decaysBetween(total.day, day, parameters.pairDecayEveryDays), parameters.pairDecayNumerator);
}

/**
 * Adds `value` of day `day`. The total's day only moves forward: what is older is added aged, as in an item's row.
 * `undefined` is a total that nothing was added to yet.
 */
export function addToTotal(total: DatedTotal | undefined, day: number, value: number, parameters: PairDecay): DatedTotal {
  if (total === undefined) return { day, value };
  if (day >= total.day) return { day, value: totalAt(total, day, parameters) + value };
  return { day: total.day, value: total.value + totalAt({ day, value }, total.day, parameters) };
}
