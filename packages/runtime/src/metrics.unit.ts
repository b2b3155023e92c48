import { describe, expect, test } from 'vitest';
import { DURATION_BUCKETS, defineMetrics, seriesBound, type MetricDefinition } from './metric-definition.ts';
import { MAX_SHARD_LABELS, createMetricsRegistry, forgetShard, registerMetrics } from './metrics.ts';

const CATALOGUE = defineMetrics({
  events: { type: 'counter', name: 'millrace_events_total', help: 'Events.', unit: 'count', labels: { outcome: ['folded', 'late'] }, doc: 'Look.' },
  dead: { type: 'counter', name: 'millrace_dead_total', help: 'Dead.', unit: 'count', labels: { shard: 'shard', reason: ['a', 'b'] }, doc: 'Look.' },
  lag: { type: 'gauge', name: 'millrace_lag_seconds', help: 'Lag.', unit: 'seconds', labels: { shard: 'shard' }, doc: 'Look.' },
  memory: { type: 'gauge', name: 'millrace_memory_bytes', help: 'Memory.', unit: 'bytes', labels: {}, doc: 'Look.' },
  latency: { type: 'histogram', name: 'millrace_latency_seconds', help: 'Latency.', unit: 'seconds', labels: {}, buckets: [0.1, 1], doc: 'Look.' },
});

function setUp() {
  const registry = createMetricsRegistry({ processMetrics: false });
  const metrics = registerMetrics(registry, CATALOGUE);
  const samples = async () => (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return { registry, metrics, samples };
}

describe('what Prometheus reads', () => {
  test('counters, gauges and histograms with their labels', async () => {
    const { metrics, samples } = setUp();
    metrics.events.child({ outcome: 'folded' }).inc();
    metrics.events.child({ outcome: 'folded' }).inc(2);
    metrics.dead.child({ reason: 'b', shard: 7 }).inc();
    metrics.lag.child({ shard: 0 }).set(1.5);
    const latency = metrics.latency.child();
    for (const seconds of [0.05, 0.1, 0.5, 2, -3]) latency.observe(seconds);
    expect(await samples()).toEqual([
      'millrace_events_total{outcome="folded"} 3',
      'millrace_events_total{outcome="late"} 0',
      'millrace_dead_total{shard="7",reason="b"} 1',
      'millrace_lag_seconds{shard="0"} 1.5',
      'millrace_latency_seconds_bucket{le="0.1"} 3',
      'millrace_latency_seconds_bucket{le="1"} 4',
      'millrace_latency_seconds_bucket{le="+Inf"} 5',
      'millrace_latency_seconds_sum 2.65',
      'millrace_latency_seconds_count 5',
    ]);
  });

  test('help and type of every metric, also of those without a series yet', async () => {
    const { registry } = setUp();
    const text = await registry.metrics();
    for (const { name, help, type } of Object.values(CATALOGUE)) {
      expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    }
  });

  test('a gauge that was never set or was cleared has no series', async () => {
    const { metrics, samples } = setUp();
    const gauge = metrics.memory.child();
    const shown = async () => (await samples()).filter((line) => line.startsWith('millrace_memory'));
    expect(await shown()).toEqual([]);
    gauge.add(5);
    gauge.add(-2);
    expect(await shown()).toEqual(['millrace_memory_bytes 3']);
    gauge.clear();
    expect(await shown()).toEqual([]);
  });

  test('beforeScrape brings values up to date, also when it takes a while', async () => {
    const { metrics, samples } = setUp();
    const gauge = metrics.memory.child();
    metrics.memory.beforeScrape(async () => {
      await Promise.resolve();
      gauge.set(42);
    });
    expect(await samples()).toContain('millrace_memory_bytes 42');
  });

  test('a shard that was given away is not shown by its gauges; its counters stay', async () => {
    const { metrics, samples } = setUp();
    const lag = metrics.lag.child({ shard: 3 });
    lag.set(9);
    metrics.lag.child({ shard: 4 }).set(1);
    metrics.dead.child({ shard: 3, reason: 'a' }).inc();
    forgetShard(metrics, 3);
    const shown = await samples();
    expect(shown).not.toContain('millrace_lag_seconds{shard="3"} 9');
    expect(shown).toContain('millrace_lag_seconds{shard="4"} 1');
    expect(shown).toContain('millrace_dead_total{shard="3",reason="a"} 1');
    lag.set(0);
    expect(await samples()).toContain('millrace_lag_seconds{shard="3"} 0');
  });

  test('the process tells about itself', async () => {
    const text = await createMetricsRegistry().metrics();
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });
});

describe('bounds', () => {
  test('a label value outside its list is refused', () => {
    const { metrics } = setUp();
    const events = metrics.events as unknown as { child(labels: object): unknown };
    const lag = metrics.lag as unknown as { child(labels: object): unknown };
    expect(() => events.child({ outcome: 'user-42' })).toThrow(/outcome must be one of folded, late; found user-42/);
    expect(() => events.child({})).toThrow(RangeError);
    for (const shard of [-1, 1.5, '3', MAX_SHARD_LABELS, NaN]) expect(() => lag.child({ shard })).toThrow(/whole number from 0/);
  });

  test('values that no metric can have are refused', () => {
    const { metrics } = setUp();
    for (const by of [-1, NaN, Infinity]) expect(() => metrics.events.child({ outcome: 'late' }).inc(by)).toThrow(RangeError);
    for (const seen of [NaN, Infinity, -Infinity]) expect(() => metrics.latency.child().observe(seen)).toThrow(RangeError);
    expect(() => metrics.memory.child().set(NaN)).toThrow(RangeError);
  });

  test('the same labels answer the same child', () => {
    const { metrics } = setUp();
    expect(metrics.dead.child({ shard: 1, reason: 'a' })).toBe(metrics.dead.child({ reason: 'a', shard: 1 }));
    expect(metrics.dead.child({ shard: 1, reason: 'a' })).not.toBe(metrics.dead.child({ shard: 1, reason: 'b' }));
  });

  test('the number of series is known before the first is made, and is what a full process exposes', async () => {
    const { metrics, samples } = setUp();
    const shards = 4;
    for (let shard = 0; shard < shards; shard += 1) {
      metrics.lag.child({ shard }).set(1);
      for (const reason of ['a', 'b'] as const) metrics.dead.child({ shard, reason }).inc();
    }
    metrics.memory.child().set(1);
    const bound = Object.values(CATALOGUE).reduce((sum, definition) => sum + seriesBound(definition, shards), 0);
    expect(bound).toBe(2 + 8 + 4 + 1 + 5);
    expect(await samples()).toHaveLength(bound);
  });

  test('a registry takes a name once', () => {
    const { registry } = setUp();
    expect(() => registerMetrics(registry, CATALOGUE)).toThrow(/already been registered/);
  });
});

describe('a definition', () => {
  const GOOD: MetricDefinition = { type: 'counter', name: 'millrace_x_total', help: 'X.', unit: 'count', labels: {}, doc: 'Look.' };
  const histogram = { ...GOOD, type: 'histogram', name: 'millrace_x_seconds', unit: 'seconds' } as const;

  test.each<[string, MetricDefinition, RegExp]>([
    ['without prefix', { ...GOOD, name: 'x_total' }, /must be millrace_/],
    ['a counter without _total', { ...GOOD, name: 'millrace_x' }, /end in _total/],
    ['a gauge with _total', { ...GOOD, type: 'gauge' }, /end in _total/],
    ['without its unit', { ...GOOD, name: 'millrace_x_ms_total', unit: 'seconds' }, /name its unit at the end: _seconds/],
    ['without a word to those on call', { ...GOOD, doc: ' ' }, /must both say something/],
    ['a label of every user', { ...GOOD, labels: { user: Array.from({ length: 41 }, (_, i) => `u${i}`) } }, /41 values, 40 are allowed/],
    ['a shard under another name', { ...GOOD, labels: { part: 'shard' } }, /are called shard/],
    ['a label that Prometheus sets itself', { ...GOOD, labels: { instance: ['a'] } }, /instance cannot be used/],
    ['a label value twice', { ...GOOD, labels: { a: ['x', 'x'] } }, /distinct/],
    ['without buckets', { ...histogram, buckets: [] }, /1 to 24 buckets/],
    ['with buckets out of order', { ...histogram, buckets: [1, 3, 2] }, /ascend/],
  ])('%s is refused', (_, definition, message) => {
    expect(() => defineMetrics({ x: definition })).toThrow(message);
  });

  test('two of one name are refused', () => {
    expect(() => defineMetrics({ a: GOOD, b: GOOD })).toThrow(/taken already/);
  });

  test('the buckets offered are allowed', () => {
    expect(() => defineMetrics({ x: { ...histogram, buckets: DURATION_BUCKETS } })).not.toThrow();
  });
});
