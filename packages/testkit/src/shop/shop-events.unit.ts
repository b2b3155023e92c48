import { describe, expect, test } from 'vitest';
import type { RetailRow } from './online-retail.ts';
import { LEFT_OUT_LINES, SHOP_FIRST_DAY_MS, shopEvents, type ShopEvent } from './shop-events.ts';
import type { ClickstreamEvent, PurchaseEvent } from './wire-event.ts';

const isClick = (event: ShopEvent): event is ClickstreamEvent => event.topic === 'clickstream';
const isPurchase = (event: ShopEvent): event is PurchaseEvent => event.topic === 'purchases';

/** A line of a small shop; `minute` counts from the data's first day. */
function row(invoiceNo: string, stockCode: string, change: Partial<RetailRow> & { minute?: number } = {}): RetailRow {
  const { minute = 600, ...rest } = change;
  return {
    invoiceNo, stockCode, description: `NAME ${stockCode}`, quantity: 2, timeMs: SHOP_FIRST_DAY_MS + minute * 60_000,
    unitPriceMilli: 2_550, customerId: '17850', country: 'United Kingdom', ...rest,
  };
}

const purchasesOf = (rows: readonly RetailRow[]): PurchaseEvent[] =>
  [...shopEvents({ seed: 1, clicks: false, rows: () => rows })].filter(isPurchase);

describe('the whole year', () => {
  const counts = { orderLines: 0, purchases: 0, clicks: 0, views: 0, catalog: 0, customers: 0, outOfOrder: 0, keyless: 0 };
  const ids = new Set<string>();
  let records = 0;
  let beforeMs = 0;
  const boughtAfterView = { yes: 0, no: 0 };
  const viewed = new Set<string>();
  const firstSeenBeforeRegistration: string[] = [];
  const registered = new Set<string>();
  for (const event of shopEvents({ seed: 1 })) {
    if (event.timeMs < beforeMs || event.timeMs !== event.payload.timeMs) counts.outOfOrder += 1;
    beforeMs = event.timeMs;
    if (event.topic === 'catalog') {
      counts.catalog += 1;
      continue;
    }
    records += 1;
    ids.add(event.payload.eventId);
    const owner = event.payload.userId ?? ('visitorId' in event.payload ? event.payload.visitorId : undefined);
    if (owner !== event.key) counts.keyless += 1;
    if (event.topic === 'customers') {
      counts.customers += 1;
      registered.add(event.key);
    } else if (event.payload.userId != null && !registered.has(event.key)) {
      firstSeenBeforeRegistration.push(event.key);
    }
    if (isClick(event)) {
      counts.clicks += 1;
      if (event.payload.kind === 'view') {
        counts.views += 1;
        viewed.add(`${event.key} ${event.payload.itemId}`);
      }
    }
    if (isPurchase(event)) {
      counts.purchases += 1;
      counts.orderLines += event.events;
      if (event.payload.kind === 'order') {
        for (const line of event.payload.lines) boughtAfterView[viewed.has(`${event.key} ${line.itemId}`) ? 'yes' : 'no'] += 1;
      }
    }
  }

  test('holds every line of the data but those that are said to be left out', () => {
    expect(counts.orderLines).toBe(541_909 - LEFT_OUT_LINES.badDebt - LEFT_OUT_LINES.stockWrittenOff);
    expect(counts.customers).toBe(4_372);
    expect(counts.catalog).toBe(4_053);
  });

  test('comes in the order of event time, keyed by who did it, every id once', () => {
    expect(counts.outOfOrder).toBe(0);
    expect(counts.keyless).toBe(0);
    expect(ids.size).toBe(records);
    expect(firstSeenBeforeRegistration).toEqual([]);
  });

  test('has about one view per order line, most of them of what is bought later', () => {
    expect(counts.views / counts.orderLines).toBeGreaterThan(0.9);
    expect(counts.views / counts.orderLines).toBeLessThan(1.1);
    expect(counts.clicks / (counts.clicks + counts.orderLines)).toBeGreaterThan(0.45);
    expect(counts.clicks / (counts.clicks + counts.orderLines)).toBeLessThan(0.6);
    expect(boughtAfterView.yes).toBeGreaterThan(boughtAfterView.no);
  });
});

describe('parts of the stream', () => {
  const first = (count: number, options: Parameters<typeof shopEvents>[0]): ShopEvent[] => {
    const taken: ShopEvent[] = [];
    for (const event of shopEvents(options)) {
      taken.push(event);
      if (taken.length === count) break;
    }
    return taken;
  };

  test('are the same for the same seed; another seed changes clicks and not orders', () => {
    const one = first(9_000, { seed: 5, fromDay: 100 });
    expect(first(9_000, { seed: 5, fromDay: 100 })).toEqual(one);
    const other = first(9_000, { seed: 6, fromDay: 100 });
    const orders = (events: readonly ShopEvent[]) => events.filter(isPurchase).map((event) => event.payload.lines);
    const shared = Math.min(orders(one).length, orders(other).length);
    expect(shared).toBeGreaterThan(5);
    expect(orders(other).slice(0, shared)).toEqual(orders(one).slice(0, shared));
    expect(other.filter(isClick)).not.toEqual(one.filter(isClick));
  });

  test('end with the event that reaches maxEvents', () => {
    const events = [...shopEvents({ seed: 1, maxEvents: 5_000 })];
    const total = events.reduce((sum, event) => sum + event.events, 0);
    expect(total).toBeGreaterThanOrEqual(5_000);
    expect(total - events.at(-1)!.events).toBeLessThan(5_000);
  });

  test('begin with the first order of fromDay, whose clicks are those of the whole year', () => {
    const later = [...shopEvents({ seed: 1, fromDay: 7, maxEvents: 4_000 })];
    const orders = later.filter(isPurchase);
    expect(orders[0]!.timeMs).toBeGreaterThanOrEqual(SHOP_FIRST_DAY_MS + 7 * 86_400_000);
    const invoice = orders.find((order) => order.payload.kind === 'order')!.payload.orderId;
    const clicksOf = (events: Iterable<ShopEvent>) =>
      [...events].filter(isClick).filter((event) => event.payload.sessionId?.startsWith(invoice));
    expect(clicksOf(later).length).toBeGreaterThan(0);
    expect(clicksOf(shopEvents({ seed: 1, maxEvents: 60_000 }))).toEqual(clicksOf(later));
  });

  test('refuse options that make no sense', () => {
    expect(() => shopEvents({ seed: 1, fromDay: -1 }).next()).toThrow(/fromDay is -1/);
    expect(() => shopEvents({ seed: 1, maxEvents: Number.NaN }).next()).toThrow(/maxEvents is NaN/);
  });
});

describe('the oddities of the data', () => {
  test('a line without a customer belongs to a visitor of its invoice', () => {
    const [order] = purchasesOf([row('536414', '22139', { customerId: undefined })]);
    expect(order).toMatchObject({ key: 'visitor-536414', payload: { userId: null, visitorId: 'visitor-536414' } });
  });

  test('a cancellation is a return with positive quantities', () => {
    const [back] = purchasesOf([row('C536379', '22139', { quantity: -3 })]);
    expect(back?.payload).toMatchObject({ kind: 'return', orderId: 'C536379', lines: [{ itemId: '22139', quantity: 3, unitPrice: 2.55 }] });
  });

  test('write-offs and bad debt are left out, everything else goes as it is', () => {
    const purchases = purchasesOf([
      row('A563185', 'B', { unitPriceMilli: 11_062_060 }),
      row('536589', '21777', { quantity: -10, unitPriceMilli: 0, customerId: undefined }),
      row('536600', 'POST', { unitPriceMilli: 18_000 }),
      row('536600', '21777', { unitPriceMilli: 0 }),
      row('536600', '23843', { quantity: 80_995 }),
    ]);
    expect(purchases).toHaveLength(1);
    expect(purchases[0]?.events).toBe(3);
    expect(purchases[0]?.payload.lines.map(({ itemId, quantity, unitPrice }) => [itemId, quantity, unitPrice])).toEqual([
      ['POST', 2, 18], ['21777', 2, 0], ['23843', 80_995, 2.55],
    ]);
  });

  test('an order of more than 1,000 lines is sent in parts', () => {
    const purchases = purchasesOf(Array.from({ length: 1_114 }, (_, index) => row('573585', `2${String(index).padStart(4, '0')}`)));
    expect(purchases.map((event) => [event.payload.orderId, event.events])).toEqual([['573585', 1_000], ['573585/2', 114]]);
  });

  test('a customer registers a week before the first order, with the country as region', () => {
    const events = [...shopEvents({ seed: 1, clicks: false, rows: () => [row('1'.repeat(6), '22139'), row('2'.repeat(6), '22139', { minute: 700 })] })];
    const customers = events.filter((event) => event.topic === 'customers');
    expect(customers).toHaveLength(1);
    expect(customers[0]).toMatchObject({
      key: '17850', timeMs: SHOP_FIRST_DAY_MS + 600 * 60_000 - 7 * 86_400_000, payload: { attributes: { region: 'United Kingdom' }, consent: true },
    });
  });
});
