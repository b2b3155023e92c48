import { describe, expect, test } from 'vitest';
import { runPipelineWorld } from './pipeline-world.ts';
import { OCCURRENCES, Tally, type Occurrence } from './tally.ts';

const SEEDS = 200;
const SEEDS_PER_TEST = 50;

/** The real handlers have no record that kills a fold. */
const IMPOSSIBLE: readonly Occurrence[] = ['fold-failed', 'quarantined'];
/** At least this often over all seeds, or the worlds have become too quiet to prove anything. */
const LEAST: Partial<Record<Occurrence, number>> = {
  'batch-redone': 100,
  'journal-contended': 20,
  'commits-forgotten': 100,
  'evidence-skipped': 100,
  'timer-fired': 20,
  'dead-letter': 200,
};

describe('user-stream and item-stream, in worlds that lose, repeat and forget', () => {
  const all = new Tally();

  for (let from = 0; from < SEEDS; from += SEEDS_PER_TEST) {
    test(`are exact in the worlds ${from} to ${from + SEEDS_PER_TEST - 1}`, async () => {
      const failures: string[] = [];
      for (let seed = from; seed < from + SEEDS_PER_TEST; seed++) {
        const { kind, problems, tally } = await runPipelineWorld(seed);
        all.addAll(tally);
        if (problems.length > 0) {
          failures.push(`node test/simulation/run.ts --world pipeline --seeds 1 --from ${seed} (${kind}): ${problems[0]}`);
        }
      }
      expect(failures).toEqual([]);
    });
  }

  test('every fault occurred, and mattered', () => {
    const tooRare = OCCURRENCES.filter((what) => !IMPOSSIBLE.includes(what) && all.of(what) < (LEAST[what] ?? 1));
    expect(tooRare, all.toString()).toEqual([]);
  });
});
