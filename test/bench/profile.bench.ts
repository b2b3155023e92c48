/**
 * Microbenchmark of the user profile: microseconds to encode, decode and fold, and bytes, as one JSON object.
 * `node test/bench/profile.bench.ts`. One thread; the numbers depend on the machine and are no test.
 */
import {
  decodeProfile,
  encodeProfile,
  foldUserEvent,
  Profile,
  type FoldEnvironment,
} from '../../packages/algorithms/src/profile/index.ts';
import { DEFAULT_FOLD_PARAMETERS } from '../../packages/algorithms/src/fold-parameters.ts';
import { emptyRepeatPrior } from '../../packages/algorithms/src/pairs/repeat-prior.ts';
import type { EvidenceSink } from '../../packages/algorithms/src/pairs/evidence-sink.ts';
import type { ClickEvent, OrderEvent, UserEvent } from '../../packages/events/src/types.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 0, 5, 9);

const silent: EvidenceSink = { view() {}, bought() {}, basket() {} };

function environment(): { -readonly [K in keyof FoldEnvironment]: FoldEnvironment[K] } {
  return { clockMs: 0, parameters: DEFAULT_FOLD_PARAMETERS, repeatPrior: emptyRepeatPrior(), evidence: silent };
}

let serial = 0;

function view(timeMs: number, item: number): ClickEvent {
  serial += 1;
  return {
    type: 'click', kind: 'view', eventId: `event-${serial}`, timeMs, user: 'user0001', known: true, channel: 'web',
    visitorId: undefined, sessionId: undefined, itemId: `item${String(item).padStart(4, '0')}`,
    category: `catgry${10 + (item % 12)}`, brand: `brand-${10 + (item % 7)}`, priceMinor: 100 << (item % 8),
    quantity: undefined, dwellMs: undefined, query: undefined, placement: undefined, recommendationId: undefined,
    referrer: undefined, campaign: undefined,
  };
}

function order(timeMs: number, items: readonly number[]): OrderEvent {
  serial += 1;
  return {
    type: 'order', eventId: `event-${serial}`, timeMs, user: 'user0001', known: true, orderId: `order-${serial}`,
    channel: 'web', currency: 'EUR', country: 'DE', coupon: 'SPRING', visitorId: undefined, cleaned: undefined,
    lines: items.map((item) => ({
      itemId: `item${String(item).padStart(4, '0')}`, category: `catgry${10 + (item % 12)}`,
      brand: `brand-${10 + (item % 7)}`, quantity: 2, unitPriceMinor: 100 << (item % 8), discountMinor: 25,
    })),
  };
}

/** One short visit of three views. */
function youngEvents(): UserEvent[] {
  return [0, 1, 2].map((i) => view(START_MS + i * 45_000, i));
}

/** Four visits of six views, one order. */
function typicalEvents(): UserEvent[] {
  const events: UserEvent[] = [];
  for (let visit = 0; visit < 4; visit++) {
    for (let i = 0; i < 6; i++) events.push(view(START_MS + visit * 3 * DAY_MS + i * 50_000, (visit * 5 + i) % 14));
  }
  events.push(order(START_MS + 9 * DAY_MS + 400_000, [3, 4]));
  return events;
}

/** A year of a regular: every bounded list is full, and 64 events fell into the last day. */
function fullEvents(): UserEvent[] {
  const events: UserEvent[] = [];
  for (let week = 0; week < 50; week++) {
    const at = START_MS + week * 7 * DAY_MS + ((week * 5) % 24) * HOUR_MS;
    for (let i = 0; i < 5; i++) events.push(view(at + i * 61_000, week * 3 + i));
    if (week % 4 === 0) events.push(order(at + 400_000, [week, week + 1, week + 2]));
  }
  const lastDay = START_MS + 50 * 7 * DAY_MS;
  for (let visit = 0; visit < 4; visit++) {
    for (let i = 0; i < 17; i++) events.push(view(lastDay + visit * 3 * HOUR_MS + i * 75_000, visit * 9 + i));
  }
  return events;
}

function foldAll(events: readonly UserEvent[]): Profile {
  const profile = new Profile();
  const env = environment();
  for (const event of events) {
    env.clockMs = Math.max(env.clockMs, event.timeMs);
    foldUserEvent(profile, event, env);
  }
  return profile;
}

/** The best of several rounds: what the code costs when nothing else gets in its way. */
function microsecondsEach(times: number, run: () => void): number {
  let best = Infinity;
  for (let round = 0; round < 7; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < times; i++) run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1_000 / times);
  }
  return Math.round(best * 100) / 100;
}

function measure(events: readonly UserEvent[]): Record<string, number> {
  const profile = foldAll(events);
  const bytes = encodeProfile(profile);
  return {
    events: events.length,
    bytes: bytes.length,
    encodeMicros: microsecondsEach(20_000, () => void encodeProfile(profile)),
    decodeMicros: microsecondsEach(20_000, () => void decodeProfile(bytes)),
    foldMicrosPerEvent: Math.round((microsecondsEach(500, () => void foldAll(events)) / events.length) * 100) / 100,
  };
}

const result = {
  node: process.version,
  young: measure(youngEvents()),
  typical: measure(typicalEvents()),
  full: measure(fullEvents()),
};
console.log(JSON.stringify(result, undefined, 2));
