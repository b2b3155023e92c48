import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UsageError } from '../command/usage-error.ts';
import { byTime, type Click, type DataSet, type OrderData, type Part, type RecordedOrder, type SessionData, visitsOf } from './data-set.ts';

/** One line of a file: a session or order, an item, and a time where the file has one. */
export interface FileRow {
  readonly id: string;
  readonly item: string;
  readonly timeMs: number | undefined;
}

/** Names of the first column that mean orders. */
const ORDER_COLUMN = /order|invoice|basket|transaction|receipt/i;
/** Orders without times are taken to be of one day, so that nothing ages between them. */
const NO_TIME_MS = 86_400_000;

export interface FileOptions {
  /** `undefined`: orders when the name of the first column says so, otherwise sessions. */
  readonly kind: 'sessions' | 'orders' | undefined;
  /** The last part of the sessions or orders that is held out, 0 … 1. */
  readonly testShare: number;
  readonly part: Part;
}

/**
 * Reads a tab-separated file, gzipped or not: session, item, Unix seconds; or order, item and, if they are known, Unix
 * seconds. A first line that is no data names the columns. Further columns are left alone.
 *
 * @throws UsageError naming file and line.
 */
export function readDataFile(path: string, { kind, testShare, part }: FileOptions): DataSet {
  const text = readText(path);
  const orders = kind === 'orders' || (kind === undefined && ORDER_COLUMN.test(text.slice(0, text.search(/[\t\n]|$/))));
  const rows = [...parseRows(text, path)];
  if (rows.length === 0) throw new UsageError(`${path} has no data.`);
  const name = basename(path).replace(/(\.(tsv|txt|csv))?(\.gz)?$/i, '');
  return orders ? orderData(name, rows, testShare, part) : sessionData(name, path, rows, testShare, part);
}

function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UsageError(`There is no data set and no file "${path}".`);
    throw new UsageError(`${path} cannot be read: ${code ?? String(error)}.`);
  }
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** @throws UsageError for a line without two columns or with a third that is neither a number nor empty. */
export function* parseRows(text: string, path: string): Generator<FileRow> {
  const known = new Map<string, string>();
  // A piece of a line keeps the whole file in memory, and ids come a million times.
  const own = (piece: string): string => {
    let same = known.get(piece);
    if (same === undefined) known.set(piece, (same = Buffer.from(piece, 'utf8').toString('utf8')));
    return same;
  };
  let start = 0;
  for (let number = 1; start < text.length; number++) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const line = text.slice(start, text[end - 1] === '\r' ? end - 1 : end);
    start = end + 1;
    if (line === '') continue;
    const [id, item, time] = line.split('\t', 3);
    if (item === undefined || id === '' || item === '') throw new UsageError(`${path}, line ${number}: expected an id, a tab and an item, found "${line.slice(0, 60)}".`);
    const seconds = time === undefined || time === '' ? undefined : Number(time);
    if (seconds !== undefined && !(seconds >= 0 && Number.isFinite(seconds))) {
      // The first line may name the columns.
      if (number === 1) continue;
      throw new UsageError(`${path}, line ${number}: the time is "${time}", expected Unix seconds.`);
    }
    if (number === 1 && seconds === undefined && ORDER_COLUMN.test(id!)) continue;
    yield { id: own(id!), item: own(item), timeMs: seconds === undefined ? undefined : Math.round(seconds * 1_000) };
  }
}

function sessionData(name: string, path: string, rows: readonly FileRow[], testShare: number, part: Part): SessionData {
  const clicks = rows.map(({ id, item, timeMs }, index): Click => {
    if (timeMs === undefined) throw new UsageError(`${path}: view ${index + 1} (session ${id}) has no time; a session file has three columns: session, item, Unix seconds.`);
    return { sessionId: id, itemId: item, timeMs };
  });
  const visits = visitsOf(clicks).sort((a, b) => a.timesMs[0]! - b.timesMs[0]!);
  const [first, end] = heldOut(visits.length, testShare, part);
  const all = visits.map((_, number) => number);
  return {
    kind: 'sessions',
    name,
    protocol: [
      `The ${visits.length.toLocaleString('en')} sessions of ${basename(path)} by their first view; ${describeSplit(testShare, part, 'sessions')}`,
      'Tested: every position after the first view. Items that training did not have stay in the test.',
    ],
    visits: visits.slice(0, end),
    training: byTime(visits, all.slice(0, first)),
    test: all.slice(first, end),
    leastViews: 1,
  };
}

function orderData(name: string, rows: readonly FileRow[], testShare: number, part: Part): OrderData {
  const orders = new Map<string, { items: Set<string>; timeMs: number }>();
  for (const { id, item, timeMs } of rows) {
    const known = orders.get(id);
    if (known === undefined) orders.set(id, { items: new Set([item]), timeMs: timeMs ?? NO_TIME_MS });
    else known.items.add(item);
  }
  const sorted: RecordedOrder[] = [...orders.values()].map(({ items, timeMs }) => ({ items: [...items], timeMs })).sort((a, b) => a.timeMs - b.timeMs);
  const [first, end] = heldOut(sorted.length, testShare, part);
  return {
    kind: 'orders',
    name,
    protocol: [
      `The ${sorted.length.toLocaleString('en')} orders of ${name} by their times (without times: as they stand in the file); ${describeSplit(testShare, part, 'orders')}`,
      'Tested: each of the first 32 items of an order is hidden once and asked for after the others.',
    ],
    orders: sorted.slice(0, end),
    trainingOrders: first,
  };
}

/** First and end of what is held out: for tuning, the part before the test part. */
function heldOut(count: number, testShare: number, part: Part): [first: number, end: number] {
  const test = Math.max(1, Math.round(count * testShare));
  return part === 'test' ? [count - test, count] : [count - 2 * test, count - test];
}

function describeSplit(testShare: number, part: Part, what: string): string {
  const percent = `${Number((testShare * 100).toFixed(2))} %`;
  if (part === 'test') return `the last ${percent} of the ${what} are held out.`;
  return `the last ${percent} of the ${what} are set aside unread, and the ${percent} before them are held out.`;
}
