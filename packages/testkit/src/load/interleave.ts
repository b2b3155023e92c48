/** Many sessions open at once, one user each, as a busy shop sees them. */
import type { ClickstreamEvent, PurchaseEvent, WireEvent } from '../shop/wire-event.ts';
import { SeededRandom } from '../seeded-random.ts';

/** What one user does: looks at items, then perhaps orders some. */
export interface LoadSession {
  readonly user: string;
  /** Viewed, oldest first, refreshes included; at least one. */
  readonly itemIds: readonly string[];
  /** Ordered at the end, one piece each; empty when nothing is bought. */
  readonly bought: readonly string[];
}

/** What the events say of an item. */
export interface LoadItem {
  readonly category: string;
  /** Whole units of the currency. */
  readonly price: number;
}

export interface InterleaveOptions {
  /** Sessions open at any time. */
  readonly open: number;
  /** How many events to make; an order counts its lines. */
  readonly events: number;
  readonly seed: number;
  /** Event time of the first event, epoch milliseconds. Default 2015-05-03. */
  readonly startMs?: number | undefined;
  /** Event time from one record to the next. Default: 800 s shared out to the open sessions. */
  readonly stepMs?: number | undefined;
  /** Default: events say nothing but the item's id. */
  readonly describe?: ((itemId: string) => LoadItem) | undefined;
}

/** The month in which Retailrocket's data begin. */
export const LOAD_START_MS = Date.UTC(2015, 4, 3);

/**
 * A round of all open sessions takes this long in event time. In the worst case a session is first in one round and last
 * in the next: 1,600 s, which is still less than the 30 minutes that would end it.
 */
const ROUND_MS = 800_000;

/**
 * Takes the open sessions round by round, each time in another order, one record from each; where a session ends the
 * next one of the source begins. Ends after `events`, or when the source has no further session and all open ones ended.
 *
 * @throws RangeError when an option makes no sense
 */
export function* interleave(sessions: Iterable<LoadSession>, options: InterleaveOptions): Generator<WireEvent, void, undefined> {
  const { open, events, seed, startMs = LOAD_START_MS, stepMs = Math.max(1, Math.floor(ROUND_MS / open)), describe } = options;
  if (!Number.isInteger(open) || open < 1) throw new RangeError(`open is ${open}; it must be a whole number of sessions, at least 1.`);
  const source = sessions[Symbol.iterator]();
  const random = new SeededRandom('interleave', seed);
  const slots: { session: LoadSession; at: number }[] = [];
  const fill = (): void => {
    while (slots.length < open) {
      const next = source.next();
      if (next.done === true) return;
      slots.push({ session: next.value, at: 0 });
    }
  };

  fill();
  let made = 0;
  let number = 0;
  let timeMs = startMs;
  while (slots.length > 0) {
    shuffle(slots, random);
    for (const slot of slots) {
      if (made >= events) return;
      const event = nextOf(slot.session, slot.at, number, timeMs, describe);
      number += 1;
      slot.at += 1;
      made += event.events;
      timeMs += stepMs;
      yield event;
    }
    for (let index = slots.length - 1; index >= 0; index -= 1) {
      const { session, at } = slots[index]!;
      if (at < stepsOf(session)) continue;
      const next = source.next();
      if (next.done === true) slots.splice(index, 1);
      else slots[index] = { session: next.value, at: 0 };
    }
  }
}

/** Fisher and Yates. */
function shuffle(slots: unknown[], random: SeededRandom): void {
  for (let index = slots.length - 1; index > 0; index -= 1) {
    const other = random.between(0, index);
    [slots[index], slots[other]] = [slots[other], slots[index]];
  }
}

function stepsOf(session: LoadSession): number {
  return session.itemIds.length + (session.bought.length > 0 ? 1 : 0);
}

/** @param number of the record within the load, which makes its event id unique */
function nextOf(session: LoadSession, at: number, number: number, timeMs: number, describe: InterleaveOptions['describe']): WireEvent {
  const itemId = session.itemIds[at];
  const eventId = `${session.user}-${number}`;
  return itemId === undefined
    ? orderOf(session, eventId, timeMs, describe)
    : viewOf(session.user, itemId, eventId, timeMs, describe);
}

function viewOf(user: string, itemId: string, eventId: string, timeMs: number, describe: InterleaveOptions['describe']): ClickstreamEvent {
  const item = describe?.(itemId);
  return {
    topic: 'clickstream',
    key: user,
    timeMs,
    events: 1,
    payload: {
      eventId,
      timeMs,
      kind: 'view',
      channel: 'web',
      userId: user,
      itemId,
      category: item?.category ?? null,
      price: item?.price ?? null,
      currency: item === undefined ? null : 'EUR',
    },
  };
}

function orderOf(session: LoadSession, eventId: string, timeMs: number, describe: InterleaveOptions['describe']): PurchaseEvent {
  const { user, bought } = session;
  return {
    topic: 'purchases',
    key: user,
    timeMs,
    events: bought.length,
    payload: {
      eventId,
      timeMs,
      kind: 'order',
      orderId: `order-${eventId}`,
      userId: user,
      channel: 'web',
      currency: 'EUR',
      lines: bought.map((itemId) => {
        const item = describe?.(itemId);
        return { itemId, category: item?.category ?? null, quantity: 1, unitPrice: item?.price ?? 1 };
      }),
    },
  };
}
