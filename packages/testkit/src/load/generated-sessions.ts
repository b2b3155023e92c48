import { SeededRandom } from '../seeded-random.ts';
import type { LoadItem, LoadSession } from './interleave.ts';

const SHELVES = 200;
const SAME_SHELF = 0.7;
const ENDS_IN_ORDER = 0.2;
const MORE_VIEWS = 0.8;
const SESSION_VIEWS = 30;

/**
 * Draws ranks by Zipf's law with exponent 1: rank r with a weight of 1 / (r + 1). The exponent is fixed because division
 * gives the same bits everywhere, which `Math.pow` does not promise.
 */
export class Zipf {
  readonly #upTo: Float64Array;

  /** @param size number of ranks, at least 1 */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 1) throw new RangeError(`Zipf's law needs at least one rank, ${size} were asked for.`);
    this.#upTo = new Float64Array(size);
    let sum = 0;
    for (let rank = 0; rank < size; rank += 1) {
      sum += 1 / (rank + 1);
      this.#upTo[rank] = sum;
    }
  }

  /** A rank from 0, the most frequent, to size − 1. */
  draw(random: SeededRandom): number {
    const at = random.fraction() * this.#upTo.at(-1)!;
    let low = 0;
    let high = this.#upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#upTo[middle]! <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function itemIdOf(rank: number): string {
  return `i${String(rank).padStart(7, '0')}`;
}

/** Category (its shelf) and price of a generated item; both follow from its id. */
export function itemOf(itemId: string): LoadItem {
  const rank = Number(itemId.slice(1));
  return { category: `shelf-${rank % SHELVES}`, price: 1 + ((rank * 7919) % 9_900) / 100 };
}

/**
 * Sessions without end. The users take turns, so that each has as many as any other, give or take one. In a session most
 * steps stay on the shelf of the item before, so that some items really go together.
 */
export function* generatedSessions(
  { users, items, seed }: { readonly users: number; readonly items: number; readonly seed: number },
): Generator<LoadSession, void, undefined> {
  if (!Number.isInteger(users) || users < 1) throw new RangeError(`users is ${users}; it must be a whole number, at least 1.`);
  const random = new SeededRandom('generated', seed);
  const shelves = Math.min(SHELVES, items);
  const everything = new Zipf(items);
  const onShelf = new Zipf(Math.floor(items / shelves));
  for (let number = 0; ; number += 1) {
    const itemIds: string[] = [];
    let rank = everything.draw(random);
    do {
      itemIds.push(itemIdOf(rank));
      rank = random.chance(SAME_SHELF) ? onShelf.draw(random) * shelves + (rank % shelves) : everything.draw(random);
    } while (itemIds.length < SESSION_VIEWS && random.chance(MORE_VIEWS));
    const bought = random.chance(ENDS_IN_ORDER) ? [...new Set(itemIds)].slice(-3) : [];
    yield { user: `u${String((number % users) + 1).padStart(7, '0')}`, itemIds, bought };
  }
}
