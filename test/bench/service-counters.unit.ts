import { expect, test } from 'vitest';
import { countersOf, faultsOf, parseSamples, samplesBetween } from './service-counters.ts';

const METRICS = `
# HELP millrace_records_total Records taken.
# TYPE millrace_records_total counter
millrace_records_total 500
millrace_batches_total{kind="live"} 9
millrace_batches_total{kind="redo"} 1
millrace_batch_step_duration_seconds_bucket{le="+Inf",step="fold"} 10
millrace_batch_step_duration_seconds_sum{step="fold"} 0.25
millrace_batch_step_duration_seconds_sum{step="journal"} 1.5
millrace_lists_published_total{placement="next"} 40
millrace_lists_published_total{placement="after-purchase"} 2
millrace_notes_total{note="list-silent"} 7
millrace_notes_total{note="duplicate"} 0
millrace_dead_letters_total{reason="unreadable"} 3
millrace_shard_drops_total{code="redis"} 2
millrace_shard_alarms_total{code="other"} 0
odd_label{text="a \\"quoted\\" } b"} 1
not_a_number NaN
`;

test('samples are read with their labels; comments and what is no number are left out', () => {
  const samples = parseSamples(METRICS);
  expect(samples[0]).toEqual({ name: 'millrace_records_total', labels: {}, value: 500 });
  expect(samples.find(({ name }) => name === 'millrace_batch_step_duration_seconds_bucket')?.labels).toEqual({ le: '+Inf', step: 'fold' });
  expect(samples.find(({ name }) => name === 'odd_label')?.labels).toEqual({ text: 'a \\"quoted\\" } b' });
  expect(samples.some(({ name }) => name === 'not_a_number')).toBe(false);
});

test('counters are added up over their labels', () => {
  expect(countersOf(parseSamples(METRICS))).toEqual({
    records: 500,
    batches: 10,
    redoBatches: 1,
    recordsPerBatch: 50,
    lists: 42,
    deadLetters: 3,
    drops: 2,
    alarms: 0,
    notes: { 'list-silent': 7 },
    stepSeconds: { fold: 0.25, journal: 1.5 },
  });
});

test('a service that did nothing has batches of no size', () => {
  expect(countersOf([]).recordsPerBatch).toBe(0);
});

test('between two readings only what has grown counts, label by label', () => {
  const before = parseSamples('a_total{k="x"} 5\na_total{k="y"} 1');
  const after = parseSamples('a_total{k="x"} 5\na_total{k="y"} 4\na_total{k="z"} 2');
  expect(samplesBetween(before, after).map(({ value }) => value)).toEqual([0, 3, 2]);
});

test('whatever was done twice, dropped, stopped or refused spoils the measurement', () => {
  const counters = countersOf(parseSamples(METRICS));
  expect(faultsOf('user-stream', { ...counters, alarms: 4 })).toEqual([
    'user-stream: 4 alarms',
    'user-stream: 2 dropped shards',
    'user-stream: 1 batches done again',
    'user-stream: 3 dead letters',
  ]);
  expect(faultsOf('user-stream', countersOf([]))).toEqual([]);
});
