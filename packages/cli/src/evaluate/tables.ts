import { CASE_METRICS, type CaseMetric, type Estimate } from '@millrace/algorithms';
import type { Evaluation, ModelSummary } from './summary.ts';

/** Short names of the metrics, as the literature writes them. */
export const METRIC_LABELS: Readonly<Record<CaseMetric, string>> = {
  hitRate: 'HR', mrr: 'MRR', ndcg: 'nDCG', precision: 'P', recall: 'R', f1: 'F1', map: 'MAP',
};

export interface ListMeasure {
  readonly name: string;
  readonly label: string;
  readonly doc: string;
  readonly value: (model: ModelSummary) => number;
}

/** What the lists are like, whether they were right or not, and what they cost. */
export const LIST_MEASURES: readonly ListMeasure[] = [
  { name: 'coverage', label: 'Coverage', doc: 'share of all items that were ever recommended', value: ({ lists }) => lists.coverage },
  { name: 'novelty', label: 'Novelty', doc: 'mean self-information of a recommended item, bits', value: ({ lists }) => lists.novelty },
  { name: 'diversity', label: 'Diversity', doc: '1 − similarity of two items of a list', value: ({ lists }) => lists.diversity },
  { name: 'personalisation', label: 'Personal', doc: '1 − what two lists have in common', value: ({ lists }) => lists.personalisation },
  { name: 'gini', label: 'Gini', doc: 'concentration on few items: 0 none, 1 a single one', value: ({ lists }) => lists.gini },
  { name: 'longTailShare', label: 'Long tail', doc: 'share of places for items outside the most viewed fifth', value: ({ lists }) => lists.longTailShare },
  { name: 'latencyP50Us', label: 'p50 µs', doc: 'one ranking, median', value: ({ latencyUs }) => latencyUs.p50 },
  { name: 'latencyP99Us', label: 'p99 µs', doc: 'one ranking, 99th percentile', value: ({ latencyUs }) => latencyUs.p99 },
];

/** Every figure on a line of its own: model, metric, bucket of visit length (or all), value, ends of the interval, cases. */
export function csvOf({ models, k }: Evaluation): string {
  const rows: (readonly (string | number)[])[] = [['model', 'metric', 'views', 'value', 'low', 'high', 'cases']];
  const add = (model: string, metric: string, views: string, { mean, low, high }: Estimate, cases: number): void => {
    rows.push([model, metric, views, mean, low, high, cases]);
  };
  for (const model of models) {
    for (const metric of CASE_METRICS) add(model.name, `${METRIC_LABELS[metric]}@${k}`, 'all', model.metrics[metric], model.cases);
    for (const { label, cases, hitRate, mrr } of model.byLength) {
      add(model.name, `HR@${k}`, label, hitRate, cases);
      add(model.name, `MRR@${k}`, label, mrr, cases);
    }
    for (const { name, value } of LIST_MEASURES) rows.push([model.name, name, 'all', value(model), '', '', model.cases]);
  }
  return `${rows.map((row) => row.map(csvField).join(',')).join('\n')}\n`;
}

function csvField(value: string | number): string {
  const text = typeof value === 'number' && Number.isNaN(value) ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The tables for the terminal. */
export function textOf({ models, comparisons, k }: Evaluation): string[] {
  const accuracy = [
    ['model', 'cases', ...CASE_METRICS.map((metric) => `${METRIC_LABELS[metric]}@${k}`), `HR@${k} 95 %`],
    ...models.map(({ name, cases, metrics }) => {
      return [name, cases.toLocaleString('en'), ...CASE_METRICS.map((metric) => fixed(metrics[metric].mean)), `${fixed(metrics.hitRate.low)} – ${fixed(metrics.hitRate.high)}`];
    }),
  ];
  const lists = [['model', ...LIST_MEASURES.map(({ label }) => label)], ...models.map((model) => [model.name, ...LIST_MEASURES.map(({ value }) => short(value(model)))])];
  const differences = [
    ['compared', 'metric', 'difference', '95 %', 'p'],
    ...comparisons.map(({ first, second, metric, difference, pValue }) => {
      return [`${second} − ${first}`, `${METRIC_LABELS[metric]}@${k}`, signed(difference.mean), `${signed(difference.low)} … ${signed(difference.high)}`, probability(pValue)];
    }),
  ];
  return [...aligned(accuracy), '', ...aligned(lists), ...(comparisons.length === 0 ? [] : ['', ...aligned(differences)])];
}

/** Columns side by side, the first to the left and the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ').trimEnd());
}

export function fixed(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(4);
}

export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${fixed(Math.abs(value))}`;
}

export function short(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 3);
}

export function probability(pValue: number): string {
  return pValue < 0.001 ? `≤ ${pValue.toFixed(4)}` : pValue.toFixed(3);
}
