import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../run-command-line.ts';
import type { Evaluation } from './summary.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Forty sessions a → b → c, a minute apart. */
const CLICKS = file('clicks.tsv', Array.from({ length: 40 }, (_, n) => `${n}\ta\t${n * 60}\n${n}\tb\t${n * 60 + 1}\n${n}\tc\t${n * 60 + 2}\n`).join(''));
/** Twenty orders of bread with butter, twenty of nails with glue. */
const ORDERS = file('orders.tsv', `order\titem\n${Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? `${n}\tbread\n${n}\tbutter\n` : `${n}\tnails\n${n}\tglue\n`)).join('')}`);

async function evaluate(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await runCommandLine(['evaluate', ...args], {
    env: {},
    write: (text) => (out += text),
    writeError: (text) => (err += text),
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

describe('sessions of one\'s own', () => {
  test('the product and the baselines that were asked for, as JSON', async () => {
    const { code, out } = await evaluate(CLICKS, '--k', '1', '--baselines', 'sr,popularity', '--json');
    expect(code).toBe(0);
    const result = JSON.parse(out) as Evaluation;
    expect(result).toMatchObject({ dataSet: 'clicks', mode: 'split', k: 1, items: 3, views: 108 });
    expect(result.models.map(({ name }) => name)).toEqual(['tix', 'popularity', 'sr']);
    // Four sessions are held out, with two places to guess each; what follows is always the same.
    const [tix, popularity, sr] = result.models;
    expect([tix!.cases, tix!.metrics.hitRate.mean, sr!.metrics.hitRate.mean]).toEqual([8, 1, 1]);
    expect(popularity!.metrics.hitRate.mean).toBeLessThan(1);
    expect(result.comparisons.map(({ first, second }) => `${second} − ${first}`)).toContain('tix − sr');
  });

  test('streaming ranks every view of every session but the first', async () => {
    const { out } = await evaluate(CLICKS, '--mode', 'streaming', '--baselines', 'none', '--json');
    const { models } = JSON.parse(out) as Evaluation;
    expect(models[0]!.cases).toBe(80);
    expect(models[0]!.byTenth.at(-1)).toBe(1);
  });

  test('two configurations are compared with each other alone', async () => {
    const served = file('served.json', '{"name": "served"}');
    const other = file('other.json', '{"name": "flat", "model": "popularity"}');
    const { code, out } = await evaluate(CLICKS, '--compare', served, other, '--json');
    expect(code).toBe(0);
    const { models, comparisons } = JSON.parse(out) as Evaluation;
    expect(models.map(({ name }) => name)).toEqual(['served', 'flat']);
    expect(comparisons.every(({ first, second }) => first === 'flat' && second === 'served')).toBe(true);
  });

  test('the same seed gives the same intervals', async () => {
    const figures = async (): Promise<unknown> => (JSON.parse((await evaluate(CLICKS, '--baselines', 'ar', '--json')).out) as Evaluation).comparisons;
    expect(await figures()).toEqual(await figures());
  });
});

test('orders of one\'s own, with a report that needs nothing from outside and trusts no name', async () => {
  const out = join(folder, 'report');
  const named = file('named.json', '{"name": "<img>"}');
  const { code, out: text } = await evaluate(ORDERS, '--compare', named, file('ar.json', '{"model": "ar"}'), '--k', '1', '--out', out);
  expect(code).toBe(0);
  expect(text).toMatch(/^<img> +8 +1\.0000/m);
  const html = readFileSync(join(out, 'report.html'), 'utf8');
  expect(html).not.toMatch(/<script|\ssrc=|href=|url\(|@import/);
  expect(html).not.toContain('NaN');
  expect(html).not.toContain('<img');
  expect(html.match(/<svg/g)!.length).toBeGreaterThan(2);
  const csv = readFileSync(join(out, 'results.csv'), 'utf8').split('\n');
  expect(csv[0]).toBe('model,metric,views,value,low,high,cases');
  expect(csv[1]).toBe('<img>,HR@1,all,1,1,1,8');
  expect((JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as Evaluation).kind).toBe('orders');
});

describe('what cannot be meant is said before anything is done', () => {
  test.each([
    [['nowhere.tsv'], 'There is no data set and no file "nowhere.tsv"'],
    [[CLICKS, '--mode', 'stream'], '--mode is "stream", allowed is split or streaming'],
    [[CLICKS, '--baselines', 'ar,vsknn'], 'did you mean vs-knn'],
    [[CLICKS, '--k', '0'], '--k is "0", allowed is a whole number from 1 to 100'],
    [[CLICKS, 'a.json'], 'Configuration files come with --compare'],
    [[CLICKS, '--compare', 'a.json'], 'needs two or more'],
    [[CLICKS, '--compare', file('x.json', '{"modell": "ar"}'), 'y'], 'there is no field "modell"; did you mean model'],
    [[CLICKS, '--compare', file('z.json', '{"foldParameters": {"neighboursKept": 0}}'), 'y'], 'neighboursKept is 0, allowed is a whole number from 1 to 512'],
    [[CLICKS, '--compare', file('s1.json', '{}'), file('s2.json', '{}')], 'Two configurations are called "tix"'],
  ])('%s', async (args, message) => {
    const { code, err } = await evaluate(...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
