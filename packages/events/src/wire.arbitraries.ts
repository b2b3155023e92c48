/** Arbitrary events of the wire, for property tests: everything that a schema allows, sensible or not. */
import fc from 'fast-check';
import { CHANNELS, CLICK_KINDS } from './types.ts';
import type {
  EvidenceEnvelope,
  WireCatalogItem,
  WireClick,
  WireControl,
  WireCustomer,
  WireOrder,
  WireRecommendations,
} from './wire.ts';
import { BECAUSE_KINDS } from './wire.ts';

/** Any well-formed text, four-byte characters and names of object properties among it. */
export const anyText = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.constantFrom('', '__proto__', 'constructor', 'toString', '{u7}', 'a b', '🛒', 'café', 'x'.repeat(300)),
);

const optionalText = fc.option(anyText);
/** The Avro codec doubles a long on its way to the wire, so that it is exact up to 2^52 only. */
const EXACT_LONG = 2 ** 52;
const anyTime = fc.integer({ min: -EXACT_LONG, max: EXACT_LONG });
const anyCount = fc.integer({ min: 0, max: EXACT_LONG });
const anyInt = fc.integer();
const anyDouble = fc.double();
const anyName = fc.string({ minLength: 1, maxLength: 10 }).filter((name) => name !== '__proto__');

export const anyClick: fc.Arbitrary<Required<WireClick>> = fc.record({
  eventId: anyText,
  timeMs: anyTime,
  kind: fc.constantFrom('unknown' as const, ...CLICK_KINDS),
  channel: fc.constantFrom('unknown' as const, ...CHANNELS),
  userId: optionalText,
  visitorId: optionalText,
  sessionId: optionalText,
  itemId: optionalText,
  category: optionalText,
  brand: optionalText,
  price: fc.option(anyDouble),
  currency: optionalText,
  quantity: fc.option(anyInt),
  dwellMs: fc.option(anyTime),
  query: optionalText,
  placement: optionalText,
  recommendationId: optionalText,
  referrer: optionalText,
  campaign: optionalText,
});

export const anyOrder: fc.Arbitrary<Required<WireOrder>> = fc.record({
  eventId: anyText,
  timeMs: anyTime,
  kind: fc.constantFrom('unknown', 'order', 'return'),
  orderId: anyText,
  userId: optionalText,
  visitorId: optionalText,
  channel: fc.constantFrom('unknown' as const, ...CHANNELS),
  currency: fc.oneof(anyText, fc.constant('GBP')),
  country: optionalText,
  coupon: optionalText,
  lines: fc.array(
    fc.record({
      itemId: fc.oneof(anyText, fc.constantFrom('POST', 'gift_1')),
      category: optionalText,
      brand: optionalText,
      quantity: anyInt,
      unitPrice: fc.option(anyDouble),
      discount: anyDouble,
    }),
    { maxLength: 6 },
  ),
});

export const anyCustomer: fc.Arbitrary<Required<WireCustomer>> = fc.record({
  eventId: anyText,
  timeMs: anyTime,
  userId: anyText,
  attributes: fc.dictionary(anyName, anyText, { maxKeys: 5, noNullPrototype: true }),
  tags: fc.option(fc.array(anyText, { maxLength: 5 })),
  consent: fc.option(fc.boolean()),
  erase: fc.boolean(),
});

export const anyCatalogItem: fc.Arbitrary<Required<WireCatalogItem>> = fc.record({
  timeMs: anyTime,
  itemId: anyText,
  name: anyText,
  text: optionalText,
  categoryPath: fc.array(anyText, { maxLength: 5 }),
  brand: optionalText,
  price: fc.option(anyDouble),
  currency: optionalText,
  available: fc.boolean(),
});

export const anyControl: fc.Arbitrary<Required<WireControl>> = fc.record({
  kind: fc.constantFrom('unknown', 'tick', 'fold_parameters'),
  timeMs: anyTime,
  foldParameters: fc.option(
    fc.record({ version: anyInt, values: fc.dictionary(anyName, anyDouble, { maxKeys: 4, noNullPrototype: true }) }),
  ),
});

export const anyRecommendations: fc.Arbitrary<WireRecommendations> = fc.record({
  id: anyText,
  cause: fc.record({ topic: anyText, partition: fc.nat(), offset: anyCount, eventId: anyText }),
  user: anyText,
  placement: anyText,
  timeMs: anyTime,
  items: fc.array(
    fc.record({
      itemId: anyText,
      score: anyDouble,
      because: fc.array(
        fc.record({ kind: fc.constantFrom(...BECAUSE_KINDS), itemId: fc.option(anyText), weight: anyDouble }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 20 },
  ),
  counts: fc.record({ ageMs: anyCount, source: anyText }),
  version: fc.nat(),
});

const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

export const anyEvidence: fc.Arbitrary<EvidenceEnvelope> = fc.record({
  sourceShard: fc.nat(),
  incarnation: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  journalOffset: anyCount,
  part: fc.nat(),
  last: fc.boolean(),
  ordersTotal: anyCount,
  ordersDay: fc.nat(),
  items: fc.array(anyText, { maxLength: 5 }),
  owned: anyBytes,
  blocks: anyBytes,
});
