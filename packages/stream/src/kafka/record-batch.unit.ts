import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import decodeWithKafkaJs from 'kafkajs/src/protocol/recordBatch/v0/decoder.js';
import { describe, expect, test } from 'vitest';
import type { NewRecord } from '../log.ts';
import { crc32c } from './crc32c.ts';
import { decodeRecordBatches, encodeRecordBatch, recordsSizeBound } from './record-batch.ts';

const BATCH_OVERHEAD_BYTES = 61;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const MAX_TIMESTAMP_AT = 35;

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const record: fc.Arbitrary<NewRecord> = fc.record(
  {
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), fc.oneof(bytes, fc.string({ unit: 'grapheme' })), { maxKeys: 4 }),
  },
  { requiredKeys: ['key', 'value'] },
);

/** `count` small records whose values are their numbers from `first` on, placed at `baseOffset` as a broker would. */
function batchAt(baseOffset: number, count: number, first = baseOffset): Buffer {
  const batch = encodeRecordBatch([Array.from({ length: count }, (_, i) => ({ key: null, value: Buffer.from(String(first + i)) }))], 1_000);
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  return batch;
}

/** Changes a batch behind its header and makes its checksum right again. */
function rewritten(batch: Buffer, change: (batch: Buffer) => Buffer | void): Buffer {
  const changed = change(batch) ?? batch;
  changed.writeInt32BE(changed.length - 12, 8);
  changed.writeUInt32BE(crc32c(changed, ATTRIBUTES_AT), CRC_AT);
  return changed;
}

function values(decoded: ReturnType<typeof decodeRecordBatches>): string[] {
  return decoded.records.map(({ offset, value }) => `${offset}=${value!.toString()}`);
}

describe('record batches', () => {
  test('the checksum is CRC-32C', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283); // the check value of the polynomial's catalogue entry
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa); // RFC 3720, appendix B.4
  });

  test('come back from the decoder as they went into the encoder', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        const decoded = decodeRecordBatches(encodeRecordBatch([records], 1_700_000_000_000), 0);
        expect(decoded.nextOffset).toBe(records.length);
        expect(decoded.records.map(({ offset }) => offset)).toEqual(records.map((_, i) => i));
        decoded.records.forEach((found, i) => {
          const { key, value, headers } = records[i]!;
          expect(found.timestampMs).toBe(1_700_000_000_000);
          expect([found.key?.toString('hex'), found.value?.toString('hex')]).toEqual([key?.toString('hex'), value?.toString('hex')]);
          const expected = Object.entries(headers ?? {}).map(([name, content]) => [name, Buffer.from(content as string).toString('hex')]);
          expect(Object.entries(found.headers ?? {}).map(([name, content]) => [name, content.toString('hex')])).toEqual(expected);
        });
      }),
    );
  });

  test("are read by kafkajs' own decoder", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 5 }), async (records) => {
        const { records: decoded } = await decodeWithKafkaJs(new Decoder(encodeRecordBatch([records], 1_700_000_000_000)));
        expect(decoded.map(({ value }) => value?.toString('hex'))).toEqual(records.map(({ value }) => value?.toString('hex')));
        expect(decoded.map(({ timestamp }) => timestamp)).toEqual(records.map(() => '1700000000000'));
      }),
      { numRuns: 30 },
    );
  });

  test('never take more bytes than their bound says', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), (records) => {
        expect(encodeRecordBatch([records], 1).length - BATCH_OVERHEAD_BYTES).toBeLessThanOrEqual(recordsSizeBound(records));
      }),
    );
  });

  test('what lies before the position is left out, what is cut off is left for next time', () => {
    const log = Buffer.concat([batchAt(10, 3), batchAt(13, 3), batchAt(16, 3)]);
    expect(values(decodeRecordBatches(log, 12))).toEqual(['12=12', '13=13', '14=14', '15=15', '16=16', '17=17', '18=18']);
    const cut = decodeRecordBatches(log.subarray(0, log.length - 1), 12);
    expect(values(cut)).toEqual(['12=12', '13=13', '14=14', '15=15']);
    expect(cut.nextOffset).toBe(16);
    expect(decodeRecordBatches(log.subarray(0, 40), 10)).toEqual({ records: [], nextOffset: 10 });
  });

  test('a control batch and a gap advance the position without a record', () => {
    const control = rewritten(batchAt(3, 1), (batch) => void batch.writeInt16BE(0x20, ATTRIBUTES_AT));
    const withGap = batchAt(0, 3);
    expect(decodeRecordBatches(Buffer.concat([withGap, control]), 0).nextOffset).toBe(4);
    expect(values(decodeRecordBatches(Buffer.concat([withGap, control]), 0))).toEqual(['0=0', '1=1', '2=2']);
    const compacted = rewritten(batchAt(4, 1), (batch) => void batch.writeInt32BE(9, 23)); // its last offsets are gone
    expect(decodeRecordBatches(compacted, 4)).toMatchObject({ nextOffset: 14 });
  });

  test("the broker's time is the time of every record of its batch", () => {
    const batch = rewritten(batchAt(0, 2), (bare) => {
      bare.writeInt16BE(0x08, ATTRIBUTES_AT);
      bare.writeBigInt64BE(1_800_000_000_123n, MAX_TIMESTAMP_AT);
    });
    expect(decodeRecordBatches(batch, 0).records.map(({ timestampMs }) => timestampMs)).toEqual([1_800_000_000_123, 1_800_000_000_123]);
  });

  test('a compressed batch is read, an unknown codec is an alarm that names it', () => {
    const zipped = rewritten(batchAt(0, 50), (bare) => {
      const head = Buffer.from(bare.subarray(0, BATCH_OVERHEAD_BYTES));
      head.writeInt16BE(1, ATTRIBUTES_AT);
      return Buffer.concat([head, gzipSync(bare.subarray(BATCH_OVERHEAD_BYTES))]);
    });
    expect(decodeRecordBatches(zipped, 0).records).toHaveLength(50);
    const unknown = rewritten(batchAt(0, 1), (bare) => void bare.writeInt16BE(6, ATTRIBUTES_AT));
    expect(() => decodeRecordBatches(unknown, 0)).toThrow(/codec 6/);
  });

  test('damage is an alarm, wherever it is', () => {
    for (let at = ATTRIBUTES_AT; at < batchAt(7, 2).length; at++) {
      const damaged = batchAt(7, 2);
      damaged[at]! ^= 0x10;
      expect(() => decodeRecordBatches(damaged, 0)).toThrow(/offset 7 is damaged/);
    }
    const tooLong = rewritten(batchAt(7, 1), (bare) => void (bare[BATCH_OVERHEAD_BYTES + 4] = 100)); // length of the value
    expect(() => decodeRecordBatches(tooLong, 0)).toThrow(/offset 7 is damaged/);
    const old = rewritten(batchAt(7, 1), (bare) => void bare.writeInt8(1, 16));
    expect(() => decodeRecordBatches(old, 0)).toThrow(/format version 1/);
  });

  test('an offset beyond 2^53 is refused, not rounded', () => {
    const batch = batchAt(0, 1);
    batch.writeBigInt64BE(2n ** 53n, 0);
    expect(() => decodeRecordBatches(batch, 0)).toThrow(/9007199254740992.*2\^53/);
  });
});
