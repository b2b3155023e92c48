/** Bounded lists of decayed interest, by category, brand and price band. */
import { decay } from '../pairs/decay.ts';
import type { Affinity, Profile } from './profile.ts';
import { addSaturating, BRAND_AFFINITIES, CATEGORY_AFFINITIES, PRICE_BAND_AFFINITIES } from './profile.ts';

/** `2^(-1/30) · 65536`, rounded: a day of a 30-day half-life. */
const INTEREST_DAY_NUMERATOR = 64_039;
/** `2^(-1/7) · 65536`, rounded: a day of a 7-day half-life. */
const INTENT_DAY_NUMERATOR = 59_358;

/** One unit of weight. Fine enough that rounding down every day costs a single view under a tenth in a month. */
export const AFFINITY_UNIT = 256;

/** What an event says of its item, beside the id. */
export interface ItemTraits {
  readonly category: string | undefined;
  readonly brand: string | undefined;
  readonly priceMinor: number | undefined;
}

const HIGHEST_PRICE_BAND = 53;

/** The number of binary digits of the price: band b ≥ 1 holds 2^(b-1) … 2^b - 1 minor units. */
export function priceBandOf(priceMinor: number): number {
  let band = 0;
  for (let rest = priceMinor; rest >= 1 && band < HIGHEST_PRICE_BAND; rest = Math.floor(rest / 2)) band++;
  return band;
}

/**
 * Adds weight to everything that the event says of its item.
 *
 * @param daysOld how many days the event lies behind the profile's active day: it counts as if it had come in time.
 */
export function raiseAffinities(profile: Profile, weight: number, daysOld: number, item: ItemTraits): void {
  const interest = decay(weight * AFFINITY_UNIT, daysOld, INTEREST_DAY_NUMERATOR);
  const intent = decay(weight * AFFINITY_UNIT, daysOld, INTENT_DAY_NUMERATOR);
  if (interest === 0) return;
  if (item.category !== undefined) raise(profile.categories, item.category, CATEGORY_AFFINITIES, interest, intent);
  if (item.brand !== undefined) raise(profile.brands, item.brand, BRAND_AFFINITIES, interest, intent);
  if (item.priceMinor !== undefined) {
    raise(profile.priceBands, priceBandOf(item.priceMinor), PRICE_BAND_AFFINITIES, interest, intent);
  }
}

/** Takes weight away again, never below zero. */
export function lowerAffinities(profile: Profile, weight: number, item: ItemTraits): void {
  const amount = weight * AFFINITY_UNIT;
  if (item.category !== undefined) lower(profile.categories, item.category, amount);
  if (item.brand !== undefined) lower(profile.brands, item.brand, amount);
  if (item.priceMinor !== undefined) lower(profile.priceBands, priceBandOf(item.priceMinor), amount);
}

/** Carries all affinities over `days` day boundaries. */
export function ageAffinities(profile: Profile, days: number): void {
  age(profile.categories, days);
  age(profile.brands, days);
  age(profile.priceBands, days);
}

function indexOfKey<K extends string | number>(list: readonly Affinity<K>[], key: K): number {
  for (let i = 0; i < list.length; i++) if (list[i]!.key === key) return i;
  return -1;
}

/**
 * A newcomer to a full list takes the place of the weakest (the last of equals) with its own weight alone: an inherited
 * weight would make the newest thing the strongest.
 */
function raise<K extends string | number>(
  list: Affinity<K>[],
  key: K,
  limit: number,
  interest: number,
  intent: number,
): void {
  const found = indexOfKey(list, key);
  if (found >= 0) {
    const entry = list[found]!;
    entry.interest = addSaturating(entry.interest, interest);
    entry.intent = addSaturating(entry.intent, intent);
    return;
  }
  const newcomer: Affinity<K> = { key, interest, intent };
  if (list.length < limit) {
    list.push(newcomer);
    return;
  }
  let weakest = 0;
  for (let i = 1; i < list.length; i++) if (list[i]!.interest <= list[weakest]!.interest) weakest = i;
  list[weakest] = newcomer;
}

function lower<K extends string | number>(list: Affinity<K>[], key: K, amount: number): void {
  const found = indexOfKey(list, key);
  if (found < 0) return;
  const entry = list[found]!;
  entry.interest = Math.max(0, entry.interest - amount);
  entry.intent = Math.max(0, entry.intent - amount);
  if (entry.interest === 0) list.splice(found, 1);
}

function age<K extends string | number>(list: Affinity<K>[], days: number): void {
  let kept = 0;
  for (const entry of list) {
    entry.interest = decay(entry.interest, days, INTEREST_DAY_NUMERATOR);
    entry.intent = decay(entry.intent, days, INTENT_DAY_NUMERATOR);
    if (entry.interest > 0) list[kept++] = entry;
  }
  list.length = kept;
}
