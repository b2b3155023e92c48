/**
 * What every count must come to, worked out from the input topics alone: each rule of algorithms.md in its plainest
 * form, over whole lists, for a load that lies within one hour of event time (see `known-load.ts`).
 */
import type { KnownEvent } from './read-topics.ts';

/** One event counts 5040, which its shares of a tenth to the whole divide. */
const UNIT = 5_040;
const CONTEXT = 10;
const SESSION_POSITIONS = 100;
const EVENTS_AN_HOUR = 300;
const REMEMBERED_IDS = 64;
const LAST_VIEWS = 10;

export interface ExpectedUser {
  readonly events: number;
  readonly views: number;
  readonly orders: number;
  readonly spendMinor: number;
  /** The last raw views, newest first. */
  readonly lastViews: readonly string[];
}

export interface ExpectedItem {
  nVv: number;
  nVbTarget: number;
  nBb: number;
  readonly vv: Map<string, number>;
  readonly bb: Map<string, number>;
}

export interface Expected {
  readonly users: ReadonlyMap<string, ExpectedUser>;
  readonly items: ReadonlyMap<string, ExpectedItem>;
  /** Orders of each user shard. */
  readonly orders: readonly number[];
  /** Distinct events. */
  readonly events: number;
}

/** @throws Error when the load breaks what this oracle takes for granted: the load is wrong then, not the pipeline */
export function expectedOf(events: readonly KnownEvent[], shards: number): Expected {
  const byUser = new Map<string, KnownEvent[]>();
  for (const event of events) {
    const known = byUser.get(event.user);
    if (known === undefined) byUser.set(event.user, [event]);
    else known.push(event);
  }
  const users = new Map<string, ExpectedUser>();
  const items = new Map<string, ExpectedItem>();
  const orders = Array.from({ length: shards }, () => 0);
  let count = 0;
  for (const [user, all] of byUser) {
    const distinct = withoutRepeats(user, all);
    count += distinct.length;
    const views = distinct.filter(({ kind }) => kind === 'view');
    const bought = distinct.filter(({ topic }) => topic === 'purchases');
    if (bought.length > 0 && distinct.length > EVENTS_AN_HOUR) throw new Error('A user with orders has too many events for this oracle.');
    for (const order of bought) {
      orders[order.partition]! += 1;
      countOrder(order, items);
    }
    countViews(views.slice(0, EVENTS_AN_HOUR).map(({ itemId }) => itemId!), items);
    users.set(user, {
      events: distinct.length,
      views: views.length,
      orders: bought.length,
      spendMinor: bought.flatMap(({ lines }) => lines).reduce((sum, { quantity, unitPrice }) => sum + quantity * Math.round(unitPrice * 100), 0),
      lastViews: views.slice(-LAST_VIEWS).reverse().map(({ itemId }) => itemId!),
    });
  }
  return { users, items, orders, events: count };
}

function withoutRepeats(user: string, events: readonly KnownEvent[]): KnownEvent[] {
  const seen = new Map<string, number>();
  const distinct: KnownEvent[] = [];
  for (const event of events) {
    const at = seen.get(event.eventId);
    if (at === undefined) {
      seen.set(event.eventId, distinct.length);
      distinct.push(event);
    } else if (distinct.length - at >= REMEMBERED_IDS) {
      throw new Error(`An event comes again after ${distinct.length - at} others of its user (${user}), which is longer than ids are remembered.`);
    }
  }
  return distinct;
}

/** A view of the item just viewed takes no position; every other one counts, and pairs with the ten positions before it. */
function countViews(viewed: readonly string[], items: Map<string, ExpectedItem>): void {
  const positions: string[] = [];
  for (const item of viewed) {
    if (item === positions.at(-1)) continue;
    if (positions.length === SESSION_POSITIONS) break;
    itemOf(items, item).nVv += UNIT;
    for (let distance = 1; distance <= Math.min(CONTEXT, positions.length); distance++) {
      const before = positions[positions.length - distance]!;
      if (before === item) continue;
      add(itemOf(items, before).vv, item, UNIT / distance);
      add(itemOf(items, item).vv, before, UNIT / distance / 2);
    }
    positions.push(item);
  }
}

function countOrder({ lines }: KnownEvent, items: Map<string, ExpectedItem>): void {
  const distinct = [...new Set(lines.map(({ itemId }) => itemId))];
  for (const item of distinct) {
    const row = itemOf(items, item);
    row.nVbTarget += UNIT;
    row.nBb += UNIT;
    for (const other of distinct) if (other !== item) add(row.bb, other, UNIT);
  }
}

function itemOf(items: Map<string, ExpectedItem>, item: string): ExpectedItem {
  let row = items.get(item);
  if (row === undefined) {
    row = { nVv: 0, nVbTarget: 0, nBb: 0, vv: new Map(), bb: new Map() };
    items.set(item, row);
  }
  return row;
}

function add(counts: Map<string, number>, key: string, units: number): void {
  counts.set(key, (counts.get(key) ?? 0) + units);
}
