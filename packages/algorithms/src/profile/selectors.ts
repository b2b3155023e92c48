/** What others read from a profile. Nothing here changes it. */
import type { FoldParameters } from '../fold-parameters.ts';
import { DAY_MS, dayOf } from './fold-environment.ts';
import type { Profile, RecentItem } from './profile.ts';
import { TRAIL_VIEWS } from './profile.ts';

/** Recent items that a ranking starts from. */
export const RANKING_ITEMS = 10;

/** Distinct items viewed last, newest first, at most 10: x_0, x_1, … of the ranking. */
export function recentViewed(profile: Profile): string[] {
  const items: string[] = [];
  const count = Math.min(profile.recents.length, RANKING_ITEMS);
  for (let i = 0; i < count; i++) items.push(profile.recents[i]!.itemId);
  return items;
}

/** Raw views of the present session, refreshes included, newest first, at most 10: what the repeat prior looks at. */
export function rawTrail(profile: Profile): string[] {
  const items: string[] = [];
  for (const step of profile.trail) {
    for (let i = 0; i < step.views; i++) {
      items.push(step.item.itemId);
      if (items.length === TRAIL_VIEWS) return items;
    }
  }
  return items;
}

/** All remembered items (at most 20), newest first: what `discover` must not show. */
export function recentItems(profile: Profile): readonly RecentItem[] {
  return profile.recents;
}

/** When the profile is forgotten unless something happens before: event time, milliseconds. */
export function retentionDueMs(profile: Profile, parameters: FoldParameters): number {
  return profile.lastSeenMs + parameters.userRetentionDays * DAY_MS;
}

/** What the customer's orders brought after returns, minor units; `undefined` when there was no order. */
export function monetaryMinor(profile: Profile): number | undefined {
  if (profile.orders === undefined) return undefined;
  return Math.max(0, profile.orders.spendMinor - (profile.returns?.returnedMinor ?? 0));
}

/** The part of the spend that came back, 0 … 1; `undefined` when nothing was spent. */
export function returnShare(profile: Profile): number | undefined {
  if (profile.orders === undefined || profile.orders.spendMinor === 0) return undefined;
  return Math.min(1, (profile.returns?.returnedMinor ?? 0) / profile.orders.spendMinor);
}

/** Mean time on an item, milliseconds; `undefined` when no dwell was told. */
export function meanDwellMs(profile: Profile): number | undefined {
  return profile.dwells === 0 ? undefined : profile.dwellMs / profile.dwells;
}

/** The sufficient statistics of BG/NBD (Fader, Hardie and Lee 2005), in whole days; several orders of a day are one. */
export interface BgNbdStatistics {
  /** x: days with an order after the first. */
  readonly repeatOrderDays: number;
  /** t_x: days from the first to the last. */
  readonly lastOrderAgeDays: number;
  /** T: days from the first to now. */
  readonly customerAgeDays: number;
  /** Σ spend of all orders, minor units, before returns. */
  readonly spendMinor: number;
}

/** @param clockMs the shard's clock. */
export function bgNbdStatistics(profile: Profile, clockMs: number): BgNbdStatistics | undefined {
  const orders = profile.orders;
  if (orders === undefined) return undefined;
  const firstDay = dayOf(orders.firstMs);
  return {
    repeatOrderDays: orders.days - 1,
    lastOrderAgeDays: dayOf(orders.lastMs) - firstDay,
    customerAgeDays: Math.max(dayOf(clockMs), dayOf(orders.lastMs)) - firstDay,
    spendMinor: orders.spendMinor,
  };
}
