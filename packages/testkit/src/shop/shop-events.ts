/**
 * The shop's year as the stream that its apps would have sent: UCI Online Retail as orders and returns, catalogue and
 * customers worked out from it, and around the orders the clicks that `click-simulator.ts` makes up.
 *
 * How the data's oddities are treated:
 *
 * - A line without a customer belongs to an anonymous visitor, one per invoice (`visitor-536414`).
 * - A cancellation (`C536379`) is a return, its quantities positive.
 * - An order of more than 1,000 lines, the most that the wire takes, is sent in parts (`573585`, `573585/2`). There is one.
 * - Left out, because no app would send them: three adjustments of bad debt (invoices `A…`) and 1,336 lines by which stock
 *   was written off (negative quantity, price 0, no cancellation). See {@link LEFT_OUT_LINES}.
 * - Everything else goes as it is, so that the pipeline's own cleaning is put to work: postage, fees and manual entries
 *   among the lines, prices of 0, quantities of 80,995.
 * - Times have no zone in the data; they are sent as UTC.
 */
import { MAX_ORDER_LINES } from '@millrace/events/limits';
import { BrowsingMemory } from './browsing.ts';
import { isArticle, shopItems, type ShopItem } from './catalogue.ts';
import { ClickSimulator, CLICK_HORIZON_MS, channelOf, type SimulatedClick } from './click-simulator.ts';
import { onlineRetailInvoices, onlineRetailRows, type RetailInvoice, type RetailRow } from './online-retail.ts';
import { SeededRandom } from '../seeded-random.ts';
import { TimeOrderedBuffer } from './time-ordered-buffer.ts';
import type { CatalogItemEvent, ClickstreamEvent, CustomerFactsEvent, PurchaseEvent, WireEvent } from './wire-event.ts';

/** An event of the shop. */
export type ShopEvent = WireEvent;

export interface ShopEventsOptions {
  /** Of the simulated clicks; the orders are the same for every seed. */
  readonly seed: number;
  /** Stop with the event that reaches this number, counted as in {@link ShopEvent.events}. Default: the whole year. */
  readonly maxEvents?: number | undefined;
  /** Begin with the first invoice of this day, counted from 0 = 2010-12-01. Its clicks begin up to a week before it. Default 0. */
  readonly fromDay?: number | undefined;
  /** False: orders and returns only, without simulated clicks. Default true. */
  readonly clicks?: boolean | undefined;
  /** Instead of the packed data, for tests. In the order of their times. */
  readonly rows?: (() => Iterable<RetailRow>) | undefined;
}

/** Lines of the data that do not enter the stream. */
export const LEFT_OUT_LINES = { badDebt: 3, stockWrittenOff: 1_336 } as const;

/** Midnight before the data's first invoice. */
export const SHOP_FIRST_DAY_MS = Date.UTC(2010, 11, 1);

const DAY_MS = 86_400_000;
const CURRENCY = 'GBP';

/**
 * The events in the order of their times, made while they are asked for: catalogue first, then customers (a week before
 * their first order), clicks, orders and returns. Held are the unpacked data (3 MB), the catalogue, and the clicks of
 * about a week.
 *
 * @throws RangeError when an option makes no sense.
 */
export function* shopEvents(options: ShopEventsOptions): Generator<ShopEvent, void, undefined> {
  const { seed, maxEvents = Number.POSITIVE_INFINITY, fromDay = 0, clicks = true, rows = onlineRetailRows } = options;
  if (!(maxEvents >= 0)) throw new RangeError(`maxEvents is ${maxEvents}; it must be 0 or more.`);
  if (!Number.isInteger(fromDay) || fromDay < 0) throw new RangeError(`fromDay is ${fromDay}; it must be a whole number, 0 or more.`);
  const startMs = SHOP_FIRST_DAY_MS + fromDay * DAY_MS;

  let left = maxEvents;
  for (const event of yearOfEvents(seed, startMs, clicks, rows)) {
    if (left <= 0) return;
    left -= event.events;
    yield event;
  }
}

function* yearOfEvents(
  seed: number, startMs: number, withClicks: boolean, rows: () => Iterable<RetailRow>,
): Generator<ShopEvent, void, undefined> {
  const items = shopItems(rows());
  const memory = new BrowsingMemory();
  const simulator = new ClickSimulator(seed, memory, (itemId) => items.get(itemId)?.name ?? itemId);
  const buffer = new TimeOrderedBuffer<ShopEvent>();
  const customersSeen = new Set<string>();

  yield* catalogEvents(items, startMs - CLICK_HORIZON_MS);
  for (const invoice of onlineRetailInvoices(rows())) {
    const bought = boughtArticles(invoice);
    if (invoice.timeMs >= startMs) {
      // Clicks reach back from their order, and no order before this one is still to come.
      yield* buffer.drainBefore(invoice.timeMs - CLICK_HORIZON_MS);
      const { customerId } = invoice;
      if (customerId !== undefined && !customersSeen.has(customerId)) {
        customersSeen.add(customerId);
        buffer.add(customerEvent(customerId, invoice));
      }
      addInvoice(invoice, bought, withClicks ? simulator : undefined, seed, items, buffer);
    }
    if (withClicks) memory.learn(bought);
  }
  yield* buffer.drain();
}

/** The distinct articles that an invoice really sold, in its order; none for a return. */
function boughtArticles(invoice: RetailInvoice): string[] {
  const bought = new Set<string>();
  if (!invoice.invoiceNo.startsWith('C')) {
    for (const row of invoice.rows) {
      if (row.quantity > 0 && row.unitPriceMilli > 0 && isArticle(row.stockCode)) bought.add(row.stockCode);
    }
  }
  return [...bought];
}

function addInvoice(
  invoice: RetailInvoice, bought: readonly string[], simulator: ClickSimulator | undefined, seed: number,
  items: ReadonlyMap<string, ShopItem>, buffer: TimeOrderedBuffer<ShopEvent>,
): void {
  const { invoiceNo, timeMs, customerId } = invoice;
  const user = customerId ?? `visitor-${invoiceNo}`;
  const known = customerId !== undefined;
  let channel = channelOf(user, new SeededRandom(seed, invoiceNo));
  if (simulator !== undefined && bought.length > 0) {
    const simulated = simulator.clicksFor({ invoiceNo, timeMs, user, known, itemIds: bought });
    channel = simulated.channel;
    for (const click of simulated.clicks) buffer.add(clickEvent(click, items));
  }
  for (const event of purchaseEvents(invoice, user, known, channel, items)) buffer.add(event);
}

function clickEvent(click: SimulatedClick, items: ReadonlyMap<string, ShopItem>): ClickstreamEvent {
  const item = click.itemId === undefined ? undefined : items.get(click.itemId);
  const price = poundsOf(item?.unitPriceMilli);
  return {
    topic: 'clickstream',
    key: click.user,
    timeMs: click.timeMs,
    events: 1,
    payload: {
      eventId: click.eventId,
      timeMs: click.timeMs,
      kind: click.kind,
      channel: click.channel,
      userId: click.known ? click.user : null,
      visitorId: click.known ? null : click.user,
      sessionId: click.sessionId,
      itemId: click.itemId ?? null,
      category: item?.category ?? null,
      price,
      currency: price === null ? null : CURRENCY,
      quantity: click.quantity ?? null,
      dwellMs: click.dwellMs ?? null,
      query: click.query ?? null,
      campaign: click.campaign ?? null,
    },
  };
}

/** The records of an invoice: one, several when it has more lines than a record takes, none when all are left out. */
function* purchaseEvents(
  invoice: RetailInvoice, user: string, known: boolean, channel: ClickstreamEvent['payload']['channel'],
  items: ReadonlyMap<string, ShopItem>,
): Generator<PurchaseEvent, void, undefined> {
  const { invoiceNo, timeMs, country } = invoice;
  if (invoiceNo.startsWith('A')) return;
  const returned = invoiceNo.startsWith('C');
  const sold = invoice.rows.filter((row) => returned || row.quantity > 0);
  for (let start = 0, part = 1; start < sold.length; start += MAX_ORDER_LINES, part += 1) {
    const orderId = part === 1 ? invoiceNo : `${invoiceNo}/${part}`;
    const lines = sold.slice(start, start + MAX_ORDER_LINES).map((row) => ({
      itemId: row.stockCode,
      category: items.get(row.stockCode)?.category ?? null,
      quantity: Math.abs(row.quantity),
      unitPrice: row.unitPriceMilli / 1_000,
    }));
    yield {
      topic: 'purchases',
      key: user,
      timeMs,
      events: lines.length,
      payload: {
        eventId: `o-${orderId}`,
        timeMs,
        kind: returned ? 'return' : 'order',
        orderId,
        userId: known ? user : null,
        visitorId: known ? null : user,
        channel,
        currency: CURRENCY,
        country,
        lines,
      },
    };
  }
}

/** A customer registers before the first click that can be theirs. */
function customerEvent(customerId: string, first: RetailInvoice): CustomerFactsEvent {
  const timeMs = first.timeMs - CLICK_HORIZON_MS;
  return {
    topic: 'customers',
    key: customerId,
    timeMs,
    events: 0,
    payload: {
      eventId: `customer-${customerId}`,
      timeMs,
      userId: customerId,
      attributes: first.country === 'Unspecified' ? {} : { region: first.country },
      consent: true,
    },
  };
}

function* catalogEvents(items: ReadonlyMap<string, ShopItem>, timeMs: number): Generator<CatalogItemEvent, void, undefined> {
  for (const { itemId, name, category, unitPriceMilli } of items.values()) {
    if (!isArticle(itemId)) continue;
    const price = poundsOf(unitPriceMilli);
    yield {
      topic: 'catalog',
      key: itemId,
      timeMs,
      events: 0,
      payload: {
        timeMs,
        itemId,
        name,
        categoryPath: [category],
          price,
        currency: price === null ? null : CURRENCY,
        available: true,
      },
    };
  }
}

function poundsOf(milli: number | undefined): number | null {
  return milli === undefined ? null : milli / 1_000;
}
