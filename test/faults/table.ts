import type { ScenarioResult } from './run-scenario.ts';
import type { Scenario } from './scenarios/scenario.ts';

const HEADER = ['scenario', 'arrangement', 'runs', 'injected', 'events', 'recovered in', 'lost', 'doubled', ''];
const FIRST_NUMBER = 2;
const LAST_NUMBER = 7;

/** One row a scenario, its worlds together; what was wrong follows below. */
export function renderFaults(scenarios: readonly Scenario[], results: readonly ScenarioResult[]): string {
  const rows = [HEADER];
  const footnotes: string[] = [];
  for (const scenario of scenarios) {
    const runs = results.filter((result) => result.scenario === scenario.name);
    if (runs.length === 0) continue;
    const sum = (of: (run: ScenarioResult) => number): string => String(runs.reduce((total, run) => total + of(run), 0));
    const bad = runs.filter(({ problems }) => problems.length > 0);
    rows.push([
      scenario.name,
      arrangementOf(scenario),
      String(runs.length),
      sum(({ injected }) => injected),
      sum(({ events }) => events),
      recoveryOf(runs),
      sum(({ lost }) => lost),
      sum(({ doubled }) => doubled),
      bad.length === 0 ? 'ok' : `PROBLEM in ${bad.length}`,
    ]);
    for (const { seed, problems, keptIn } of bad) {
      footnotes.push(`${scenario.name}, seed ${seed}${keptIn === undefined ? '' : `, kept in ${keptIn}`}:`, ...problems.map((problem) => `  ${problem}`));
    }
  }
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isNumber = (column: number): boolean => column >= FIRST_NUMBER && column <= LAST_NUMBER;
  const lines = rows.map((row) =>
    row.map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join('  ').trimEnd(),
  );
  return [...lines, ...(footnotes.length > 0 ? ['', ...footnotes] : [])].join('\n');
}

export function arrangementOf({ brokers, workers }: Scenario): string {
  return `${brokers} broker${brokers === 1 ? '' : 's'}, Redis, ${workers} + ${workers} worker${workers === 1 ? '' : 's'}`;
}

/** From the end of the fault until everything was folded: the longest of the runs. */
function recoveryOf(runs: readonly ScenarioResult[]): string {
  const times = runs.flatMap(({ recoveredMs }) => (recoveredMs === undefined ? [] : [recoveredMs]));
  return times.length === 0 ? '–' : `${(Math.max(...times) / 1_000).toFixed(1)} s`;
}
