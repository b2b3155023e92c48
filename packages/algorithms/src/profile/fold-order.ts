import type { OrderEvent } from '@millrace/events/types';
import { activeDay } from './activity.ts';
import { raiseAffinities } from './affinity.ts';
import { raiseDayWeight } from './day-weight.ts';
import { PURCHASE_WEIGHT } from './fold-click.ts';
import type { FoldEnvironment } from './fold-environment.ts';
import { dayOf } from './fold-environment.ts';
import type { NoteSet } from './fold-result.ts';
import { NO_NOTES, noteBit } from './fold-result.ts';
import type { OrderStatistics, Profile } from './profile.ts';
import { addSaturating, ORDER_GAPS_KEPT } from './profile.ts';
import { extendSession, findRecent } from './session.ts';

/** An order's distinct items that count towards `bb`; more would cost the square of their number. */
export const BASKET_ITEMS = 32;

const BASKET_CAP = noteBit('basket-cap');

/**
 * Folds an order of at least one line.
 *
 * @param withEvidence false for bots and for what is too late.
 * @returns what to remark.
 */
export function foldOrder(profile: Profile, event: OrderEvent, env: FoldEnvironment, withEvidence: boolean): NoteSet {
  extendSession(profile, event.timeMs, env.parameters);
  const bought = distinctItems(event);
  const capped = bought.length > BASKET_ITEMS;
  if (withEvidence) {
    const day = dayOf(event.timeMs);
    env.evidence.bought(day, viewedBefore(profile, event.timeMs, env.parameters.boughtWindowMs), bought);
    env.evidence.basket(day, capped ? bought.slice(0, BASKET_ITEMS) : bought);
  }
  countOrder(profile, event);
  weighLines(profile, event);
  return capped ? BASKET_CAP : NO_NOTES;
}

/** A return takes back money, never pairs or interest. */
export function foldReturn(profile: Profile, event: OrderEvent): void {
  profile.returns ??= { count: 0, returnedMinor: 0 };
  profile.returns.count += 1;
  for (const line of event.lines) {
    profile.returns.returnedMinor = addSaturating(profile.returns.returnedMinor, lineMinor(line));
  }
}

function lineMinor(line: OrderEvent['lines'][number]): number {
  return Math.max(0, addSaturating(line.quantity * line.unitPriceMinor, 0) - line.discountMinor);
}

function distinctItems(event: OrderEvent): string[] {
  const items = new Set<string>();
  for (const line of event.lines) items.add(line.itemId);
  return [...items];
}

/** Items whose last view lies in the window before the order, newest first. A view after the order led to nothing yet. */
function viewedBefore(profile: Profile, timeMs: number, windowMs: number): string[] {
  const items: string[] = [];
  for (const recent of profile.recents) {
    const ageMs = timeMs - recent.viewedAtSec * 1000;
    if (ageMs >= 0 && ageMs <= windowMs) items.push(recent.itemId);
  }
  return items;
}

function countOrder(profile: Profile, event: OrderEvent): void {
  profile.orders ??= {
    count: 0,
    days: 0,
    firstMs: event.timeMs,
    lastMs: event.timeMs,
    spendMinor: 0,
    items: 0,
    discountMinor: 0,
    discounted: 0,
    coupons: 0,
    gaps: { count: 0, sumDays: 0, sumSquaredDays: 0, lastDays: [] },
  };
  const orders = profile.orders;
  countOrderDay(orders, event.timeMs);
  orders.count += 1;
  let discount = 0;
  for (const line of event.lines) {
    orders.spendMinor = addSaturating(orders.spendMinor, lineMinor(line));
    orders.items = addSaturating(orders.items, line.quantity);
    discount = addSaturating(discount, line.discountMinor);
  }
  orders.discountMinor = addSaturating(orders.discountMinor, discount);
  if (discount > 0) orders.discounted += 1;
  if (event.coupon !== undefined) orders.coupons += 1;
}

/**
 * Moves the first and the last time, and takes the gap between days when the last one moves. An order that comes late
 * from before the first day makes a day more and no gap; one in between makes neither, because its day may be known.
 */
function countOrderDay(orders: OrderStatistics, timeMs: number): void {
  const day = dayOf(timeMs);
  const gapDays = day - dayOf(orders.lastMs);
  if (orders.count === 0 || day < dayOf(orders.firstMs)) {
    orders.days += 1;
  } else if (gapDays > 0) {
    orders.days += 1;
    const gaps = orders.gaps;
    gaps.count += 1;
    gaps.sumDays += gapDays;
    gaps.sumSquaredDays = addSaturating(gaps.sumSquaredDays, gapDays * gapDays);
    if (gaps.lastDays.length >= ORDER_GAPS_KEPT) gaps.lastDays.shift();
    gaps.lastDays.push(gapDays);
  }
  orders.firstMs = Math.min(orders.firstMs, timeMs);
  orders.lastMs = Math.max(orders.lastMs, timeMs);
}

function weighLines(profile: Profile, event: OrderEvent): void {
  const daysOld = activeDay(profile) - dayOf(event.timeMs);
  for (const line of event.lines) {
    const recent = findRecent(profile, line.itemId);
    if (recent !== undefined) {
      recent.purchased = true;
      recent.carted = false;
    }
    const increase = raiseDayWeight(profile, line.itemId, PURCHASE_WEIGHT);
    if (increase === 0) continue;
    raiseAffinities(profile, increase, daysOld, {
      category: line.category,
      brand: line.brand,
      priceMinor: line.unitPriceMinor,
    });
  }
}
