/** Random events for the property tests: few items, so that they meet again, and hostile ones among them. */
import type { Channel, ClickKind, UserEvent } from '@millrace/events/types';
import fc from 'fast-check';
import type { FoldParameters } from '../fold-parameters.ts';
import { click, customer, line, order, START_MS } from './test-events.ts';

const CHANNELS: readonly Channel[] = ['web', 'app', 'email', 'social', 'store'];
const CLICK_KINDS: readonly ClickKind[] = [
  'view', 'search', 'cart_added', 'cart_removed', 'favourite', 'share', 'dwell', 'impression', 'recommendation_clicked',
];

const HOSTILE = ['{u7}', '__proto__', 'a b', '\u{1F600}'.repeat(3), 'ü', '"\n\0', '-_azAZ09', 'x'.repeat(256), '€'.repeat(85)];

/** Any Unicode text, well formed: a surrogate alone becomes U+FFFD. */
export function anyText(limits: { minLength?: number; maxLength: number }): fc.Arbitrary<string> {
  return fc
    .array(fc.integer({ min: 0, max: 0x10_ffff }), limits)
    .map((points) => String.fromCodePoint(...points).toWellFormed());
}

const id = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }).map((n) => `item${n}`) },
  { weight: 2, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 1, arbitrary: anyText({ minLength: 1, maxLength: 30 }) },
);

const maybeId = fc.option(id, { nil: undefined, freq: 5 });

/** Mostly a little later, at times much later, earlier, the beginning of time or its end. */
export const timeStep = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 0, max: 400_000 }) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 40 * 86_400_000 }) },
  { weight: 6, arbitrary: fc.integer({ min: -5_000_000, max: 0 }) },
  { weight: 1, arbitrary: fc.integer({ min: -100 * 86_400_000, max: 0 }) },
);

const amount = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER));
const maybeAmount = fc.option(amount, { nil: undefined });

const clicks = fc.record({
  kind: fc.oneof({ weight: 5, arbitrary: fc.constant('view' as const) }, { weight: 3, arbitrary: fc.constantFrom(...CLICK_KINDS) }),
  item: maybeId, category: maybeId, brand: maybeId, priceMinor: maybeAmount, dwellMs: maybeAmount,
  channel: fc.constantFrom(...CHANNELS), known: fc.boolean(),
}).map(({ kind, item, ...more }) => (timeMs: number): UserEvent => click(kind, item, timeMs, more));

const lines = fc.array(
  fc.record({ itemId: id, category: maybeId, brand: maybeId, quantity: fc.integer({ min: 1, max: 10_000 }), unitPriceMinor: amount, discountMinor: amount }),
  { maxLength: 40 },
);

const orders = fc.record({
  lines, type: fc.constantFrom('order' as const, 'order' as const, 'return' as const), coupon: maybeId,
}).map(({ lines: rows, ...more }) => (timeMs: number): UserEvent => order(rows.map((row) => line(row.itemId, row)), timeMs, more));

const customers = fc.record({
  attributes: fc.array(fc.tuple(id, fc.oneof(id, fc.constant('')))).map((pairs) => new Map(pairs)),
  tags: fc.option(fc.array(id, { maxLength: 40 }), { nil: undefined }),
  consent: fc.option(fc.boolean(), { nil: undefined }),
}).map((more) => (timeMs: number): UserEvent => customer(timeMs, more));

const makers = fc.oneof(
  { weight: 14, arbitrary: clicks }, { weight: 3, arbitrary: orders }, { weight: 1, arbitrary: customers },
);

/** A user's events in log order; now and then one is there twice. */
export const userEvents: fc.Arbitrary<UserEvent[]> = fc
  .tuple(
    fc.oneof({ weight: 6, arbitrary: fc.constant(START_MS) }, { weight: 1, arbitrary: fc.constantFrom(0, 2 ** 52) }),
    fc.array(fc.tuple(makers, timeStep, fc.integer({ min: 0, max: 30 })), { maxLength: 60 }),
  )
  .map(([start, steps]) => {
    const events: UserEvent[] = [];
    let timeMs = start;
    for (const [make, step, again] of steps) {
      timeMs = Math.max(0, timeMs + step);
      events.push(again === 0 && events.length > 0 ? events[events.length - 1]! : make(timeMs));
    }
    return events;
  });

/** Limits so low that short lists of events meet all of them. */
export const foldParameters: fc.Arbitrary<Partial<FoldParameters>> = fc.record(
  {
    sessionGapMs: fc.integer({ min: 1_000, max: 3_600_000 }),
    boughtWindowMs: fc.integer({ min: 1_000, max: 86_400_000 }),
    duplicateIds: fc.integer({ min: 0, max: 8 }),
    duplicateWindowMs: fc.integer({ min: 0, max: 7_200_000 }),
    botEventsPerHour: fc.integer({ min: 1, max: 20 }),
    sessionPositions: fc.integer({ min: 2, max: 12 }),
    lateDays: fc.integer({ min: 1, max: 60 }),
  },
  { requiredKeys: [] },
);
