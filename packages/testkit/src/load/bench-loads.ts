/** The loads that the benchmarks and growth tests put on the pipeline. */
import { RETAILROCKET_TRAIN, findData, retailrocketSessions } from '../data-sets.ts';
import { shopEvents } from '../shop/shop-events.ts';
import type { PurchaseEvent, WireEvent } from '../shop/wire-event.ts';
import { interleave, type InterleaveOptions, type LoadSession } from './interleave.ts';
import { generatedSessions, itemOf } from './generated-sessions.ts';

/** Where the sessions of a load come from. */
export type SessionSource = 'retailrocket' | 'shop';

/** Retailrocket where its file is found, else the shop's simulated views. */
export function sessionSource(): SessionSource {
  return findData(RETAILROCKET_TRAIN) === undefined ? 'shop' : 'retailrocket';
}

export type InterleavedSessionsOptions = Omit<InterleaveOptions, 'describe'> & {
  /** Default: {@link sessionSource}. State it with what was measured. */
  readonly source?: SessionSource | undefined;
};

/**
 * The load of `npm run bench`: real sessions, so many open at any time, each by a user of its own (`u0000001` …, eight
 * bytes). Views only. When the source's sessions are used up they come again, as other users.
 */
export function interleavedSessions(options: InterleavedSessionsOptions): Generator<WireEvent, void, undefined> {
  const source = options.source ?? sessionSource();
  const sessions = source === 'retailrocket' ? retailrocketSessions() : shopSessions(options.seed, options.events);
  return interleave(asNewUsers(sessions), options);
}

function* asNewUsers(sessions: readonly (readonly string[])[]): Generator<LoadSession, void, undefined> {
  for (let number = 0; ; number += 1) {
    yield { user: userOf(number), itemIds: sessions[number % sessions.length]!, bought: [] };
  }
}

function userOf(number: number): string {
  return `u${String(number + 1).padStart(7, '0')}`;
}

/**
 * The simulated sessions of the shop with at least three views, in the order of their first view, from the first so many
 * views of its year.
 */
export function shopSessions(seed: number, views: number): (readonly string[])[] {
  const sessions = new Map<string, string[]>();
  let left = views;
  for (const event of shopEvents({ seed })) {
    if (left <= 0) break;
    if (event.topic !== 'clickstream' || event.payload.kind !== 'view') continue;
    left -= 1;
    const { sessionId, itemId } = event.payload;
    if (sessionId == null || itemId == null) continue;
    const items = sessions.get(sessionId);
    if (items === undefined) sessions.set(sessionId, [itemId]);
    else items.push(itemId);
  }
  return [...sessions.values()].filter((items) => items.length >= 3);
}

export interface GeneratedLoadOptions {
  /** Every user comes at least once as soon as there are some ten events per user. */
  readonly users: number;
  readonly items: number;
  readonly events: number;
  readonly seed: number;
  /** Sessions open at any time. Default 2,000, at most half the users. */
  readonly open?: number | undefined;
  readonly startMs?: number | undefined;
  readonly stepMs?: number | undefined;
}

/**
 * Invented sessions for a given number of users and items, for tests of growth: views with category and price, items by
 * Zipf's law with some that go together, one session in five ends in an order.
 */
export function generatedLoad(options: GeneratedLoadOptions): Generator<WireEvent, void, undefined> {
  const { users, items, seed } = options;
  const open = options.open ?? Math.max(1, Math.min(2_000, Math.floor(users / 2)));
  return interleave(generatedSessions({ users, items, seed }), { ...options, open, describe: itemOf });
}

/**
 * The shop's orders alone, in order of time: baskets of 20 lines and more. It ends with the year, after about 530,000
 * lines, if `events` is not reached before.
 */
export function* denseBaskets({ events }: { readonly events: number }): Generator<PurchaseEvent, void, undefined> {
  let made = 0;
  for (const event of shopEvents({ seed: 0, clicks: false })) {
    if (made >= events) return;
    if (event.topic !== 'purchases' || event.payload.kind !== 'order') continue;
    made += event.events;
    yield event;
  }
}
