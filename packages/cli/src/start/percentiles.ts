/** The last so many observations, for percentiles of a moving window. */
export class Window {
  readonly #values: number[] = [];
  readonly #limit: number;
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#values.length;
  }

  add(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#limit;
  }

  clear(): void {
    this.#values.length = 0;
    this.#next = 0;
  }

  /** The value that `share` (0 … 1) of the observations do not exceed (nearest rank); undefined without any. */
  percentile(share: number): number | undefined {
    if (this.#values.length === 0) return undefined;
    const sorted = this.#values.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  }
}
