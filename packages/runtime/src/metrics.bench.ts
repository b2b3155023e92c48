/**
 * What an observation on the hot path costs, beside prom-client's own children, and what a scrape of a full process
 * costs. Prints one JSON object. Run: `npm run bench:metrics --workspace @millrace/runtime`.
 */
import { Counter, Histogram, Registry } from 'prom-client';
import { DURATION_BUCKETS, defineMetrics } from './metric-definition.ts';
import { createMetricsRegistry, registerMetrics } from './metrics.ts';

const CALLS = 2_000_000;
const SHARDS = 64;
const SCRAPES = 100;

function cpuMicros(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return used.user + used.system;
}

function nanosPerCall(call: (i: number) => void): number {
  for (let i = 0; i < CALLS / 10; i += 1) call(i);
  const micros = cpuMicros(() => {
    for (let i = 0; i < CALLS; i += 1) call(i);
  });
  return Math.round((micros * 10_000) / CALLS) / 10;
}

const OUTCOMES = ['folded', 'duplicate', 'late', 'cleaned', 'dead'] as const;
const catalogue = defineMetrics({
  events: { type: 'counter', name: 'millrace_events_total', help: 'Events.', unit: 'count', labels: { shard: 'shard', outcome: OUTCOMES }, doc: 'Bench.' },
  lag: { type: 'gauge', name: 'millrace_lag_seconds', help: 'Lag.', unit: 'seconds', labels: { shard: 'shard' }, doc: 'Bench.' },
  latency: { type: 'histogram', name: 'millrace_latency_seconds', help: 'Latency.', unit: 'seconds', labels: { shard: 'shard' }, buckets: DURATION_BUCKETS, doc: 'Bench.' },
});
const registry = createMetricsRegistry();
const metrics = registerMetrics(registry, catalogue);
for (let shard = 0; shard < SHARDS; shard += 1) {
  for (const outcome of OUTCOMES) metrics.events.child({ shard, outcome }).inc();
  metrics.lag.child({ shard }).set(1);
  metrics.latency.child({ shard }).observe(1);
}
const counter = metrics.events.child({ shard: 3, outcome: 'folded' });
const histogram = metrics.latency.child({ shard: 3 });

const reference = new Registry();
const referenceCounter = new Counter({ name: 'a_total', help: 'A.', labelNames: ['shard', 'outcome'], registers: [reference] }).labels('3', 'folded');
const referenceHistogram = new Histogram({ name: 'b_seconds', help: 'B.', labelNames: ['shard'], registers: [reference], buckets: [...DURATION_BUCKETS] }).labels('3');

const seconds = (i: number) => (i % 1_000) / 10_000;
const result = {
  node: process.version,
  incNanos: nanosPerCall(() => counter.inc()),
  observeNanos: nanosPerCall((i) => histogram.observe(seconds(i))),
  promClientIncNanos: nanosPerCall(() => referenceCounter.inc()),
  promClientObserveNanos: nanosPerCall((i) => referenceHistogram.observe(seconds(i))),
};
const before = process.cpuUsage();
let bytes = 0;
for (let i = 0; i < SCRAPES; i += 1) bytes = (await registry.metrics()).length;
const scrape = process.cpuUsage(before);
console.log(JSON.stringify({ ...result, scrapeMicros: Math.round((scrape.user + scrape.system) / SCRAPES), scrapeBytes: bytes, shards: SHARDS }));
