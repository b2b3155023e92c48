/**
 * Pictures as inline SVG. Colours are CSS variables of the page (`--s0`, `--s1`, … for the series, `--ink`, `--grid`), so
 * one picture serves light, dark and print. Every mark has a title that a pointer or a screen reader finds.
 */

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Number of its colour. */
  readonly series: number;
}

export interface Line {
  readonly label: string;
  readonly values: readonly number[];
  /** Ends of the interval at each value, where there is one. */
  readonly intervals?: readonly (readonly [low: number, high: number])[] | undefined;
  readonly series: number;
  readonly dashed?: boolean | undefined;
}

export interface LineChart {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** A label for each value, or for some of them; empty for none. */
  readonly xLabels: readonly string[];
  readonly lines: readonly Line[];
}

const WIDTH = 560;
const BAR_HEIGHT = 28;
const LABEL_WIDTH = 92;
const VALUE_WIDTH = 60;

/** Horizontal bars with the interval of each as a whisker. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const top = 8;
  const height = top + bars.length * BAR_HEIGHT + 22;
  const scale = niceScale(Math.max(...bars.map(({ high, value }) => (Number.isNaN(high) ? value : high))));
  const room = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
  const x = (value: number): number => LABEL_WIDTH + (value / scale.end) * room;
  const bottom = top + bars.length * BAR_HEIGHT;
  const grid = scale.ticks.map((tick) => `<line class="grid" x1="${n(x(tick))}" x2="${n(x(tick))}" y1="${top}" y2="${bottom}"/><text class="tick" x="${n(x(tick))}" y="${bottom + 15}" text-anchor="middle">${tickText(tick)}</text>`);
  const marks = bars.map(({ label, value, low, high, series }, index) => {
    const y = top + index * BAR_HEIGHT;
    const middle = y + BAR_HEIGHT / 2;
    const end = Math.max(x(value), Number.isNaN(high) ? 0 : x(high));
    return `<g><title>${escapeText(`${label}: ${value.toFixed(4)} (95 % ${low.toFixed(4)} to ${high.toFixed(4)})`)}</title>
<text class="label" x="${LABEL_WIDTH - 8}" y="${middle + 4}" text-anchor="end">${escapeText(label)}</text>
<rect x="${LABEL_WIDTH}" y="${y + 5}" width="${n(Math.max(0, x(value) - LABEL_WIDTH))}" height="${BAR_HEIGHT - 10}" rx="2" fill="var(--s${series})"/>
<path class="whisker" d="M${n(x(low))} ${middle}H${n(x(high))}M${n(x(low))} ${middle - 4}v8M${n(x(high))} ${middle - 4}v8"/>
<text class="value" x="${n(end + 6)}" y="${middle + 4}">${value.toFixed(4)}</text></g>`;
  });
  return svg(title, WIDTH, height, [...grid, ...marks].join('\n'));
}

/** Lines over a common axis, with whiskers where there are intervals. Its legend stands below. */
export function lineChart({ title, xTitle, yTitle, xLabels, lines }: LineChart): string {
  const height = 320;
  const [left, right, top, bottom] = [46, WIDTH - 24, 14, height - 44];
  const highest = Math.max(...lines.flatMap(({ values, intervals }) => [...values, ...(intervals ?? []).map(([, high]) => high)]).filter((value) => !Number.isNaN(value)));
  const scale = niceScale(highest);
  const last = Math.max(1, ...lines.map(({ values }) => values.length - 1));
  // A little room at both ends, where whiskers of the first and last value stand.
  const inset = lines.some(({ intervals }) => intervals !== undefined) ? 24 : 0;
  const x = (index: number): number => left + inset + (index / last) * (right - left - 2 * inset);
  const y = (value: number): number => bottom - (value / scale.end) * (bottom - top);
  const grid = scale.ticks.map((tick) => `<line class="grid" x1="${left}" x2="${right}" y1="${n(y(tick))}" y2="${n(y(tick))}"/><text class="tick" x="${left - 6}" y="${n(y(tick) + 4)}" text-anchor="end">${tickText(tick)}</text>`);
  const labels = xLabels.map((label, index) => (label === '' ? '' : `<text class="tick" x="${n(x(index))}" y="${bottom + 16}" text-anchor="middle">${escapeText(label)}</text>`));
  const titles = `<text class="axis" x="${(left + right) / 2}" y="${height - 6}" text-anchor="middle">${escapeText(xTitle)}</text><text class="axis" transform="translate(11 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeText(yTitle)}</text>`;
  const drawn = lines.map(({ label, values, intervals, series, dashed }, number) => {
    // Whiskers of several lines at one place stand side by side.
    const shift = intervals === undefined ? 0 : (number - (lines.length - 1) / 2) * 4;
    const path = values.map((value, index) => `${index === 0 ? 'M' : 'L'}${n(x(index) + shift)} ${n(y(value))}`).join('');
    const whiskers = (intervals ?? []).map(([low, high], index) => `M${n(x(index) + shift)} ${n(y(low))}V${n(y(high))}`).join('');
    const dots = intervals === undefined ? '' : values.map((value, index) => `<circle cx="${n(x(index) + shift)}" cy="${n(y(value))}" r="3" fill="var(--s${series})"><title>${escapeText(`${label}, ${xLabels[index] ?? ''}: ${value.toFixed(4)}`)}</title></circle>`).join('');
    return `<g><title>${escapeText(label)}</title><path class="line" d="${path}" stroke="var(--s${series})"${dashed === true ? ' stroke-dasharray="5 4"' : ''}/>${whiskers === '' ? '' : `<path class="line thin" d="${whiskers}" stroke="var(--s${series})"/>`}${dots}</g>`;
  });
  const legend = lines.map(({ label, series, dashed }) => `<span><svg width="22" height="10" aria-hidden="true"><path class="line" d="M1 5H21" stroke="var(--s${series})"${dashed === true ? ' stroke-dasharray="5 4"' : ''}/></svg>${escapeText(label)}</span>`);
  return `${svg(title, WIDTH, height, [...grid, ...labels, titles, ...drawn].join('\n'))}<p class="legend">${legend.join(' ')}</p>`;
}

/** From 0 to a round number, with four to six round steps. */
export function niceScale(highest: number): { readonly end: number; readonly ticks: readonly number[] } {
  if (!(highest > 0)) return { end: 1, ticks: [0, 0.5, 1] };
  const rough = highest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999)!;
  const steps = Math.ceil(highest / step - 1e-9);
  return { end: steps * step, ticks: Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(6))) };
}

export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function svg(title: string, width: number, height: number, content: string): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">\n${content}\n</svg>`;
}

function tickText(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Coordinates to a tenth of a pixel. */
function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}
