/**
 * Random numbers that are the same for the same seed, on every machine: the generator sfc32 ("small fast counter", Chris
 * Doty-Humphrey, PractRand), 128 bits of state, integer operations only.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param parts numbers or texts that together name the sequence: a seed, then for instance an invoice number. */
  constructor(...parts: readonly (number | string)[]) {
    const text = parts.join('\u0000');
    this.#a = fnv1a(text, 0x811c9dc5);
    this.#b = fnv1a(text, 0x9e3779b9);
    this.#c = fnv1a(text, 0x85ebca6b);
    // The first outputs of similar seeds resemble each other; twelve rounds are what the author asks for.
    for (let round = 0; round < 12; round += 1) this.bits();
  }

  /** 32 random bits as a whole number from 0 to 2^32 − 1. */
  bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A number from 0 up to, not including, 1. */
  fraction(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** One of the given, which must not be empty. */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError('There is nothing to pick from: the list is empty.');
    return from[this.between(0, from.length - 1)]!;
  }
}

/** The hash FNV-1a of the text's UTF-16 units, 32 bits, from a given start. */
function fnv1a(text: string, start: number): number {
  let hash = start | 0;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
