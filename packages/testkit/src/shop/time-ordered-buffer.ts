const BUCKET_MS = 3_600_000;

/**
 * Puts things that become known ahead of their time into the order of their times: they lie in buckets of an hour until
 * nothing earlier can come any more. Among equal times the order of adding stays.
 */
export class TimeOrderedBuffer<T extends { readonly timeMs: number }> {
  readonly #buckets = new Map<number, T[]>();
  /** Number of the first bucket that has not been drained. */
  #next = Number.NEGATIVE_INFINITY;
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** @throws RangeError when its hour has been drained already: it would come out of order. */
  add(item: T): void {
    const number = Math.floor(item.timeMs / BUCKET_MS);
    if (number < this.#next) {
      throw new RangeError(`Time ${item.timeMs} lies before ${this.#next * BUCKET_MS}, up to which everything has been handed out.`);
    }
    const bucket = this.#buckets.get(number);
    if (bucket === undefined) this.#buckets.set(number, [item]);
    else bucket.push(item);
    this.#size += 1;
  }

  /** Hands out, in order, everything in the hours that end at or before `timeMs`; nothing earlier may be added later. */
  *drainBefore(timeMs: number): Generator<T, void, undefined> {
    const end = Math.floor(timeMs / BUCKET_MS);
    if (end <= this.#next) return;
    this.#next = end;
    yield* this.#take((number) => number < end);
  }

  /** Hands out everything that is left. */
  *drain(): Generator<T, void, undefined> {
    this.#next = Number.POSITIVE_INFINITY;
    yield* this.#take(() => true);
  }

  *#take(due: (number: number) => boolean): Generator<T, void, undefined> {
    const numbers = [...this.#buckets.keys()].filter(due).sort((a, b) => a - b);
    for (const number of numbers) {
      const bucket = this.#buckets.get(number)!;
      this.#buckets.delete(number);
      this.#size -= bucket.length;
      yield* bucket.sort((a, b) => a.timeMs - b.timeMs);
    }
  }
}
