import { expect, test } from 'vitest';
import type { Figure } from './figures.ts';
import { formatValue, renderTable } from './table.ts';

const FIGURES: Figure[] = [
  { part: 'coalesced', name: 'CPU per event', unit: 'µs', value: 80.04, target: { atMost: 75, isMet: false } },
  { part: 'coalesced', name: 'lists', unit: 'per event', value: 0.3456 },
  { part: 'steady', name: 'latency p50', unit: 'ms', value: 9.5, target: { atMost: 15, isMet: true } },
];

test('figures stand part by part, their targets beside them', () => {
  expect(renderTable(FIGURES, { titles: { coalesced: 'catch-up', steady: '2000 events a second' }, invalid: {} })).toBe(
    [
      'coalesced: catch-up',
      '  CPU per event  80.0  µs         at most 75 µs: missed',
      '  lists          0.35  per event',
      '',
      'steady: 2000 events a second',
      '  latency p50    9.50  ms         at most 15 ms: met',
    ].join('\n'),
  );
});

test('figures of an earlier run stand beside those of the same part and name', () => {
  const earlier: Figure[] = [
    { part: 'coalesced', name: 'CPU per event', unit: 'µs', value: 160.08 },
    { part: 'coalesced', name: 'latency p50', unit: 'ms', value: 1 },
    { part: 'coalesced', name: 'lists', unit: 'per event', value: 0 },
  ];
  const lines = renderTable(FIGURES, { titles: {}, invalid: {}, earlier }).split('\n');
  expect(lines[1]).toMatch(/80\.0 {2}µs {9}was 160, × 0\.50 {2}at most 75 µs: missed$/);
  expect(lines[2]).toMatch(/0\.35 {2}per event {2}was 0\.00$/);
  expect(lines[5]).toMatch(/9\.50 {2}ms {9}new {14}at most 15 ms: met$/);
});

test('a part whose figures do not count says so under its title', () => {
  const text = renderTable(FIGURES, { titles: {}, invalid: { steady: ['user-stream: 1 alarms'] } });
  expect(text).toContain('steady\n  DOES NOT COUNT: user-stream: 1 alarms\n  latency p50');
});

test.each([
  [1234.5, '1235'],
  [99.94, '99.9'],
  [9.999, '10.00'],
  [0.004, '0.00'],
  [Number.NaN, '–'],
])('%d is shown as %s', (value, text) => {
  expect(formatValue(value)).toBe(text);
});
