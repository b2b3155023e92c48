/** Whatever a record holds, decoding it never throws and always comes to one outcome. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventDecoder } from './decoder.ts';
import { EventEncoder } from './encoder.ts';
import { idFault } from './limits.ts';
import { NOTE_NAMES } from './notes.ts';
import { partitionOf } from './partition.ts';
import type { AnyEvent, DecodeOutcome } from './types.ts';
import { DEAD_LETTER_REASONS } from './types.ts';
import { anyCatalogItem, anyClick, anyControl, anyCustomer, anyOrder, anyText } from './wire.arbitraries.ts';

const encoder = new EventEncoder();
const PARTITIONS = 8;
const decoder = new EventDecoder({
  partitions: PARTITIONS,
  onNote: (name) => expect(NOTE_NAMES).toContain(name),
});

const TOPICS = ['clickstream', 'purchases', 'customers', 'catalog', 'control'] as const;
const topics = fc.constantFrom(...TOPICS);
const timestamps = fc.oneof(fc.nat(), fc.maxSafeNat());

const values: Readonly<Record<(typeof TOPICS)[number], fc.Arbitrary<unknown>>> = {
  clickstream: anyClick,
  purchases: anyOrder,
  customers: anyCustomer,
  catalog: anyCatalogItem,
  control: anyControl,
};

const encoders: Readonly<Record<(typeof TOPICS)[number], (value: never) => Buffer>> = {
  clickstream: (value) => encoder.encodeClick(value),
  purchases: (value) => encoder.encodeOrder(value),
  customers: (value) => encoder.encodeCustomer(value),
  catalog: (value) => encoder.encodeCatalog(value),
  control: (value) => encoder.encodeControl(value),
};

/** A topic and any value that its schema allows. */
const topicAndValue = topics.chain((topic) => fc.tuple(fc.constant(topic), values[topic]));

/** The key that a record of this value should have, so that most get past that check. */
function keyOf(topic: string, value: unknown): Buffer | null {
  const { userId, visitorId, itemId } = value as { userId?: string; visitorId?: string; itemId?: string };
  const key = topic === 'catalog' ? itemId : userId || visitorId;
  return key === undefined || key === null ? null : Buffer.from(key);
}

function decode(topic: string, key: Buffer | null, value: Buffer | null, timestampMs: number): DecodeOutcome<AnyEvent> {
  const partition = key === null ? 0 : partitionOf(key, PARTITIONS);
  const outcome = decoder.decode(topic, { key, value, timestampMs }, partition);
  expectSound(outcome, timestampMs);
  return outcome;
}

/** What holds for every outcome; of events, everything that the folds rely on. */
function expectSound(outcome: DecodeOutcome<AnyEvent>, timestampMs: number): void {
  if (outcome.kind === 'dead') {
    expect(DEAD_LETTER_REASONS).toContain(outcome.reason);
    return;
  }
  if (outcome.kind === 'unknown-schema') return;
  const { event } = outcome;
  expect(event.timeMs).toBeGreaterThanOrEqual(0);
  expect(event.timeMs).toBeLessThanOrEqual(timestampMs + 600_000);
  if ('user' in event) expect(idFault(event.user)).toBeUndefined();
  if ('itemId' in event && event.itemId !== undefined) expect(idFault(event.itemId)).toBeUndefined();
  if ('priceMinor' in event && event.priceMinor !== undefined) expect(event.priceMinor).toBeGreaterThan(0);
  if (event.type === 'order' || event.type === 'return') {
    for (const line of event.lines) {
      expect(idFault(line.itemId)).toBeUndefined();
      expect(Number.isInteger(line.quantity) && line.quantity >= 1 && line.quantity <= 10_000).toBe(true);
      expect(Number.isInteger(line.unitPriceMinor) && line.unitPriceMinor > 0).toBe(true);
      expect(line.discountMinor).toBeLessThanOrEqual(line.quantity * line.unitPriceMinor);
    }
  }
}

test('any value of a schema, sensible or not', () => {
  fc.assert(
    fc.property(topicAndValue, timestamps, ([topic, value], timestampMs) => {
      decode(topic, keyOf(topic, value), encoders[topic](value as never), timestampMs);
    }),
    { numRuns: 1_000 },
  );
});

test('an event and its JSON come to the same outcome', () => {
  fc.assert(
    fc.property(topicAndValue, timestamps, ([topic, value], timestampMs) => {
      const text = JSON.stringify(value);
      // JSON has no NaN and no infinity: such a number would become null.
      fc.pre(!holdsOddNumber(value));
      const key = keyOf(topic, value);
      const fromJson = decode(topic, key, Buffer.from(text), timestampMs);
      expect(fromJson).toEqual(decode(topic, key, encoders[topic](value as never), timestampMs));
    }),
    { numRuns: 500 },
  );
});

function holdsOddNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value) || Object.is(value, -0);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(holdsOddNumber);
}

/** Bytes changed, cut out, doubled or put in. */
const mutations = fc.array(
  fc.record({
    at: fc.nat({ max: 400 }),
    remove: fc.nat({ max: 4 }),
    insert: fc.uint8Array({ maxLength: 8 }),
  }),
  { minLength: 1, maxLength: 4 },
);

test('a valid record with damaged bytes', () => {
  fc.assert(
    fc.property(topicAndValue, mutations, fc.boolean(), ([topic, value], changes, asJson) => {
      let bytes = asJson ? Buffer.from(JSON.stringify(value)) : encoders[topic](value as never);
      for (const { at, remove, insert } of changes) {
        const start = at % (bytes.length + 1);
        bytes = Buffer.concat([bytes.subarray(0, start), insert, bytes.subarray(start + remove)]);
      }
      decode(topic, keyOf(topic, value), bytes, 1_700_000_000_000);
    }),
    { numRuns: 2_000 },
  );
});

test('random bytes behind a valid prefix, and without one', () => {
  const prefix = fc.constantFrom(Buffer.alloc(0), ...[1, 2, 3, 4, 5, 6, 99].map((id) => Buffer.from([0, 0, 0, 0, id])));
  fc.assert(
    fc.property(topics, prefix, fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 10 }), (topic, start, rest, key) => {
      decode(topic, Buffer.from(key), Buffer.concat([start, rest]), 1_700_000_000_000);
    }),
    { numRuns: 3_000 },
  );
});

test('any JSON, with the fields of an event in it', () => {
  const fields = fc.constantFrom('eventId', 'timeMs', 'kind', 'userId', 'itemId', 'lines', 'attributes', '__proto__', 'constructor');
  const anyJson = fc.oneof(fc.jsonValue(), fc.dictionary(fields, fc.jsonValue({ noUnicodeString: false } as object)));
  fc.assert(
    fc.property(topics, anyJson, (topic, value) => {
      decode(topic, Buffer.from('u1'), Buffer.from(JSON.stringify(value)), 1_700_000_000_000);
    }),
    { numRuns: 1_000 },
  );
});

test('any key, also in bytes that are no text, erases at most whom it names', () => {
  fc.assert(
    fc.property(fc.oneof(anyText.map((text) => Buffer.from(text)), fc.uint8Array().map((bytes) => Buffer.from(bytes))), (key) => {
      const outcome = decode('customers', key, null, 1_700_000_000_000);
      if (outcome.kind === 'event' && outcome.event.type === 'erase') expect(Buffer.from(outcome.event.user).equals(key)).toBe(true);
      else expect(outcome.kind).toBe('dead');
    }),
  );
});
