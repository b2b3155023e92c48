import type { ItemInterner } from '../pairs/item-interner.ts';
import type { ScoredItem } from './next-item-model.ts';

/**
 * The best of many scored items: score descending, ties by the order of the ids' UTF-8 bytes. Items with a score of 0
 * or less have no place.
 *
 * @param scores by number of the item in `interner`
 */
export function bestScores(scores: Iterable<readonly [id: number, score: number]>, length: number, interner: ItemInterner): ScoredItem[] {
  const ids: number[] = [];
  const values: number[] = [];
  for (const [id, score] of scores) {
    if (score <= 0) continue;
    let at = ids.length;
    if (at === length) {
      at -= 1;
      if (!comesBefore(id, score, ids[at]!, values[at]!, interner)) continue;
    }
    while (at > 0 && comesBefore(id, score, ids[at - 1]!, values[at - 1]!, interner)) {
      ids[at] = ids[at - 1]!;
      values[at] = values[at - 1]!;
      at -= 1;
    }
    ids[at] = id;
    values[at] = score;
  }
  return ids.map((id, at) => ({ item: interner.text(id), score: values[at]! }));
}

function comesBefore(id: number, score: number, otherId: number, otherScore: number, interner: ItemInterner): boolean {
  return score > otherScore || (score === otherScore && interner.compare(id, otherId) < 0);
}
