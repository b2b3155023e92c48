import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { OrderData, SessionData } from './data-set.ts';
import { readDataFile } from './user-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const OPTIONS = { kind: undefined, testShare: 0.25, part: 'test' } as const;

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

describe('session files', () => {
  const text = 'SessionId\tItemId\tTime\n1\ta\t10\n2\tb\t11.5\n1\tc\t12\textra\r\n\n3\td\t13\n3\te\t12\n4\tf\t50\n4\tg\t51\n';

  test('sessions by their first view, views by time, the last quarter held out', () => {
    const data = readDataFile(file('clicks.tsv.gz', text), OPTIONS) as SessionData;
    expect([data.kind, data.name]).toEqual(['sessions', 'clicks']);
    expect(data.visits.map(({ items }) => items.join(''))).toEqual(['ac', 'b', 'ed', 'fg']);
    expect(data.visits[1]!.timesMs).toEqual([11_500]);
    // Views in the order of their times; at 12 s two sessions have one, the earlier session goes first.
    expect([...data.training]).toEqual([0, 1, 0, 2, 2]);
    expect(data.test).toEqual([3]);
  });

  test('for tuning, the part before the test part is held out and the test part is not even there', () => {
    const data = readDataFile(file('tune.tsv', text), { ...OPTIONS, part: 'valid' }) as SessionData;
    expect(data.visits.length).toBe(3);
    expect(data.test).toEqual([2]);
    expect([...data.training]).toEqual([0, 1, 0]);
  });

  test('a line that is none is named', () => {
    expect(() => readDataFile(file('bad.tsv', '1\ta\t10\n1 b 11\n'), OPTIONS)).toThrow(/bad\.tsv, line 2: expected an id, a tab and an item, found "1 b 11"/);
    expect(() => readDataFile(file('time.tsv', '1\ta\t10\n1\tb\tsoon\n'), OPTIONS)).toThrow(/time\.tsv, line 2: the time is "soon"/);
    expect(() => readDataFile(file('untimed.tsv', '1\ta\n'), OPTIONS)).toThrow(/session 1\) has no time/);
    expect(() => readDataFile(join(folder, 'nowhere'), OPTIONS)).toThrow('There is no data set and no file');
    expect(() => readDataFile(file('empty.tsv', '\n'), OPTIONS)).toThrow('has no data');
  });
});

describe('order files', () => {
  test('known by the name of the first column: items once, orders by time', () => {
    const data = readDataFile(file('orders.tsv', 'InvoiceNo\tItem\tTime\nx\ta\t9\nx\ta\t9\ny\tb\t5\nx\tc\t9\nz\td\t20\n'), OPTIONS) as OrderData;
    expect(data.kind).toBe('orders');
    expect(data.orders).toEqual([{ items: ['b'], timeMs: 5_000 }, { items: ['a', 'c'], timeMs: 9_000 }, { items: ['d'], timeMs: 20_000 }]);
    expect(data.trainingOrders).toBe(2);
  });

  test('known by the option; without times they stay as they stand, on one day', () => {
    const data = readDataFile(file('baskets.tsv', 'q\ta\nq\tb\np\tc\n'), { ...OPTIONS, kind: 'orders' }) as OrderData;
    expect(data.orders.map(({ items }) => items.join(''))).toEqual(['ab', 'c']);
    expect(new Set(data.orders.map(({ timeMs }) => timeMs)).size).toBe(1);
  });
});
