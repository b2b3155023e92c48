/** Three users of different age, with ids of 8 bytes: for the tests of size and for the bench. */
import type { OrderLine, UserEvent } from '@millrace/events/types';
import { click, FoldBench, line, order, START_MS } from './test-events.ts';
import { DAY_MS, HOUR_MS } from './fold-environment.ts';
import type { Profile } from './profile.ts';

function itemId(item: number): string {
  return `item${String(item).padStart(4, '0')}`;
}

function view(timeMs: number, item: number): UserEvent {
  return click('view', itemId(item), timeMs, {
    category: `catgry${10 + (item % 12)}`, brand: `brand-${10 + (item % 7)}`, priceMinor: 100 << (item % 8),
  });
}

function orderLine(item: number): OrderLine {
  return line(itemId(item), {
    category: `catgry${10 + (item % 12)}`, brand: `brand-${10 + (item % 7)}`, quantity: 2,
    unitPriceMinor: 100 << (item % 8), discountMinor: 25,
  });
}

/** One short visit: four views in one category. */
export function youngEvents(): UserEvent[] {
  return [0, 1, 2, 3].map((i) => click('view', itemId(i), START_MS + i * 45_000, { category: 'catgry10' }));
}

/** Four visits of six views, one order. */
export function typicalEvents(): UserEvent[] {
  const events: UserEvent[] = [];
  for (let visit = 0; visit < 4; visit++) {
    for (let i = 0; i < 6; i++) events.push(view(START_MS + visit * 3 * DAY_MS + i * 50_000, (visit * 5 + i) % 14));
  }
  events.push(order([orderLine(3), orderLine(4)], START_MS + 9 * DAY_MS + 400_000));
  return events;
}

/** A year of a regular: every bounded list is full, at every hour something happened, and 64 ids are a day old at most. */
export function fullEvents(): UserEvent[] {
  const events: UserEvent[] = [];
  for (let week = 0; week < 50; week++) {
    const at = START_MS + week * 7 * DAY_MS + ((week * 5) % 24) * HOUR_MS;
    for (let i = 0; i < 5; i++) events.push(view(at + i * 61_000, week * 3 + i));
    if (week % 4 === 0) {
      events.push(order([week, week + 1, week + 2].map(orderLine), at + 400_000, { coupon: 'SPRING' }));
    }
  }
  const lastDay = START_MS + 50 * 7 * DAY_MS;
  for (let visit = 0; visit < 4; visit++) {
    for (let i = 0; i < 17; i++) events.push(view(lastDay + visit * 3 * HOUR_MS + i * 75_000, visit * 9 + i));
  }
  return events;
}

export function foldedProfile(events: readonly UserEvent[]): Profile {
  return new FoldBench().foldAll(events).profile;
}
