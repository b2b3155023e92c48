import type { RecordContext } from './checks.ts';
import {
  checkId,
  checkKey,
  checkOptionalId,
  checkPrice,
  checkText,
  checkTime,
  checkUser,
  checkWhole,
  Refusal,
} from './checks.ts';
import { MAX_DWELL_MS, MAX_QUANTITY_PIECES } from './limits.ts';
import type { OnNote } from './notes.ts';
import type { Channel, ClickEvent } from './types.ts';
import type { WireClick } from './wire.ts';

/** Checks and normalises one record of `clickstream`. @throws Refusal */
export function readClick(wire: WireClick, context: RecordContext): ClickEvent {
  const { kind } = wire;
  if (kind === 'unknown') throw new Refusal('schema-violation', 'kind: not known to this version');
  const userId = checkOptionalId(wire.userId, 'userId');
  const visitorId = checkOptionalId(wire.visitorId, 'visitorId');
  const user = checkUser(userId, visitorId);
  const itemId = checkOptionalId(wire.itemId, 'itemId');
  if (itemId === undefined && kind !== 'search' && kind !== 'impression') {
    throw new Refusal('schema-violation', `itemId: missing, and needed for ${kind}`);
  }
  const event: ClickEvent = {
    type: 'click',
    kind,
    eventId: checkId(wire.eventId, 'eventId'),
    timeMs: checkTime(wire.timeMs, context),
    user,
    known: userId !== undefined,
    channel: readChannel(wire.channel, context.note),
    visitorId,
    sessionId: checkOptionalId(wire.sessionId, 'sessionId'),
    itemId,
    category: checkOptionalId(wire.category, 'category'),
    brand: checkOptionalId(wire.brand, 'brand'),
    priceMinor: readShownPrice(wire.price, context.note),
    quantity: readQuantity(wire.quantity),
    dwellMs: readDwell(wire.dwellMs, context.note),
    query: checkText(wire.query, context.note),
    placement: checkOptionalId(wire.placement, 'placement'),
    recommendationId: checkOptionalId(wire.recommendationId, 'recommendationId'),
    referrer: checkText(wire.referrer, context.note),
    campaign: checkText(wire.campaign, context.note),
  };
  checkKey(user, context);
  return event;
}

/** A channel that this version does not know counts as web: nothing that is folded depends on it. */
export function readChannel(channel: Channel | 'unknown' | undefined, note: OnNote): Channel {
  if (channel !== undefined && channel !== 'unknown') return channel;
  if (channel === 'unknown') note('channel-unknown');
  return 'web';
}

/** A price that is only shown beside an item: 0 is as good as none. */
export function readShownPrice(price: number | null | undefined, note: OnNote): number | undefined {
  if (price === 0) note('price-zero');
  return checkPrice(price, 'price');
}

function readQuantity(quantity: number | null | undefined): number | undefined {
  if (quantity === null || quantity === undefined || quantity === 0) return undefined;
  return checkWhole(quantity, 'quantity', 1, MAX_QUANTITY_PIECES);
}

function readDwell(dwellMs: number | null | undefined, note: OnNote): number | undefined {
  if (dwellMs === null || dwellMs === undefined) return undefined;
  if (dwellMs <= MAX_DWELL_MS) return checkWhole(dwellMs, 'dwellMs', 0, MAX_DWELL_MS);
  note('dwell-capped');
  return MAX_DWELL_MS;
}
