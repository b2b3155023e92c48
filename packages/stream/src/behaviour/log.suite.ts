import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FetchedRecords, Log, NewRecord } from '../log.ts';

/** A log with one topic of its own, empty, that the suite may write to. */
export interface LogUnderTest {
  readonly log: Log;
  readonly topic: string;
  /** At least 4; every test takes the next one that nobody has written to. */
  readonly partitions: number;
  /** Retention: drops the records before `offset`. */
  truncateBefore(partition: number, offset: number): Promise<void>;
  close(): Promise<void>;
}

const PLENTY = 1_000_000;

/** What every implementation of `Log` does, the in-memory twin and Kafka alike. */
export function logSuite(name: string, makeLog: () => Promise<LogUnderTest>): void {
  describe(`log: ${name}`, () => {
    let under: LogUnderTest;
    let log: Log;
    let topic: string;
    let nextPartition = 0;

    beforeAll(async () => {
      under = await makeLog();
      ({ log, topic } = under);
    });
    afterAll(async () => {
      await under.close();
    });

    function freshPartition(): number {
      if (nextPartition >= under.partitions) throw new RangeError(`the suite needs more than ${under.partitions} partitions`);
      return nextPartition++;
    }

    function at(partition: number, offset: number, maxBytes = PLENTY): { topic: string; partition: number; offset: number; maxBytes: number } {
      return { topic, partition, offset, maxBytes };
    }

    async function readAll(partition: number, count: number, from = 0): Promise<FetchedRecords['records']> {
      const records = [];
      let offset = from;
      while (records.length < count) {
        const [part] = await log.fetch([at(partition, offset)], 0);
        records.push(...part!.records);
        expect(part!.nextOffset).toBeGreaterThan(offset);
        offset = part!.nextOffset;
      }
      return records;
    }

    test('answers the offset of the first record of each request, in the order of the requests', async () => {
      const a = freshPartition();
      const b = freshPartition();
      expect(await log.append([{ topic, partition: a, records: [record('1'), record('2')] }])).toEqual([0]);
      expect(
        await log.append([
          { topic, partition: b, records: [record('x')] },
          { topic, partition: a, records: [record('3')] },
          { topic, partition: a, records: [record('4')] },
        ]),
      ).toEqual([0, 2, 3]);
      expect((await readAll(a, 4)).map(text)).toEqual(['1', '2', '3', '4']);
    });

    test('gives back keys, values, nulls and headers as they were', async () => {
      const partition = freshPartition();
      const binary = Buffer.from([0, 255, 128, 10]);
      await log.append([
        {
          topic,
          partition,
          records: [
            { key: Buffer.from('k'), value: binary, headers: { text: 'ä 🎉', binary, __proto__x: '' } },
            { key: null, value: null },
            { key: Buffer.alloc(0), value: Buffer.alloc(0), headers: { constructor: 'c' } },
          ],
        },
      ]);
      const [first, second, third] = await readAll(partition, 3);
      expect(first!.key?.toString()).toBe('k');
      expect(Buffer.compare(first!.value!, binary)).toBe(0);
      expect(Object.keys(first!.headers!).sort()).toEqual(['__proto__x', 'binary', 'text']);
      expect(first!.headers!['text']!.toString()).toBe('ä 🎉');
      expect(Buffer.compare(first!.headers!['binary']!, binary)).toBe(0);
      expect(second).toMatchObject({ offset: 1, key: null, value: null, headers: undefined });
      expect(third!.key).toHaveLength(0);
      expect(third!.value).toHaveLength(0);
      expect(third!.headers!['constructor']!.toString()).toBe('c');
      expect(first!.timestampMs).toBeGreaterThan(0);
    });

    test('begins exactly at the position asked for, also inside what was appended together', async () => {
      const partition = freshPartition();
      await log.append([{ topic, partition, records: Array.from({ length: 20 }, (_, i) => record(String(i))) }]);
      const [part] = await log.fetch([at(partition, 13)], 0);
      expect(part!.records[0]!.offset).toBe(13);
      expect(part!.records.map(text)).toEqual(['13', '14', '15', '16', '17', '18', '19']);
      expect(part).toMatchObject({ offset: 13, nextOffset: 20, endOffset: 20, outOfRange: false });
    });

    test('answers every position, in the order asked, with nothing where nothing is new', async () => {
      const empty = freshPartition();
      const full = freshPartition();
      await log.append([{ topic, partition: full, records: [record('1')] }]);
      const parts = await log.fetch([at(full, 1), at(empty, 0), at(full, 1)].slice(0, 2), 0);
      expect(parts).toEqual([
        { topic, partition: full, offset: 1, records: [], nextOffset: 1, endOffset: 1, outOfRange: false },
        { topic, partition: empty, offset: 0, records: [], nextOffset: 0, endOffset: 0, outOfRange: false },
      ]);
    });

    test('hands out at least one record however small the limit, and never skips one', async () => {
      const partition = freshPartition();
      const large = 'x'.repeat(5_000);
      for (let i = 0; i < 5; i++) await log.append([{ topic, partition, records: [record(`${i}${large}`)] }]);
      const seen: number[] = [];
      for (let offset = 0; offset < 5; ) {
        const [part] = await log.fetch([at(partition, offset, 100)], 0);
        expect(part!.records.length).toBeGreaterThan(0);
        for (const { offset: found } of part!.records) seen.push(found);
        offset = part!.nextOffset;
      }
      expect(seen).toEqual([0, 1, 2, 3, 4]);
    });

    test('keeps the records of one request together and the requests of one caller in order when many append at once', async () => {
      const a = freshPartition();
      const b = freshPartition();
      const writers = Array.from({ length: 16 }, async (_, writer) => {
        const claims: [partition: number, offset: number, text: string][] = [];
        for (let round = 0; round < 8; round++) {
          const partition = (writer + round) % 2 === 0 ? a : b;
          const records = [record(`${writer}.${round}.0`), record(`${writer}.${round}.1`)];
          const [offset] = await log.append([{ topic, partition, records }]);
          claims.push([partition, offset!, `${writer}.${round}.0`], [partition, offset! + 1, `${writer}.${round}.1`]);
        }
        return claims;
      });
      const claims = (await Promise.all(writers)).flat();
      for (const partition of [a, b]) {
        const records = await readAll(partition, claims.filter(([of]) => of === partition).length);
        const atOffset = new Map(records.map((one) => [one.offset, text(one)]));
        for (const [of, offset, expected] of claims) if (of === partition) expect(atOffset.get(offset)).toBe(expected);
        expect(atOffset.size).toBe(claims.filter(([of]) => of === partition).length);
      }
    });

    test('says that a position is out of range, on either side, and does not move it', async () => {
      const partition = freshPartition();
      for (let i = 0; i < 4; i++) await log.append([{ topic, partition, records: [record(String(i))] }]);
      await under.truncateBefore(partition, 2);
      for (const offset of [0, 1, 5, 1_000]) {
        const [part] = await log.fetch([at(partition, offset)], 0);
        expect(part).toMatchObject({ offset, records: [], nextOffset: offset, endOffset: 4, outOfRange: true });
      }
      const [part] = await log.fetch([at(partition, 2)], 0);
      expect(part!.records.map(text)).toEqual(['2', '3']);
      expect(await log.bounds([{ topic, partition }])).toEqual([{ first: 2, next: 4 }]);
    });

    test('knows first and next offset of each partition, in the order asked', async () => {
      const empty = freshPartition();
      const full = freshPartition();
      await log.append([{ topic, partition: full, records: [record('1'), record('2')] }]);
      expect(
        await log.bounds([
          { topic, partition: full },
          { topic, partition: empty },
        ]),
      ).toEqual([
        { first: 0, next: 2 },
        { first: 0, next: 0 },
      ]);
    });

    test('a fetch that waits is answered when something is appended to any of its positions', async () => {
      const quiet = freshPartition();
      const busy = freshPartition();
      await log.append([{ topic, partition: busy, records: [record('before')] }]);
      // Far longer than the test may take: only the append can end it.
      const waiting = log.fetch([at(quiet, 0), at(busy, 1)], 90_000);
      const [offset] = await log.append([{ topic, partition: busy, records: [record('news')] }]);
      const parts = await waiting;
      expect(offset).toBe(1);
      expect(parts.map((part) => part.records.map(text))).toEqual([[], ['news']]);
    });

    test('a fetch that waits in vain comes back empty-handed', async () => {
      const partition = freshPartition();
      const parts = await log.fetch([at(partition, 0)], 50);
      expect(parts).toEqual([{ topic, partition, offset: 0, records: [], nextOffset: 0, endOffset: 0, outOfRange: false }]);
    });

    test('refuses a partition that does not exist with an alarm that names it', async () => {
      const partition = under.partitions + 7;
      const expected = { name: 'AlarmError', code: 'topic-missing', message: expect.stringContaining(`${partition}`) as unknown };
      await expect(log.append([{ topic, partition, records: [record('1')] }])).rejects.toMatchObject(expected);
      await expect(log.fetch([at(partition, 0)], 0)).rejects.toMatchObject(expected);
      await expect(log.bounds([{ topic, partition }])).rejects.toMatchObject(expected);
    });
  });
}

function record(value: string): NewRecord {
  return { key: Buffer.from('key'), value: Buffer.from(value) };
}

function text({ value }: { readonly value: Buffer | null }): string {
  return value!.toString();
}
