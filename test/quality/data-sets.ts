import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Public data that may not be copied into the repository is read from MILLRACE_DATA, or from beside it. */
const ROOT = process.env['MILLRACE_DATA'] ?? join(import.meta.dirname, '../../../shared/data');

/** Why a test of a data set cannot run here, `undefined` when it can. */
export function missing(...files: readonly string[]): string | undefined {
  const absent = files.filter((file) => !existsSync(join(ROOT, file)));
  return absent.length === 0 ? undefined : `${absent.join(', ')} not found; set MILLRACE_DATA to the folder of the data sets`;
}

/** Lines of a text file of the data sets, gunzipped where the name says so, without the empty last one. */
export function linesOf(file: string): string[] {
  const bytes = readFileSync(join(ROOT, file));
  const lines = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** A test's name, with the reason where it is skipped. */
export function nameOf(name: string, reason: string | undefined): string {
  return reason === undefined ? name : `${name} (skipped: ${reason})`;
}
