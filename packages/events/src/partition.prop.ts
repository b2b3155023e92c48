import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import type { PartitionMetadata } from 'kafkajs';
import { expect, test } from 'vitest';
import { partitionOf } from './partition.ts';

function partitionMetadata(partitions: number): PartitionMetadata[] {
  return Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 0,
    replicas: [0],
    isr: [0],
    offlineReplicas: [],
  }));
}

const counts = fc.integer({ min: 1, max: 64 });

test.each([
  ['DefaultPartitioner', Partitioners.DefaultPartitioner()],
  ['JavaCompatiblePartitioner', Partitioners.JavaCompatiblePartitioner()],
])("partitionOf agrees with kafkajs' %s on any bytes", (_name, partitioner) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), counts, (bytes, partitions) => {
      const theirs = partitioner({
        topic: 't',
        partitionMetadata: partitionMetadata(partitions),
        message: { key: Buffer.from(bytes), value: null },
      });
      expect(partitionOf(bytes, partitions)).toBe(theirs);
    }),
  );
});

test('a string has the partition of its UTF-8 bytes, whatever characters it holds', () => {
  const anyString = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
  );
  fc.assert(
    fc.property(anyString, counts, (text, partitions) => {
      expect(partitionOf(text, partitions)).toBe(partitionOf(Buffer.from(text, 'utf8'), partitions));
    }),
  );
});
