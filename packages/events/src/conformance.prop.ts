/**
 * The library's own serializers are the reference: what we write they must read as the same values, and what they
 * write must be our bytes.
 */
import { AvroDeserializer, AvroSerializer } from '@confluentinc/schemaregistry/dist/serde/avro.js';
import { SerdeType } from '@confluentinc/schemaregistry/dist/serde/serde.js';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { EventEncoder } from './encoder.ts';
import type { Registry } from './registry.ts';
import { openRegistry } from './registry.ts';
import {
  anyCatalogItem,
  anyClick,
  anyControl,
  anyCustomer,
  anyEvidence,
  anyOrder,
  anyRecommendations,
} from './wire.arbitraries.ts';

const encoder = new EventEncoder();
let registry: Registry;
let serializer: AvroSerializer;
let deserializer: AvroDeserializer;

beforeAll(async () => {
  registry = await openRegistry();
  serializer = new AvroSerializer(registry.client, SerdeType.VALUE, { useLatestVersion: true, autoRegisterSchemas: false });
  deserializer = new AvroDeserializer(registry.client, SerdeType.VALUE, {});
});

const RUNS = { numRuns: 200 };

/** Our bytes are the library's, and the library reads them as the value that was written. */
function conforms<T>(topic: string, values: fc.Arbitrary<T>, encode: (value: T) => Buffer): Promise<void> {
  return fc.assert(
    fc.asyncProperty(values, async (value) => {
      const ours = encode(value);
      expect(ours.equals(await serializer.serialize(topic, value))).toBe(true);
      expect(plain(await deserializer.deserialize(topic, ours))).toEqual(plain(value));
    }),
    RUNS,
  );
}

/** Without the codec's classes. */
function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value) || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

test('clicks', () => conforms('clickstream', anyClick, (value) => encoder.encodeClick(value)));
test('orders', () => conforms('purchases', anyOrder, (value) => encoder.encodeOrder(value)));
test('customers', () => conforms('customers', anyCustomer, (value) => encoder.encodeCustomer(value)));
test('catalogue items', () => conforms('catalog', anyCatalogItem, (value) => encoder.encodeCatalog(value)));
test('control records', () => conforms('control', anyControl, (value) => encoder.encodeControl(value)));
test('evidence', () => conforms('item-evidence', anyEvidence, (value) => encoder.encodeEvidenceEnvelope(value)));
test('lists, which are written by hand', () =>
  conforms('recommendations', anyRecommendations, (value) => encoder.encodeRecommendations(value)));

test('what is written is read back as it was', () => {
  fc.assert(
    fc.property(anyRecommendations, anyEvidence, (list, evidence) => {
      expect(plain(encoder.decodeRecommendations(encoder.encodeRecommendations(list)))).toEqual(plain(list));
      expect(plain(encoder.decodeEvidenceEnvelope(encoder.encodeEvidenceEnvelope(evidence)))).toEqual(plain(evidence));
    }),
    RUNS,
  );
});

test('a list far larger than the writer expects is written whole', async () => {
  const because = Array.from({ length: 50 }, () => ({ kind: 'item' as const, itemId: 'é'.repeat(100), weight: 0.5 }));
  const list = {
    id: 'l1',
    cause: { topic: 'clickstream', partition: 0, offset: 1, eventId: 'e1' },
    user: 'u'.repeat(70_000),
    placement: 'next',
    timeMs: 1,
    items: Array.from({ length: 200 }, (_, i) => ({ itemId: `i${i}`, score: i, because })),
    counts: { ageMs: 0, source: 'store' },
    version: 1,
  };
  const bytes = encoder.encodeRecommendations(list);
  expect(bytes.equals(await serializer.serialize('recommendations', list))).toBe(true);
});

test('an event larger than the scratch buffer is written whole', async () => {
  const click = { eventId: 'e1', timeMs: 1, kind: 'search' as const, userId: 'u1', query: 'x'.repeat(500_000) };
  expect(encoder.encodeClick(click).equals(await serializer.serialize('clickstream', click))).toBe(true);
});
