import { EventEncoder } from '@millrace/events';
import { deadLetter } from '@millrace/stream/dead-letters';
import { MemoryLog } from '@millrace/stream/memory-log';
import { beforeEach, expect, test } from 'vitest';
import { decodeDeadLetter, decodeList, describeDeadLetter, describeList } from './decode-output.ts';
import { followRecords, lastRecords } from './last-records.ts';

let now = 0;
let log: MemoryLog;
beforeEach(() => {
  now = 0;
  log = new MemoryLog(() => now);
  log.createTopic('t', 3);
});

async function append(...values: string[]): Promise<void> {
  for (const value of values) {
    now += 10;
    await log.append([{ topic: 't', partition: now % 3, records: [{ key: null, value: Buffer.from(value) }] }]);
  }
}

const texts = (records: readonly { value: Buffer | null }[]): string[] => records.map(({ value }) => String(value));

test('the newest records of all partitions come oldest first', async () => {
  await append('a', 'b', 'c', 'd', 'e', 'f', 'g');
  expect(texts((await lastRecords(log, 't', 3, 4)).records)).toEqual(['d', 'e', 'f', 'g']);
  expect(texts((await lastRecords(log, 't', 3, 100)).records)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  expect((await lastRecords(log, 't', 3, 0)).records).toEqual([]);
});

test('following goes on after what was there, and ends with the signal', async () => {
  await append('a', 'b');
  const { next } = await lastRecords(log, 't', 3, 1);
  // Of one read: the fourth lies in the partition of the first.
  await append('c', 'd', 'e', 'f');
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const { value } of followRecords(log, 't', next, stop.signal)) {
      seen.push(String(value));
      if (seen.length === 6) stop.abort();
    }
  })();
  await append('g', 'h');
  await following;
  expect(seen).toEqual(['c', 'd', 'e', 'f', 'g', 'h']);
});

test('a list says for whom, after what, and why', () => {
  const encoder = new EventEncoder();
  const value = encoder.encodeRecommendations({
    id: 'x',
    cause: { topic: 'clickstream', partition: 1, offset: 9, eventId: 'e' },
    user: '42',
    placement: 'next',
    timeMs: 5,
    items: [
      { itemId: 'a', score: 0.5, because: [{ kind: 'item', itemId: 'b', weight: 0.5 }] },
      { itemId: 'c', score: 0.25, because: [{ kind: 'trending', itemId: null, weight: 0.25 }] },
    ],
    counts: { ageMs: 3, source: 'item-stream' },
    version: 0,
  });
  const record = { partition: 1, offset: 3, timestampMs: 0, key: Buffer.from('42'), value, headers: undefined };
  const list = decodeList(encoder, record);
  expect(list).toMatchObject({ partition: 1, offset: 3, user: '42', items: [{ itemId: 'a' }, { itemId: 'c' }] });
  expect(describeList(list)).toBe('1970-01-01T00:00:00.000Z user 42 next after clickstream/1/9: a (0.500, item b) · c (0.250, trending)');
  expect(describeList(list, 1)).toMatch(/a \(0\.500, item b\) and 1 more$/);
  expect(describeList(decodeList(encoder, { ...record, value: null }))).toBe('1970-01-01T00:00:00.000Z user 42: erased');
});

test('a dead letter says where it stood and what was wrong', () => {
  const original = { offset: 7, timestampMs: 5, key: Buffer.from('u'), value: Buffer.from('{broken'), headers: undefined };
  const cause = { incarnation: Buffer.alloc(8), topic: 'clickstream', partition: 2, reason: 'unreadable', detail: 'not JSON' };
  const [record] = deadLetter('dead-letters', original, cause).records;
  const headers = Object.fromEntries(Object.entries(record!.headers!).map(([name, value]) => [name, Buffer.from(value)]));
  const letter = decodeDeadLetter({ partition: 2, offset: 1, timestampMs: 0, key: record!.key, value: record!.value, headers });
  expect(letter).toMatchObject({ reason: 'unreadable', from: 'clickstream/2/7', value: '{broken', bytes: 7 });
  expect(describeDeadLetter(letter)).toBe('1970-01-01T00:00:00.000Z clickstream/2/7 unreadable: not JSON (7 bytes, key u)');
});
