import { Registry, collectDefaultMetrics, type Metric } from 'prom-client';
import { CounterChild, GaugeChild, HistogramChild } from './metric-children.ts';
import type {
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  LabelSpecs,
  LabelValues,
  MetricCatalogue,
  MetricDefinition,
} from './metric-definition.ts';

export { CounterChild, GaugeChild, HistogramChild } from './metric-children.ts';

/** Shard numbers in labels stay below this, whatever a topic's partition count may be. */
export const MAX_SHARD_LABELS = 4_096;

/** All metrics of a process. One is made at its start and passed in; there is no global one. */
export type MetricsRegistry = Registry;

/** @param options.processMetrics CPU, memory, event loop and garbage collection of the process, on by default. */
export function createMetricsRegistry(options: { readonly processMetrics?: boolean } = {}): MetricsRegistry {
  const registry = new Registry();
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  return registry;
}

type ChildArguments<L extends LabelSpecs> = keyof L extends never ? [] : [labels: LabelValues<L>];

/** A metric with its labels still open. Take a child once, where the labels are known, and keep it. */
export interface MetricFamily<D extends MetricDefinition, Child> {
  readonly definition: D;
  /** The same labels answer the same child. @throws RangeError for a label value outside the closed list. */
  child(...labels: ChildArguments<D['labels']>): Child;
  /** Runs `read` before every scrape, for values that are cheaper to ask for than to keep. It must not throw. */
  beforeScrape(read: () => void | Promise<void>): void;
}

export type FamilyOf<D extends MetricDefinition> = D extends CounterDefinition
  ? MetricFamily<D, CounterChild>
  : D extends GaugeDefinition
    ? MetricFamily<D, GaugeChild>
    : D extends HistogramDefinition
      ? MetricFamily<D, HistogramChild>
      : never;

export type Metrics<C extends MetricCatalogue> = { readonly [K in keyof C]: FamilyOf<C[K]> };

/**
 * Puts every metric of a catalogue (see `defineMetrics`) into the registry and answers a family for each, by its key.
 * Counters and histograms whose labels are all closed lists start with every series at zero, so that `rate()` sees
 * the first increment.
 *
 * @throws Error when the registry has a metric of that name.
 */
export function registerMetrics<C extends MetricCatalogue>(registry: MetricsRegistry, catalogue: C): Metrics<C> {
  const families: Record<string, unknown> = {};
  for (const [key, definition] of Object.entries(catalogue)) families[key] = registerFamily(registry, definition);
  return families as Metrics<C>;
}

/**
 * The shard is somebody else's now: gauges of the catalogue that carry its number are not exposed until they are set
 * again. Counters and histograms stay; they are sums over the life of the process.
 */
export function forgetShard(metrics: Metrics<MetricCatalogue>, shard: number): void {
  for (const family of Object.values(metrics)) {
    if (family instanceof Family && 'shard' in family.definition.labels) family.clearGauges('shard', String(shard));
  }
}

function registerFamily(registry: MetricsRegistry, definition: MetricDefinition): unknown {
  switch (definition.type) {
    case 'counter':
      return new Family(registry, definition, () => new CounterChild(), counterSamples);
    case 'gauge':
      return new Family(registry, definition, () => new GaugeChild(), gaugeSamples);
    case 'histogram': {
      const bounds = Float64Array.from(definition.buckets);
      return new Family(registry, definition, () => new HistogramChild(bounds), histogramSamples(definition));
    }
  }
}

interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

type Labels = Readonly<Record<string, string>>;

class Family<Child> {
  readonly definition: MetricDefinition;
  readonly #children = new Map<string, { readonly labels: Labels; readonly child: Child }>();
  readonly #create: () => Child;
  readonly #readers: (() => void | Promise<void>)[] = [];

  constructor(
    registry: MetricsRegistry,
    definition: MetricDefinition,
    create: () => Child,
    samplesOf: (child: Child, labels: Labels, name: string) => Sample[],
  ) {
    this.definition = definition;
    this.#create = create;
    const { name, help, type } = definition;
    const collected = {
      name,
      help,
      type,
      aggregator: 'sum',
      get: async () => {
        for (const read of this.#readers) await read();
        const values = [...this.#children.values()].flatMap(({ child, labels }) => samplesOf(child, labels, name));
        return { name, help, type, values, aggregator: 'sum' };
      },
      reset: () => this.#children.clear(),
    };
    // The registry asks a metric for nothing but its name and `get()`; its type names the library's own classes,
    // whose storage is what is replaced here (see metric-children.ts).
    registry.registerMetric(collected as unknown as Metric);
    if (type !== 'gauge') this.#startAtZero();
  }

  child(labels: Readonly<Record<string, string | number>> = {}): Child {
    const checked = checkedLabels(this.definition, labels);
    const id = Object.values(checked).join('\u0000');
    let entry = this.#children.get(id);
    if (entry === undefined) {
      entry = { labels: checked, child: this.#create() };
      this.#children.set(id, entry);
    }
    return entry.child;
  }

  beforeScrape(read: () => void | Promise<void>): void {
    this.#readers.push(read);
  }

  clearGauges(label: string, value: string): void {
    for (const { child, labels } of this.#children.values()) {
      if (child instanceof GaugeChild && labels[label] === value) child.clear();
    }
  }

  #startAtZero(): void {
    let combinations: Record<string, string>[] = [{}];
    for (const [label, spec] of Object.entries(this.definition.labels)) {
      if (spec === 'shard') return;
      combinations = combinations.flatMap((labels) => spec.map((value) => ({ ...labels, [label]: value })));
    }
    for (const labels of combinations) this.child(labels);
  }
}

/** The labels in the order of the definition, as text. */
function checkedLabels(definition: MetricDefinition, labels: Readonly<Record<string, string | number>>): Labels {
  const checked: Record<string, string> = {};
  for (const [label, spec] of Object.entries(definition.labels)) {
    const value = labels[label];
    if (spec === 'shard') {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= MAX_SHARD_LABELS) {
        const allowed = `a whole number from 0 to ${MAX_SHARD_LABELS - 1}`;
        throw new RangeError(`${definition.name}: shard must be ${allowed}, found ${value}`);
      }
    } else if (typeof value !== 'string' || !spec.includes(value)) {
      const allowed = `one of ${spec.join(', ')}`;
      throw new RangeError(`${definition.name}: ${label} must be ${allowed}; found ${value}. A new case belongs into the definition`);
    }
    checked[label] = String(value);
  }
  return checked;
}

function counterSamples(child: CounterChild, labels: Labels): Sample[] {
  return [{ labels, value: child.total }];
}

function gaugeSamples(child: GaugeChild, labels: Labels): Sample[] {
  return child.value === undefined ? [] : [{ labels, value: child.value }];
}

function histogramSamples(definition: HistogramDefinition): (child: HistogramChild, labels: Labels, name: string) => Sample[] {
  const bounds: (number | string)[] = [...definition.buckets, '+Inf'];
  return (child, labels, name) => {
    let cumulated = 0;
    const samples: Sample[] = bounds.map((le, i) => {
      cumulated += child.counts[i] ?? 0;
      return { labels: { le, ...labels }, value: cumulated, metricName: `${name}_bucket` };
    });
    samples.push({ labels, value: child.sum, metricName: `${name}_sum` });
    samples.push({ labels, value: cumulated, metricName: `${name}_count` });
    return samples;
  };
}
