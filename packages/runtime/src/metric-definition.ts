/**
 * Metrics are declared as data, so that the catalogue in the docs, the bound on the number of series and the handles
 * in the code come from one place.
 */

/** A label takes one of a closed list of values, or is the number of a shard. Nothing that grows with users or items. */
export type LabelSpec = readonly string[] | 'shard';

export type LabelSpecs = Readonly<Record<string, LabelSpec>>;

export const METRIC_UNITS = ['seconds', 'bytes', 'ratio', 'count', 'timestamp_seconds', 'info'] as const;

/** `count` counts the things that the name says; `ratio` is 0 to 1; `info` is always 1 and carries labels. */
export type MetricUnit = (typeof METRIC_UNITS)[number];

interface MetricBase {
  /** `millrace_…`, base unit at the end, counters end in `_total`. */
  readonly name: string;
  /** One sentence, as Prometheus shows it: what is measured. */
  readonly help: string;
  readonly unit: MetricUnit;
  readonly labels: LabelSpecs;
  /** What the figure tells somebody on call, and what to do about it. */
  readonly doc: string;
}

export interface CounterDefinition extends MetricBase {
  readonly type: 'counter';
}

export interface GaugeDefinition extends MetricBase {
  readonly type: 'gauge';
}

export interface HistogramDefinition extends MetricBase {
  readonly type: 'histogram';
  /** Upper bounds, ascending, in the metric's unit; `+Inf` is added. */
  readonly buckets: readonly number[];
}

export type MetricDefinition = CounterDefinition | GaugeDefinition | HistogramDefinition;

export type MetricCatalogue = Readonly<Record<string, MetricDefinition>>;

/** Values for the labels of a definition: a word of its list, or the shard's number. */
export type LabelValues<L extends LabelSpecs> = {
  readonly [K in keyof L]: L[K] extends readonly string[] ? L[K][number] : number;
};

/** Latencies from event to output and times of a step: 0.5 ms to 30 s. */
export const DURATION_BUCKETS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

/** Sizes of batches and the like: 1 to 10,000. */
export const SIZE_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000] as const;

const METRIC_NAME = /^millrace_[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const LABEL_NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const RESERVED_LABELS = new Set(['le', 'quantile', 'job', 'instance']);
const MAX_LABEL_VALUES = 40;
const MAX_BUCKETS = 24;

/**
 * Checks a catalogue of metrics and answers it as it is, with its literal types.
 *
 * @throws Error that lists everything wrong with it: a name against Prometheus' conventions, a label without bound, two
 * metrics of one name, buckets that do not ascend, a missing text.
 */
export function defineMetrics<const C extends MetricCatalogue>(catalogue: C): C {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const [key, definition] of Object.entries(catalogue)) {
    if (names.has(definition.name)) problems.push(`${key}: the name ${definition.name} is taken already`);
    names.add(definition.name);
    for (const problem of definitionProblems(definition)) problems.push(`${key}: ${problem}`);
  }
  if (problems.length > 0) throw new Error(`These metrics cannot be:\n  ${problems.join('\n  ')}`);
  return catalogue;
}

function definitionProblems(definition: MetricDefinition): string[] {
  const { name, unit, type } = definition;
  const problems: string[] = [];
  if (!METRIC_NAME.test(name)) problems.push(`the name ${name} must be millrace_ and lower-case words joined by _`);
  if ((type === 'counter') !== name.endsWith('_total')) problems.push(`${name}: counters, and only they, end in _total`);
  const stem = name.replace(/_total$/, '');
  if (unit !== 'count' && !stem.endsWith(`_${unit}`)) problems.push(`${name} must name its unit at the end: _${unit}`);
  if (definition.help.trim() === '' || definition.doc.trim() === '') problems.push('help and doc must both say something');
  for (const [label, spec] of Object.entries(definition.labels)) {
    if (!LABEL_NAME.test(label) || RESERVED_LABELS.has(label)) problems.push(`the label name ${label} cannot be used`);
    if ((spec === 'shard') !== (label === 'shard')) problems.push(`the label ${label}: shard numbers, and only they, are called shard`);
    if (spec === 'shard') continue;
    if (spec.length === 0 || new Set(spec).size !== spec.length) problems.push(`the label ${label} needs a list of distinct values`);
    if (spec.length > MAX_LABEL_VALUES) problems.push(`the label ${label} has ${spec.length} values, ${MAX_LABEL_VALUES} are allowed`);
  }
  if (definition.type === 'histogram') problems.push(...bucketProblems(definition.buckets));
  return problems;
}

function bucketProblems(buckets: readonly number[]): string[] {
  if (buckets.length === 0 || buckets.length > MAX_BUCKETS) return [`a histogram has 1 to ${MAX_BUCKETS} buckets, found ${buckets.length}`];
  const ascending = buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > (buckets[i - 1] ?? bound)));
  return ascending ? [] : ['buckets must be finite and ascend'];
}

/** The greatest number of series that one process can expose for this metric when it owns `shards` shards. */
export function seriesBound(definition: MetricDefinition, shards: number): number {
  let children = 1;
  for (const spec of Object.values(definition.labels)) children *= spec === 'shard' ? shards : spec.length;
  // A histogram has a series per bucket, and +Inf, sum and count.
  return definition.type === 'histogram' ? children * (definition.buckets.length + 3) : children;
}
