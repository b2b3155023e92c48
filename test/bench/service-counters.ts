/** What the services say of a part at its end. */

/** One sample of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What the counters of one service add up to. */
export interface ServiceCounters {
  readonly records: number;
  readonly batches: number;
  readonly redoBatches: number;
  readonly recordsPerBatch: number;
  readonly lists: number;
  readonly deadLetters: number;
  readonly drops: number;
  readonly alarms: number;
  /** By note, without those that are 0. */
  readonly notes: Readonly<Record<string, number>>;
  /** Seconds in all, by step of a batch. */
  readonly stepSeconds: Readonly<Record<string, number>>;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Reads the text of /metrics; comments and what is no number are left out. */
export function parseSamples(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const match = line.startsWith('#') ? null : SAMPLE.exec(line);
    if (match === null || !Number.isFinite(Number(match[3]))) continue;
    const labels = Object.fromEntries([...(match[2] ?? '').matchAll(LABEL)].map(([, name, value]) => [name!, value!]));
    samples.push({ name: match[1]!, labels, value: Number(match[3]) });
  }
  return samples;
}

/** How much each sample has grown; of use for counters only. */
export function samplesBetween(before: readonly Sample[], after: readonly Sample[]): Sample[] {
  const earlier = new Map(before.map((sample) => [keyOf(sample), sample.value]));
  return after.map((sample) => ({ ...sample, value: sample.value - (earlier.get(keyOf(sample)) ?? 0) }));
}

function keyOf({ name, labels }: Sample): string {
  return JSON.stringify([name, labels]);
}

/** Adds up what a service counted. */
export function countersOf(samples: readonly Sample[]): ServiceCounters {
  const of = (name: string): readonly Sample[] => samples.filter((sample) => sample.name === name);
  const sum = (list: readonly Sample[]): number => list.reduce((total, { value }) => total + value, 0);
  const byLabel = (name: string, label: string): Record<string, number> =>
    Object.fromEntries(of(name).filter(({ value }) => value !== 0).map(({ labels, value }) => [labels[label] ?? '', value]));
  const batches = sum(of('millrace_batches_total'));
  const records = sum(of('millrace_records_total'));
  return {
    records,
    batches,
    redoBatches: sum(of('millrace_batches_total').filter(({ labels }) => labels['kind'] === 'redo')),
    recordsPerBatch: batches === 0 ? 0 : records / batches,
    lists: sum(of('millrace_lists_published_total')),
    deadLetters: sum(of('millrace_dead_letters_total')),
    drops: sum(of('millrace_shard_drops_total')),
    alarms: sum(of('millrace_shard_alarms_total')),
    notes: byLabel('millrace_notes_total', 'note'),
    stepSeconds: byLabel('millrace_batch_step_duration_seconds_sum', 'step'),
  };
}

/** Why a measurement does not count: each of these means that something was done twice, waited, or was left out. */
export function faultsOf(service: string, counters: ServiceCounters): string[] {
  const faults = [
    [counters.alarms, 'alarms'],
    [counters.drops, 'dropped shards'],
    [counters.redoBatches, 'batches done again'],
    [counters.deadLetters, 'dead letters'],
  ] as const;
  return faults.filter(([count]) => count > 0).map(([count, what]) => `${service}: ${count} ${what}`);
}
