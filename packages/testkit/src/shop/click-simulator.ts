/**
 * SIMULATED, not data: the click stream that UCI Online Retail lacks, made up around its real orders.
 *
 * Each order gets sessions of its buyer before it, in which most of the items that were really bought are viewed, with
 * detours, refreshes, carts and searches between them; beside some orders somebody looks around and buys nothing. The
 * probabilities below are chosen so that there is about one view per order line. Nothing that is measured on these views
 * says anything about recommendation quality on real behaviour.
 *
 * All random choices come from the seed and the invoice's number, so an order's clicks are the same wherever the stream
 * begins.
 */
import type { Channel, ClickKind } from '@millrace/events/types';
import { SeededRandom } from '../seeded-random.ts';
import type { BrowsingMemory } from './browsing.ts';

/** One simulated click. */
export interface SimulatedClick {
  readonly eventId: string;
  readonly timeMs: number;
  readonly kind: ClickKind;
  readonly channel: Channel;
  /** The user id or the visitor id of {@link known}. */
  readonly user: string;
  readonly known: boolean;
  readonly sessionId: string;
  readonly itemId: string | undefined;
  readonly quantity: number | undefined;
  readonly dwellMs: number | undefined;
  readonly query: string | undefined;
  readonly campaign: string | undefined;
}

/** The order that clicks are made up for. */
export interface SimulatedOrder {
  readonly invoiceNo: string;
  readonly timeMs: number;
  readonly user: string;
  readonly known: boolean;
  /** The distinct articles that were bought, in the order of the invoice. */
  readonly itemIds: readonly string[];
}

/** All clicks of an order lie at most this long before it. */
export const CLICK_HORIZON_MS = 7 * 86_400_000;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const VIEWED_OF_BOUGHT = 0.72;
/** Of an order of hundreds of lines only so many items were looked at; the rest came from a list. */
const VIEWED_PER_ORDER_ITEMS = 200;
const VIEWED_PER_SESSION_ITEMS = 40;
const SMALL_ORDER_IN_TWO_SESSIONS = 0.3;
const SEARCH = 0.04;
const REFRESH = 0.06;
const DWELL = 0.05;
const DETOUR = 0.16;
const DETOUR_INTO_CART_AND_OUT = 0.06;
const CART = 0.2;
const FAVOURITE = 0.01;
const SHARE = 0.003;
const BUYER_LOOKS_AROUND = 0.4;
const STRANGER_LOOKS_AROUND = 0.6;

/** What a visitor does, before it has a time. */
interface Step {
  readonly kind: ClickKind;
  readonly itemId: string | undefined;
  /** Time until the step after it. */
  readonly gapMs: number;
  readonly quantity: number | undefined;
  readonly dwellMs: number | undefined;
  readonly query: string | undefined;
}

/** The channel that an order and its sessions came through: a habit of the user, with exceptions. */
export function channelOf(user: string, random: SeededRandom): Channel {
  const habit = random.chance(0.9) ? new SeededRandom('channel', user) : random;
  const at = habit.fraction();
  if (at < 0.58) return 'web';
  if (at < 0.88) return 'app';
  if (at < 0.95) return 'email';
  return 'social';
}

/** Makes up sessions around orders. */
export class ClickSimulator {
  readonly #seed: number;
  readonly #memory: BrowsingMemory;
  readonly #nameOf: (itemId: string) => string;

  /**
   * @param memory what the baskets before the present one have taught
   * @param nameOf the item's name, from which searches take their words
   */
  constructor(seed: number, memory: BrowsingMemory, nameOf: (itemId: string) => string) {
    this.#seed = seed;
    this.#memory = memory;
    this.#nameOf = nameOf;
  }

  /** The clicks around an order, session by session, not yet in the order of their times; and the order's channel. */
  clicksFor(order: SimulatedOrder): { readonly channel: Channel; readonly clicks: readonly SimulatedClick[] } {
    const random = new SeededRandom(this.#seed, order.invoiceNo);
    const channel = channelOf(order.user, random);
    const clicks: SimulatedClick[] = [];
    const viewed = order.itemIds.filter(() => random.chance(VIEWED_OF_BOUGHT)).slice(0, VIEWED_PER_ORDER_ITEMS);
    const sessions = splitIntoSessions(viewed, random);

    let lagDays = 0;
    for (let index = sessions.length - 1; index >= 0; index -= 1) {
      const buying = index === sessions.length - 1;
      const steps = this.#shoppingSteps(sessions[index]!, buying, random);
      // Earlier sessions lie 4 to 14 hours before the order's hour, one to a day, so that two of them never overlap.
      const startMs = buying
        ? order.timeMs - durationMs(steps) - random.between(MINUTE_MS / 2, 8 * MINUTE_MS)
        : order.timeMs - lagDays * DAY_MS - random.between(4 * HOUR_MS, 14 * HOUR_MS);
      if (!buying) lagDays += random.chance(0.3) ? 2 : 1;
      this.#place(steps, `${order.invoiceNo}-${index}`, startMs, order.user, order.known, channel, random, clicks);
    }

    if (random.chance(BUYER_LOOKS_AROUND)) {
      const startMs = order.timeMs - random.between(0, 5) * DAY_MS - random.between(18 * HOUR_MS, 22 * HOUR_MS);
      this.#place(this.#strollingSteps(random), `${order.invoiceNo}-b`, startMs, order.user, order.known, channel, random, clicks);
    }
    if (random.chance(STRANGER_LOOKS_AROUND)) {
      const stranger = `visitor-w${order.invoiceNo}`;
      const startMs = order.timeMs - random.between(6 * HOUR_MS, 6 * DAY_MS);
      this.#place(
        this.#strollingSteps(random), `${order.invoiceNo}-w`, startMs, stranger, false, channelOf(stranger, random), random, clicks,
      );
    }
    return { channel, clicks };
  }

  /** A session of somebody who will buy these items. */
  #shoppingSteps(itemIds: readonly string[], buying: boolean, random: SeededRandom): Step[] {
    const steps: Step[] = [];
    for (const itemId of itemIds) {
      if (random.chance(SEARCH)) steps.push(step('search', undefined, random, { query: this.#searchFor(itemId) }));
      this.#look(itemId, steps, random);
      if (buying && random.chance(CART)) steps.push(step('cart_added', itemId, random, { quantity: 1 }));
      if (random.chance(FAVOURITE)) steps.push(step('favourite', itemId, random));
      if (random.chance(SHARE)) steps.push(step('share', itemId, random));
      const detour = random.chance(DETOUR) ? this.#memory.after(itemId, random) : undefined;
      if (detour !== undefined) {
        this.#look(detour, steps, random);
        if (random.chance(DETOUR_INTO_CART_AND_OUT)) {
          steps.push(step('cart_added', detour, random, { quantity: 1 }));
          steps.push(step('cart_removed', detour, random, { quantity: 1 }));
        }
      }
    }
    return steps;
  }

  /** A session of somebody who looks around: from item to item, about four of them, at most twelve. */
  #strollingSteps(random: SeededRandom): Step[] {
    const steps: Step[] = [];
    let itemId = this.#memory.popular(random);
    for (let length = 1; itemId !== undefined && length <= 12; length += 1) {
      this.#look(itemId, steps, random);
      if (length > 1 && random.chance(0.3)) break;
      itemId = this.#memory.after(itemId, random);
    }
    return steps;
  }

  #look(itemId: string, steps: Step[], random: SeededRandom): void {
    steps.push(step('view', itemId, random));
    if (random.chance(REFRESH)) steps.push(step('view', itemId, random));
    if (random.chance(DWELL)) steps.push(step('dwell', itemId, random, { dwellMs: random.between(10_000, 150_000) }));
  }

  /** The first two words of the name, as a customer would type them. */
  #searchFor(itemId: string): string {
    return this.#nameOf(itemId).toLowerCase().split(' ').slice(0, 2).join(' ');
  }

  #place(
    steps: readonly Step[], sessionId: string, startMs: number, user: string, known: boolean, channel: Channel,
    random: SeededRandom, clicks: SimulatedClick[],
  ): void {
    const campaign = channel === 'email' && random.chance(0.5)
      ? `newsletter-${new Date(startMs).toISOString().slice(0, 7)}`
      : undefined;
    let timeMs = startMs;
    for (const [index, { kind, itemId, gapMs, quantity, dwellMs, query }] of steps.entries()) {
      clicks.push({
        eventId: `${sessionId}-${index}`, timeMs, kind, channel, user, known, sessionId, itemId, quantity, dwellMs, query, campaign,
      });
      timeMs += gapMs;
    }
  }
}

/** Steps follow each other after 8 to 90 seconds, so that no session breaks in two. */
function step(
  kind: ClickKind, itemId: string | undefined, random: SeededRandom,
  more: { quantity?: number; dwellMs?: number; query?: string } = {},
): Step {
  return { kind, itemId, gapMs: random.between(8_000, 90_000), quantity: more.quantity, dwellMs: more.dwellMs, query: more.query };
}

function durationMs(steps: readonly Step[]): number {
  return steps.reduce((sum, { gapMs }) => sum + gapMs, 0);
}

/** The items of one order, shared out to sessions: the last one is the one that ends in the order. */
function splitIntoSessions(itemIds: readonly string[], random: SeededRandom): string[][] {
  const sessions: string[][] = [];
  if (itemIds.length > 1 && itemIds.length <= VIEWED_PER_SESSION_ITEMS && random.chance(SMALL_ORDER_IN_TWO_SESSIONS)) {
    const cut = random.between(1, itemIds.length - 1);
    return [itemIds.slice(0, cut), itemIds.slice(cut)];
  }
  for (let start = 0; start < itemIds.length; start += VIEWED_PER_SESSION_ITEMS) {
    sessions.push(itemIds.slice(start, start + VIEWED_PER_SESSION_ITEMS));
  }
  return sessions;
}
