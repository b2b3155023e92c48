import type { ArticleCodes } from './article-codes.ts';
import { ruleForCode } from './article-codes.ts';
import type { RecordContext } from './checks.ts';
import {
  checkCurrency,
  checkId,
  checkKey,
  checkOptionalId,
  checkText,
  checkTime,
  checkUser,
  checkWhole,
  Refusal,
  toMinor,
} from './checks.ts';
import { MAX_AMOUNT_UNITS, MAX_ORDER_LINES, MAX_QUANTITY_PIECES } from './limits.ts';
import type { CleaningRule, OnNote } from './notes.ts';
import { readChannel } from './read-click.ts';
import type { OrderEvent, OrderLine } from './types.ts';
import type { WireOrder, WireOrderLine } from './wire.ts';

/** Checks, cleans and normalises one record of `purchases`. An order can lose all its lines to cleaning. @throws Refusal */
export function readOrder(wire: WireOrder, context: RecordContext, codes: ArticleCodes): OrderEvent {
  const kind = wire.kind ?? 'order';
  if (kind === 'unknown') throw new Refusal('schema-violation', 'kind: not known to this version');
  const userId = checkOptionalId(wire.userId, 'userId');
  const visitorId = checkOptionalId(wire.visitorId, 'visitorId');
  const user = checkUser(userId, visitorId);
  const base = {
    type: kind,
    eventId: checkId(wire.eventId, 'eventId'),
    timeMs: checkTime(wire.timeMs, context),
    user,
    known: userId !== undefined,
    orderId: checkId(wire.orderId, 'orderId'),
    channel: readChannel(wire.channel, context.note),
    currency: checkCurrency(wire.currency),
    country: checkText(wire.country, context.note),
    coupon: checkText(wire.coupon, context.note),
    visitorId,
  };
  checkKey(user, context);
  return { ...base, ...readLines(wire.lines, context.note, codes) };
}

function readLines(
  wire: readonly WireOrderLine[],
  note: OnNote,
  codes: ArticleCodes,
): Pick<OrderEvent, 'lines' | 'cleaned'> {
  if (wire.length === 0) throw new Refusal('schema-violation', 'lines: empty');
  if (wire.length > MAX_ORDER_LINES) throw new Refusal('too-many-lines', `lines: over ${MAX_ORDER_LINES}`);
  const lines: OrderLine[] = [];
  let cleaned: Partial<Record<CleaningRule, number>> | undefined;
  for (const wireLine of wire) {
    const line = readLine(wireLine, note, codes);
    if (typeof line === 'string') {
      note(`line-${line}`);
      cleaned ??= {};
      cleaned[line] = (cleaned[line] ?? 0) + 1;
    } else {
      lines.push(line);
    }
  }
  return { lines, cleaned: cleaned as Record<string, number> | undefined };
}

/** A line, or the rule by which it is taken out. */
function readLine(wire: WireOrderLine, note: OnNote, codes: ArticleCodes): OrderLine | CleaningRule {
  const itemId = checkId(wire.itemId, 'lines.itemId');
  // A code without an article comes first: fees and corrections carry amounts that no article could.
  const rule = ruleForCode(codes, itemId);
  if (rule !== undefined) return rule;
  if (wire.unitPrice === null || wire.unitPrice === undefined) return 'no-price';
  const unitPriceMinor = toMinor(wire.unitPrice, 'lines.unitPrice');
  // Stock corrections without a price come with any quantity, so this too comes before looking at it.
  if (unitPriceMinor === 0) return 'no-price';
  if (wire.quantity === 0) return 'no-quantity';
  const quantity = checkWhole(wire.quantity, 'lines.quantity', 1, MAX_QUANTITY_PIECES);
  const amountMinor = quantity * unitPriceMinor;
  if (amountMinor > MAX_AMOUNT_UNITS * 100) {
    throw new Refusal('value-out-of-range', `lines: an amount over ${MAX_AMOUNT_UNITS}`);
  }
  return {
    itemId,
    category: checkOptionalId(wire.category, 'lines.category'),
    brand: checkOptionalId(wire.brand, 'lines.brand'),
    quantity,
    unitPriceMinor,
    discountMinor: readDiscount(wire.discount, amountMinor, note),
  };
}

function readDiscount(discount: number | undefined, amountMinor: number, note: OnNote): number {
  if (discount === undefined) return 0;
  const discountMinor = toMinor(discount, 'lines.discount');
  if (discountMinor <= amountMinor) return discountMinor;
  note('discount-capped');
  return amountMinor;
}
