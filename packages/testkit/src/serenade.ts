/**
 * The example sessions of bol.com's Serenade, read from the repository. Attribution and licence stand in
 * `data/serenade/README.md`.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { SessionClick } from './data-sets.ts';

export type SerenadePart = 'train' | 'test' | 'valid';

/** The clicks of a part in the order of the file, which is not always that of their times. */
export function serenadeClicks(part: SerenadePart): SessionClick[] {
  const file = fileURLToPath(new URL(`../data/serenade/${part}.txt.gz`, import.meta.url));
  const [, ...lines] = gunzipSync(readFileSync(file)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const [sessionId, itemId, seconds] = line.split('\t') as [string, string, string];
    return { sessionId, itemId, timeMs: Math.round(Number(seconds) * 1_000) };
  });
}
