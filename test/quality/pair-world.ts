import { DEFAULT_FOLD_PARAMETERS } from '@millrace/algorithms/fold-parameters';
import { PairWorld } from '@millrace/algorithms/evaluation/index';
import { partitionOf } from '@millrace/events/partition';

const SHARDS = 8;

/** Eight item shards that have seen nothing. */
export function emptyPairWorld(): PairWorld {
  return new PairWorld(SHARDS, (item) => partitionOf(item, SHARDS), DEFAULT_FOLD_PARAMETERS);
}

/** Distinct items of a raw trail that is given oldest first, newest first. */
export function recentOf(prefix: readonly string[]): string[] {
  return [...new Set([...prefix].reverse())];
}

/** Hit rate and mean reciprocal rank of the first `length` places. */
export class Accuracy {
  cases = 0;
  private hits = 0;
  private reciprocalRanks = 0;

  add(list: readonly { readonly item: string }[], wanted: string): void {
    this.cases += 1;
    const place = list.findIndex(({ item }) => item === wanted);
    if (place < 0) return;
    this.hits += 1;
    this.reciprocalRanks += 1 / (place + 1);
  }

  get hitRate(): number {
    return this.hits / this.cases;
  }

  get meanReciprocalRank(): number {
    return this.reciprocalRanks / this.cases;
  }
}
