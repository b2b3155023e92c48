/**
 * The name of `known` that `name` was most likely meant to be, or undefined when none is near: at most one edit for
 * every three characters, counting insertion, deletion, substitution and the swap of two neighbours as one each
 * (optimal string alignment distance). Case, `.`, `_` and `-` do not count. Ties go to the first in `known`.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  let nearest: string | undefined;
  let nearestEdits = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const edits = alignmentDistance(wanted, plain(candidate));
    if (edits < nearestEdits) {
      nearest = candidate;
      nearestEdits = edits;
    }
  }
  return nearest;
}

const MAX_COMPARED_CHARS = 100;

function plain(name: string): string {
  return name.toLowerCase().replace(/[._-]/g, '').slice(0, MAX_COMPARED_CHARS);
}

function alignmentDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) edits = Math.min(edits, beforePrevious[j - 2]! + 1);
      row.push(edits);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length]!;
}
