import { describe, expect, test } from 'vitest';
import { OCCURRENCES, Tally, type Occurrence } from './tally.ts';
import { runToyWorld } from './toy-world.ts';

const SEEDS = 2_000;
const SEEDS_PER_TEST = 250;

/** At least this often over all seeds, or the worlds have become too quiet to prove anything. */
const LEAST: Partial<Record<Occurrence, number>> = {
  'batch-redone': 1_000,
  'journal-contended': 200,
  'commit-refused': 200,
  'commit-already-there': 500,
  'commits-forgotten': 1_000,
  'evidence-skipped': 1_000,
  'applied-commit-unanswered': 100,
  'log-append-cut-short': 10,
};

describe('the engine, in worlds that lose, repeat and forget', () => {
  const all = new Tally();

  for (let from = 0; from < SEEDS; from += SEEDS_PER_TEST) {
    test(`is exact in the worlds ${from} to ${from + SEEDS_PER_TEST - 1}`, async () => {
      const failures: string[] = [];
      for (let seed = from; seed < from + SEEDS_PER_TEST; seed++) {
        const { kind, problems, tally } = await runToyWorld(seed);
        all.addAll(tally);
        if (problems.length > 0) failures.push(`node test/simulation/run.ts --seeds 1 --from ${seed} (${kind}): ${problems[0]}`);
      }
      expect(failures).toEqual([]);
    });
  }

  test('every fault occurred, and mattered', () => {
    expect(all.missing).toEqual([]);
    const tooRare = OCCURRENCES.filter((what) => all.of(what) < (LEAST[what] ?? 1));
    expect(tooRare, all.toString()).toEqual([]);
  });

  test('a seed gives the same world again', async () => {
    const [first, second, other] = [await runToyWorld(7), await runToyWorld(7), await runToyWorld(8)];
    expect(second.tally.toString()).toBe(first.tally.toString());
    expect(other.tally.toString()).not.toBe(first.tally.toString());
  });
});
