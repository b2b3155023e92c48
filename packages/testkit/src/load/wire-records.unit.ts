import { EventDecoder, partitionOf } from '@millrace/events';
import type { NewRecord } from '@millrace/stream/log';
import { describe, expect, test } from 'vitest';
import { shopEvents } from '../shop/shop-events.ts';
import type { WireEvent } from '../shop/wire-event.ts';
import { avroRecords, jsonRecord } from './wire-records.ts';

const PARTITIONS = 8;

/** Encodes and decodes events; answers the outcomes in words, with how often each came. */
function outcomes(events: Iterable<WireEvent>, encode: (event: WireEvent) => NewRecord): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  const decoder = new EventDecoder({ partitions: PARTITIONS, onNote: count });
  for (const event of events) {
    const { key, value } = encode(event);
    const record = { key, value, timestampMs: Date.UTC(2026, 0, 1), headers: undefined };
    const outcome = decoder.decode(event.topic, record, partitionOf(event.key, PARTITIONS));
    count(outcome.kind === 'dead' ? `dead: ${outcome.reason}` : `${outcome.kind}: ${event.topic}`);
  }
  return counts;
}

describe('the shop\'s events as records', () => {
  test('are read by the pipeline\'s decoder: clicks, orders, customers and catalogue', () => {
    const events = [...shopEvents({ seed: 1, maxEvents: 20_000 })];
    const of = (topic: string): number => events.filter((event) => event.topic === topic).length;
    const inAvro = outcomes(events, avroRecords());
    for (const topic of ['clickstream', 'purchases', 'customers', 'catalog']) {
      expect(of(topic)).toBeGreaterThan(0);
      expect(inAvro.get(`event: ${topic}`)).toBe(of(topic));
    }
    expect(outcomes(events, jsonRecord)).toEqual(inAvro);
  });

  test('make the pipeline clean what the data has to be cleaned of, all year', () => {
    const counts = outcomes(shopEvents({ seed: 1, clicks: false }), avroRecords());
    // Two orders of 74,215 and 80,995 pieces, and their cancellations.
    expect(counts.get('dead: value-out-of-range')).toBe(4);
    expect(counts.get('event: purchases')).toBe(24_562 - 4);
    // As counted in the data: by stock code, then the lines at price 0 of an article that were not written off.
    expect(Object.fromEntries([...counts].filter(([name]) => name.startsWith('line-')))).toEqual({
      'line-postage': 1_256 + 710 + 144,
      'line-fee': 37 + 34 + 16,
      'line-sample': 63 + 4,
      'line-discount': 77,
      'line-manual': 571 + 1,
      'line-voucher': 34,
      'line-no-price': 1_161,
    });
  });
});
