import { describe, expect, test } from 'vitest';
import { deadLetter } from './dead-letters.ts';
import type { LogRecord } from './log.ts';

const cause = { incarnation: Buffer.from('0102030405060708', 'hex'), topic: 'clicks', partition: 3, reason: 'unreadable', detail: 'value: not JSON' };
const record: LogRecord = {
  offset: 12,
  timestampMs: 99,
  key: Buffer.from('ann'),
  value: Buffer.from([0, 255]),
  headers: { 'content-type': Buffer.from('x'), 'millrace-reason': Buffer.from('forged') },
};

describe('a dead letter', () => {
  test('is the record as it came, and where it stood and what was wrong in headers', () => {
    const { topic, partition, records } = deadLetter('dead', record, cause);
    expect([topic, partition]).toEqual(['dead', 3]);
    expect(records[0]!.key).toEqual(record.key);
    expect(records[0]!.value).toEqual(record.value);
    expect({ ...records[0]!.headers }).toEqual({
      'content-type': record.headers!['content-type'],
      'millrace-id': '0102030405060708.clicks.3.12.dead',
      'millrace-reason': 'unreadable',
      'millrace-detail': 'value: not JSON',
      'millrace-topic': 'clicks',
      'millrace-partition': '3',
      'millrace-offset': '12',
      'millrace-timestamp': '99',
    });
  });

  test('is the same again when its batch is carried out again', () => {
    expect(deadLetter('dead', record, cause)).toEqual(deadLetter('dead', record, cause));
  });

  test('of a record without a value is no tombstone, and says so', () => {
    const [letter] = deadLetter('dead', { ...record, value: null }, cause).records;
    expect(letter!.value).toHaveLength(0);
    expect(letter!.headers!['millrace-had-no-value']).toBe('true');
  });

  test('of a record without a key is keyed by its place, because the topic is compacted', () => {
    for (const key of [null, Buffer.alloc(0)]) {
      expect(deadLetter('dead', { ...record, key }, cause).records[0]!.key!.toString()).toBe('clicks.3.12');
    }
  });

  test('keeps a header that is named like a property of objects', () => {
    const headers = JSON.parse('{"__proto__":"x"}') as Record<string, Buffer>;
    const [letter] = deadLetter('dead', { ...record, headers }, cause).records;
    expect(Object.keys(letter!.headers!)).toContain('__proto__');
  });
});
