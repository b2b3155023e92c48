import { CASE_METRICS, type CaseMetric } from '@millrace/algorithms';
import { barChart, escapeText, lineChart } from './charts.ts';
import type { Evaluation } from './summary.ts';
import { fixed, LIST_MEASURES, METRIC_LABELS, probability, short, signed } from './tables.ts';

/** A page of its own: no script, no font, no picture from anywhere. Follows the reader's light or dark, prints on paper. */
export function htmlReport(evaluation: Evaluation): string {
  const { dataSet, kind, mode, protocol, k, items, views, models, conditions } = evaluation;
  const title = `How good are the recommendations? ${dataSet}`;
  const cases = models[0]?.cases ?? 0;
  const sections = [
    section('Accuracy', `<div class="pair">${accuracyChart(evaluation, 'hitRate')}${accuracyChart(evaluation, 'mrr')}</div>${accuracyTable(evaluation)}`),
    section('Is the difference real?', comparisonTable(evaluation)),
    section(kind === 'orders' ? 'By items in the basket' : 'By views so far', lengthChart(evaluation)),
    mode === 'streaming' ? section('While it learns', streamChart(evaluation)) : '',
    section('What is recommended', `${popularityChart(evaluation)}${listTable(evaluation)}`),
    section('How it was measured', `<ul>${protocol.map((sentence) => `<li>${escapeText(sentence)}</li>`).join('')}<li>${escapeText(modeSentence(mode))}</li><li>Intervals: 95 %, by drawing whole ${kind === 'orders' ? 'orders' : 'visits'} with replacement; p: two-sided sign-flip permutation test. Seed ${evaluation.seed}.</li></ul>${settingsTable(evaluation)}`),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeText(title)}</h1>
<p>${cases.toLocaleString('en')} lists of ${k}, ${items.toLocaleString('en')} items, ${views.toLocaleString('en')} ${kind === 'orders' ? 'purchases' : 'views'} learned; ${mode}.</p>
</header>
<main>
${sections.join('\n')}
</main>
<footer>${Object.entries(conditions).map(([name, value]) => `${escapeText(name)} ${escapeText(String(value))}`).join(' · ')}</footer>
</body>
</html>
`;
}

function modeSentence(mode: Evaluation['mode']): string {
  if (mode === 'split') return 'The held-out part was tested with everything frozen: nothing of it was learned.';
  return 'Prequential: every list was made before its event was learned, in one pass over the whole stream.';
}

function section(title: string, content: string): string {
  return content === '' ? '' : `<section><h2>${title}</h2>\n${content}</section>`;
}

function accuracyChart({ models, k }: Evaluation, metric: CaseMetric): string {
  const name = `${METRIC_LABELS[metric]}@${k}`;
  const bars = models.map(({ name: label, metrics }, series) => ({ label, value: metrics[metric].mean, low: metrics[metric].low, high: metrics[metric].high, series }));
  return `<figure><figcaption>${name}</figcaption>${barChart(name, bars)}</figure>`;
}

function accuracyTable({ models, k }: Evaluation): string {
  const head = ['Model', ...CASE_METRICS.map((metric) => `${METRIC_LABELS[metric]}@${k}`)];
  return table(head, models.map(({ name, metrics }) => [name, ...CASE_METRICS.map((metric) => fixed(metrics[metric].mean))]));
}

/** One row a model, because the reader asks about models; a cell a metric. */
function comparisonTable({ comparisons, k }: Evaluation): string {
  if (comparisons.length === 0) return '';
  const metrics = [...new Set(comparisons.map(({ metric }) => metric))];
  const pairs = [...new Set(comparisons.map(({ first, second }) => `${second} − ${first}`))];
  const rows = pairs.map((pair) => {
    const cells = comparisons.filter(({ first, second }) => `${second} − ${first}` === pair).flatMap(({ difference, pValue }) => {
      return [signed(difference.mean), `${signed(difference.low)} … ${signed(difference.high)}`, probability(pValue)];
    });
    return [pair, ...cells];
  });
  return table(['On the same cases', ...metrics.flatMap((metric) => [`${METRIC_LABELS[metric]}@${k}`, '95 %', 'p'])], rows);
}

function lengthChart({ models, k, kind }: Evaluation): string {
  const labels = models[0]?.byLength.map(({ label }) => label) ?? [];
  if (labels.length < 2) return '';
  const title = `HR@${k} by ${kind === 'orders' ? 'items in the basket' : 'views so far'}`;
  const lines = models.map(({ name, byLength }, series) => ({
    label: name,
    values: byLength.map(({ hitRate }) => hitRate.mean),
    intervals: byLength.map(({ hitRate }) => [hitRate.low, hitRate.high] as const),
    series,
  }));
  const cases = models[0]!.byLength.map(({ label, cases: count }) => `${label}: ${count.toLocaleString('en')}`).join(' · ');
  const xTitle = kind === 'orders' ? 'other items of the order' : 'views of the visit before the list';
  return `<figure>${lineChart({ title, xTitle, yTitle: `HR@${k}`, xLabels: labels, lines })}<p class="note">Cases: ${cases}</p></figure>`;
}

function streamChart({ models, k }: Evaluation): string {
  const lines = models.map(({ name, byTenth }, series) => ({ label: name, values: byTenth, series }));
  const xLabels = Array.from({ length: 10 }, (_, index) => `${(index + 1) * 10} %`);
  return `<figure>${lineChart({ title: `HR@${k} along the stream`, xTitle: 'part of the stream', yTitle: `HR@${k}`, xLabels, lines })}</figure>`;
}

function popularityChart({ models, viewConcentration, kind }: Evaluation): string {
  const last = viewConcentration.length - 1;
  const xLabels = viewConcentration.map((_, index) => ((index / last) * 100) % 20 === 0 ? `${(index / last) * 100} %` : '');
  const lines = [
    ...models.map(({ name, concentration }, series) => ({ label: name, values: concentration, series })),
    { label: kind === 'orders' ? 'purchases learned' : 'views learned', values: viewConcentration, series: models.length, dashed: true },
  ];
  const chart = lineChart({ title: 'Share of all places by items', xTitle: 'items, the most recommended first', yTitle: 'share of all places', xLabels, lines });
  return `<figure>${chart}<p class="note">The steeper a curve rises, the fewer items get all the places.</p></figure>`;
}

function listTable({ models }: Evaluation): string {
  const rows = models.map((model) => [model.name, ...LIST_MEASURES.map(({ value }) => short(value(model)))]);
  const legend = LIST_MEASURES.map(({ label, doc }) => `<b>${label}</b> ${escapeText(doc)}`).join('; ');
  return `${table(['Model', ...LIST_MEASURES.map(({ label }) => label)], rows)}<p class="note">${legend}.</p>`;
}

function settingsTable({ models }: Evaluation): string {
  const rows = models.map(({ name, settings }) => [name, Object.entries(settings).map(([key, value]) => `${key} ${value}`).join(', ') || 'none']);
  return table(['Model', 'Settings'], rows, 'words');
}

function table(head: readonly string[], rows: readonly (readonly string[])[], kind = ''): string {
  const headCells = head.map((cell) => `<th scope="col">${escapeText(cell)}</th>`).join('');
  const bodyRows = rows.map(([first, ...cells]) => `<tr><th scope="row">${escapeText(first!)}</th>${cells.map((cell) => `<td>${escapeText(cell)}</td>`).join('')}</tr>`);
  return `<div class="scroll"><table class="${kind}"><thead><tr>${headCells}</tr></thead><tbody>${bodyRows.join('\n')}</tbody></table></div>`;
}

/** Series colours are Okabe and Ito's, told apart by colour-blind readers too; the product has the strongest. */
const STYLE = `
:root{--ink:#1b1f24;--soft:#57606a;--paper:#fff;--grid:#d8dee4;--s0:#0060b0;--s1:#8c959f;--s2:#7a5c3e;--s3:#009e73;--s4:#d55e00;--s5:#e69f00;--s6:#56b4e9;--s7:#cc3377;--s8:#1b1f24}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b3;--paper:#0d1117;--grid:#30363d;--s0:#4da3ff;--s1:#8b949e;--s2:#c8a06a;--s3:#2fc79a;--s4:#ff8a4c;--s5:#f2c14e;--s6:#8fd3ff;--s7:#ff7ab0;--s8:#e6edf3}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1180px;padding:24px 20px 40px;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 4px}h2{font-size:1.15rem;margin:32px 0 10px}
header p,footer,.note{color:var(--soft);margin:4px 0}footer{margin-top:36px;border-top:1px solid var(--grid);padding-top:10px;font-size:.85rem}
.note{font-size:.875rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:8px 28px}
figure{margin:0 0 14px;max-width:720px}figcaption{font-weight:600;margin-bottom:2px}
figure>svg{width:100%;height:auto;display:block}
svg text{font:12px system-ui,sans-serif;fill:var(--soft)}svg .label,svg .value{fill:var(--ink)}
.grid{stroke:var(--grid)}.line{fill:none;stroke-width:2}.line.thin{stroke-width:1;opacity:.7}.whisker{stroke:var(--ink);fill:none}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;margin:4px 0 0;font-size:.875rem}.legend span{display:inline-flex;align-items:center;gap:6px}
.scroll{overflow-x:auto;margin-top:8px}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:4px 12px 4px 0;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}
th:first-child{text-align:left;font-weight:600}thead th{color:var(--soft);font-weight:600}
.words td,.words th{text-align:left;white-space:normal;vertical-align:top}
@media print{@page{margin:14mm}.pair{grid-template-columns:1fr 1fr}:root{--ink:#000;--soft:#444;--paper:#fff;--grid:#ccc;--s0:#0060b0;--s1:#8c959f;--s2:#7a5c3e;--s3:#009e73;--s4:#d55e00;--s5:#e69f00;--s6:#56b4e9;--s7:#cc3377;--s8:#000}
body{max-width:none;padding:0;font-size:11pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}figure,tr{break-inside:avoid}h2{break-after:avoid}.scroll{overflow:visible}table{font-size:8pt}th,td{padding-right:7px;white-space:normal}}
`;
