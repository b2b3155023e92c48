/**
 * Public data sets that may not be copied into the repository: found where the environment variable MILLRACE_DATA points,
 * else in `../shared/data` beside the repository. Tests that need one are skipped, with {@link missingData} as the reason.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** The folder that is searched for data sets. */
export function dataFolder(): string {
  const given = process.env['MILLRACE_DATA'];
  return given === undefined || given === '' ? join(REPOSITORY, '..', 'shared', 'data') : given;
}

/**
 * Where a file of a data set lies, as it is or gzipped.
 *
 * @param name folder and file, such as `retailrocket-session/train_sessions.txt`; a folder alone works too
 */
export function findData(name: string): string | undefined {
  const path = join(dataFolder(), name);
  return [path, `${path}.gz`].find((candidate) => existsSync(candidate));
}

/** Why a test that needs this file is skipped. */
export function missingData(name: string): string {
  return `needs ${name}, which may not be copied into the repository; set MILLRACE_DATA to the folder that has it`;
}

/** The lines of a text file, gzipped or not. @throws Error when it is not there, saying how to make it known. */
function linesOf(name: string): string[] {
  const path = findData(name);
  if (path === undefined) throw new Error(`The data set file was not found: ${missingData(name)}.`);
  const bytes = readFileSync(path);
  const lines = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Makes equal texts one object: item ids of a data set come a million times and are a few thousand. */
function interner(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const same = known.get(text);
    if (same !== undefined) return same;
    // A piece of a line keeps the whole file in memory; a text made anew does not.
    const own = Buffer.from(text, 'utf8').toString('utf8');
    known.set(own, own);
    return own;
  };
}

export const RETAILROCKET_TRAIN = 'retailrocket-session/train_sessions.txt';
export const RETAILROCKET_TEST = 'retailrocket-session/test_examples.tsv';

/** Retailrocket's 126,168 training sessions in the order of the file: the items viewed, refreshes included. No times. */
export function retailrocketSessions(): (readonly string[])[] {
  const intern = interner();
  return linesOf(RETAILROCKET_TRAIN).map((line) => line.split(' ').map(intern));
}

/** One test case: what was viewed up to a moment, and what was viewed next. */
export interface NextItemCase {
  readonly sessionId: string;
  readonly timeMs: number;
  /** Oldest first, refreshes included. */
  readonly prefix: readonly string[];
  readonly label: string;
}

/** Retailrocket's 15,132 test cases in the order of the file. */
export function retailrocketCases(): NextItemCase[] {
  const intern = interner();
  return linesOf(RETAILROCKET_TEST).map((line) => {
    const [sessionId, seconds, prefix, label] = line.split('\t') as [string, string, string, string];
    return { sessionId, timeMs: Number(seconds) * 1_000, prefix: prefix.split(' ').map(intern), label: intern(label) };
  });
}

/** One click of RSC15. */
export interface SessionClick {
  readonly sessionId: string;
  readonly itemId: string;
  readonly timeMs: number;
}

export type Rsc15Part = 'train_full' | 'train_tr' | 'train_valid' | 'test';

/** The file of a part of RSC15's slice of 100,000 clicks. */
export function rsc15File(part: Rsc15Part): string {
  return `rsc15-100k-sessionrec/yoochoose-clicks-100k_${part}.txt`;
}

/** RSC15's clicks in the order of the file: by session, and by time within a session. */
export function rsc15Clicks(part: Rsc15Part): SessionClick[] {
  const intern = interner();
  return linesOf(rsc15File(part)).slice(1).map((line) => {
    const [sessionId, itemId, seconds] = line.split('\t') as [string, string, string];
    return { sessionId: intern(sessionId), itemId: intern(itemId), timeMs: Math.round(Number(seconds) * 1_000) };
  });
}

export const GROCERIES = 'groceries/groceries.csv';

/** The 9,835 baskets of Groceries: the distinct names of what was bought, trimmed, in the order of the file. */
export function groceriesBaskets(): (readonly string[])[] {
  const intern = interner();
  return linesOf(GROCERIES).map((line) => [...new Set(line.split(',').map((name) => intern(name.trim())))]);
}
