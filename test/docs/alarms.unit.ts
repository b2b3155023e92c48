import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE_METRICS } from '@millrace/pipeline';
import { describe, expect, test } from 'vitest';
import { isTestFile } from '../architecture/import-rules.ts';
import { ROOT, sourceFiles } from '../architecture/repository.ts';

const page = readFileSync(join(ROOT, 'docs/alarms.md'), 'utf8');
const product = sourceFiles().filter(({ path }) => /^(packages|services)\//.test(path) && !isTestFile(path));

/** Codes in the first column of the table under a heading. */
function codesUnder(heading: string): string[] {
  const from = page.indexOf(`\n## ${heading}\n`);
  const to = page.indexOf('\n## ', from + 1);
  const cells = [...page.slice(from, to).matchAll(/^\|([^|]+)\|/gm)].map((match) => match[1] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')).filter((word) => word !== 'code');
}

describe('docs/alarms.md', () => {
  test('explains every alarm that the metric names, and no other', () => {
    expect(codesUnder('Codes').sort()).toEqual([...ENGINE_METRICS.alarms.labels.code].sort());
  });

  test('explains every alarm that the program can raise', () => {
    const explained = new Set([...codesUnder('Codes'), ...codesUnder('Codes of the servers')]);
    const raised = product.flatMap(({ path, text }) =>
      [...text.matchAll(/new AlarmError\(\s*'([a-z-]+)'/g)].map((match) => ({ path, code: match[1] ?? '' })),
    );
    expect(raised.length).toBeGreaterThan(20);
    expect(raised.filter(({ code }) => !explained.has(code))).toEqual([]);
  });

  test('explains only alarms that the program knows', () => {
    const everything = product.map(({ text }) => text).join('\n');
    // Kafka's own error codes are named at run time: `kafka-` and the name in small letters.
    const isKnown = (code: string): boolean =>
      everything.includes(`'${code}'`) || (code.startsWith('kafka-') && everything.includes(`'${code.slice(6).replaceAll('-', '_').toUpperCase()}'`));
    expect(codesUnder('Codes of the servers').filter((code) => !isKnown(code))).toEqual([]);
  });

  test('has every runbook that an error message names', () => {
    const named = new Set(product.flatMap(({ text }) => [...text.matchAll(/runbook "([^"]+)"/g)].map((match) => match[1] ?? '')));
    expect(named.size).toBeGreaterThan(0);
    const headings = [...page.matchAll(/^## (.+)$/gm)].map((match) => (match[1] ?? '').toLowerCase());
    expect([...named].filter((name) => !headings.includes(name))).toEqual([]);
  });
});
