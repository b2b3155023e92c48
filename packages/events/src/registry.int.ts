import { randomBytes } from 'node:crypto';
import { AvroDeserializer, AvroSerializer } from '@confluentinc/schemaregistry/dist/serde/avro.js';
import { SerdeType } from '@confluentinc/schemaregistry/dist/serde/serde.js';
import { describe, expect, test } from 'vitest';
import { EventDecoder } from './decoder.ts';
import { EventEncoder } from './encoder.ts';
import { openRegistry } from './registry.ts';
import { loadSchemas, SCHEMA_NAMES, subjectOf } from './schemas.ts';
import type { WireClick } from './wire.ts';

const url = process.env['MILLRACE_TEST_REGISTRY'];
const missing = process.env['MILLRACE_TEST_REGISTRY_MISSING'] ?? 'MILLRACE_TEST_REGISTRY names no registry';
const given = url !== undefined && url !== '';

const NOW_MS = 1_700_000_000_000;
const view: WireClick = { eventId: 'e1', timeMs: NOW_MS, kind: 'view', userId: 'u1', itemId: 'i1' };

/** Subjects of this test alone, whatever else is in the registry. */
const prefix = (): string => `test-${randomBytes(4).toString('hex')}.`;

function recordOf(value: Buffer) {
  return { key: Buffer.from('u1'), value, timestampMs: NOW_MS };
}

describe.skipIf(!given)(given ? 'with a real registry' : `with a real registry (skipped: ${missing})`, () => {
  test('all schemas are registered with compatibility BACKWARD_TRANSITIVE, and again under the same ids', async () => {
    const topicPrefix = prefix();
    const first = await openRegistry({ url, topicPrefix });
    const second = await openRegistry({ url, topicPrefix });
    expect(second.ids).toEqual(first.ids);
    for (const name of SCHEMA_NAMES) {
      expect(await first.client.getCompatibility(subjectOf(name, topicPrefix))).toBe('BACKWARD_TRANSITIVE');
    }
  });

  test("an event goes the whole path under the registry's ids, and the library's serializers agree", async () => {
    const topicPrefix = prefix();
    const topic = `${topicPrefix}clickstream`;
    const registry = await openRegistry({ url, topicPrefix });
    const encoder = new EventEncoder({ ids: registry.ids });
    const decoder = new EventDecoder({ partitions: 1, topicPrefix, writers: registry.writers, source: registry });
    const bytes = encoder.encodeClick(view);
    expect(decoder.decode(topic, recordOf(bytes), 0)).toMatchObject({ kind: 'event', event: { itemId: 'i1' } });

    const serializer = new AvroSerializer(registry.client, SerdeType.VALUE, { useLatestVersion: true, autoRegisterSchemas: false });
    const deserializer = new AvroDeserializer(registry.client, SerdeType.VALUE, {});
    expect(bytes.equals(await serializer.serialize(topic, view))).toBe(true);
    expect(await deserializer.deserialize(topic, bytes)).toMatchObject({ eventId: 'e1', itemId: 'i1', brand: null });
  });

  test('a record of a newer writer waits until its schema has been fetched', async () => {
    const topicPrefix = prefix();
    const topic = `${topicPrefix}clickstream`;
    const registry = await openRegistry({ url, topicPrefix });
    const decoder = new EventDecoder({ partitions: 1, topicPrefix, writers: registry.writers, source: registry });

    const newer = JSON.parse(loadSchemas().texts.clickstream) as { fields: unknown[] };
    newer.fields.push({ name: 'country', type: 'string', default: '' });
    const writers = await openRegistry({ url, topicPrefix });
    await writers.client.register(`${topic}-value`, { schemaType: 'AVRO', schema: JSON.stringify(newer) }, false);
    const serializer = new AvroSerializer(writers.client, SerdeType.VALUE, { useLatestVersion: true, autoRegisterSchemas: false });
    const record = recordOf(await serializer.serialize(topic, { ...view, country: 'FR' }));

    const outcome = decoder.decode(topic, record, 0);
    if (outcome.kind !== 'unknown-schema') throw new Error(`Not an unknown schema but ${outcome.kind}`);
    expect(await decoder.resolveSchema(outcome.schemaId)).toBe(true);
    expect(decoder.decode(topic, record, 0)).toMatchObject({ kind: 'event', event: { itemId: 'i1' } });
  });

  test('an id that it does not have stays unknown', async () => {
    const registry = await openRegistry({ url, topicPrefix: prefix() });
    expect(await registry.schemaText(2_000_000_000)).toBeUndefined();
  });

  test('a subject that holds something else is refused, and the error says what to do', async () => {
    const topicPrefix = prefix();
    const { client } = await openRegistry({ url, topicPrefix: prefix() });
    const foreign = { type: 'record', name: 'SomethingElse', fields: [{ name: 'what', type: 'string' }] };
    const subject = `${topicPrefix}clickstream-value`;
    await client.register(subject, { schemaType: 'AVRO', schema: JSON.stringify(foreign) }, false);
    await expect(openRegistry({ url, topicPrefix })).rejects.toThrow(/clickstream-value: it breaks the compatibility/);
  });
});
