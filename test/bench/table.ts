import type { Figure } from './figures.ts';
import type { PartName } from './result.ts';

export interface TableOptions {
  /** Figures of an earlier run; put beside those of the same part and name. */
  readonly earlier?: readonly Figure[] | undefined;
  /** What a part is called. */
  readonly titles: Partial<Record<PartName, string>>;
  /** Why a part's figures do not count. */
  readonly invalid: Partial<Record<PartName, readonly string[]>>;
}

/** The figures as lines for people: part by part, targets and earlier figures beside them. */
export function renderTable(figures: readonly Figure[], { earlier, titles, invalid }: TableOptions): string {
  const rows = figures.map((figure) => [`  ${figure.name}`, formatValue(figure.value), figure.unit, ...besides(figure, earlier), targetOf(figure)]);
  const widths = rows.reduce<number[]>((widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, cell.length)), []);
  const lines: string[] = [];
  let part: PartName | undefined;
  figures.forEach((figure, i) => {
    if (figure.part !== part) {
      part = figure.part;
      if (lines.length > 0) lines.push('');
      lines.push(titles[part] === undefined ? part : `${part}: ${titles[part]}`);
      for (const reason of invalid[part] ?? []) lines.push(`  DOES NOT COUNT: ${reason}`);
    }
    lines.push(rows[i]!.map((cell, column) => (isNumeric(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ').trimEnd());
  });
  return lines.join('\n');
}

/** Three digits or the whole part, whichever is more. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

const VALUE_COLUMN = 1;
function isNumeric(column: number): boolean {
  return column === VALUE_COLUMN;
}

function besides({ part, name, value }: Figure, earlier: readonly Figure[] | undefined): string[] {
  if (earlier === undefined) return [];
  const before = earlier.find((other) => other.part === part && other.name === name)?.value;
  if (before === undefined) return ['new'];
  return [`was ${formatValue(before)}${before === 0 ? '' : `, × ${(value / before).toFixed(2)}`}`];
}

function targetOf({ target, unit }: Figure): string {
  if (target === undefined) return '';
  return `at most ${target.atMost} ${unit}: ${target.isMet ? 'met' : 'missed'}`;
}
