import type { NeighbourCache, NeighbourView } from './neighbour-cache.ts';

/** An item whose neighbours get a part of `weight`, and the user's item that is named as the reason. */
export interface Source {
  readonly id: number;
  readonly weight: number;
  readonly because: number;
}

/** A score as a whole number, so that the order of a list does not hang on the last bits of a sum. */
export function quantised(score: number): number {
  return Math.round(score * 1e9);
}

/** Stamps are 32-bit; far below the end all are forgotten at once. */
const LAST_STAMP = 2 ** 30;

/**
 * The sums of one list, in arrays over the cache's item numbers that are used again for the next list: a stamp says
 * which entries belong to the present one. A list has stages; an item that a stage has seen is no candidate of a later one.
 */
export class Scores {
  private readonly cache: NeighbourCache;
  private stamps = new Int32Array(1_024);
  private sums = new Float64Array(1_024);
  private strongestWeights = new Float64Array(1_024);
  private strongestSources = new Int8Array(1_024);
  private candidates = new Int32Array(1_024);
  private candidateCount = 0;
  /** Items with the list's first stamp are blocked; each stage has a stamp of its own after it. */
  private listStamp = 0;
  private stamp = 0;
  /** Scans have negative stamps, so that what they have seen stays free for `collect`. */
  private scanStamp = 0;

  constructor(cache: NeighbourCache) {
    this.cache = cache;
  }

  begin(): void {
    if (this.stamp > LAST_STAMP || this.scanStamp < -LAST_STAMP) {
      this.stamps.fill(0);
      this.stamp = 0;
      this.scanStamp = 0;
    }
    this.stamp += 1;
    this.listStamp = this.stamp;
    this.candidateCount = 0;
  }

  /** Keeps an item off the list. */
  block(id: number): void {
    this.reserve();
    this.stamps[id] = this.listStamp;
  }

  isFree(id: number): boolean {
    return id >= this.stamps.length || this.stamps[id]! < this.listStamp;
  }

  /**
   * Counts the candidates that `collect` would find, without taking note of them.
   *
   * @param missing called for each whose totals are not fresh.
   */
  scan(sources: readonly Source[], table: number, day: number, missing: (id: number) => void): number {
    const views = this.views(sources, table, day);
    const { stamps, listStamp } = this;
    const scanStamp = --this.scanStamp;
    let count = 0;
    for (const view of views) {
      if (view === undefined) continue;
      const { ids } = view;
      for (let at = 0; at < ids.length; at++) {
        const id = ids[at]!;
        if (stamps[id]! >= listStamp || stamps[id] === scanStamp) continue;
        stamps[id] = scanStamp;
        count += 1;
        if (!this.cache.totalsAreFresh(id)) missing(id);
      }
    }
    return count;
  }

  /**
   * Sums `weight · F[x][y] / sqrt(n[x])` over the sources x for every free neighbour y, damps by 1 / n[y]^¼ and
   * normalises to a sum of 1 (algorithms.md §1).
   */
  collect(sources: readonly Source[], table: number, day: number): void {
    const views = this.views(sources, table, day);
    this.stamp += 1;
    const { stamps, sums, strongestWeights, strongestSources, candidates, stamp, listStamp } = this;
    let count = 0;
    for (let index = 0; index < views.length; index++) {
      const view = views[index];
      if (view === undefined) continue;
      const { ids, counts } = view;
      const scale = sources[index]!.weight / view.sourceRoot;
      for (let at = 0; at < ids.length; at++) {
        const id = ids[at]!;
        const part = scale * counts[at]!;
        if (stamps[id] === stamp) {
          sums[id]! += part;
          if (part > strongestWeights[id]!) {
            strongestWeights[id] = part;
            strongestSources[id] = index;
          }
        } else if (stamps[id]! < listStamp) {
          stamps[id] = stamp;
          sums[id] = part;
          strongestWeights[id] = part;
          strongestSources[id] = index;
          candidates[count++] = id;
        }
      }
    }
    this.candidateCount = count;
    this.normalise(table, day);
  }

  /** Adds to the normalised score of an item, which becomes a candidate if it is free. */
  raise(id: number, weight: number): void {
    if (weight === 0) return;
    this.reserve();
    if (this.stamps[id] === this.stamp) {
      this.sums[id]! += weight;
    } else if (this.stamps[id]! < this.listStamp) {
      this.stamps[id] = this.stamp;
      this.sums[id] = weight;
      this.strongestWeights[id] = 0;
      this.strongestSources[id] = -1;
      this.candidates[this.candidateCount++] = id;
    }
  }

  /** The `length` best candidates that are available, by (q descending, id ascending). */
  select(length: number, isAvailable: (id: number) => boolean): number[] {
    const { candidates, sums, candidateCount } = this;
    const { interner } = this.cache;
    const ids: number[] = [];
    const qs: number[] = [];
    for (let next = 0; next < candidateCount; next++) {
      const id = candidates[next]!;
      const q = quantised(sums[id]!);
      let at = ids.length;
      if (at === length && (q < qs[at - 1]! || (q === qs[at - 1]! && interner.compare(id, ids[at - 1]!) > 0))) continue;
      if (!isAvailable(id)) continue;
      if (at === length) at -= 1;
      while (at > 0 && (q > qs[at - 1]! || (q === qs[at - 1]! && interner.compare(id, ids[at - 1]!) < 0))) {
        ids[at] = ids[at - 1]!;
        qs[at] = qs[at - 1]!;
        at -= 1;
      }
      ids[at] = id;
      qs[at] = q;
    }
    return ids;
  }

  scoreOf(id: number): number {
    return this.sums[id]!;
  }

  /** Index of the source with the largest part of a candidate's score (of equal ones the first), -1 for none. */
  strongestOf(id: number): number {
    return this.strongestSources[id]!;
  }

  strongestWeightOf(id: number): number {
    return this.strongestWeights[id]!;
  }

  private normalise(table: number, day: number): void {
    const { candidates, sums, strongestWeights, candidateCount, cache } = this;
    let total = 0;
    for (let next = 0; next < candidateCount; next++) {
      const id = candidates[next]!;
      const damping = cache.damping(id, table, day);
      const damped = sums[id]! * damping;
      sums[id] = damped;
      strongestWeights[id]! *= damping;
      total += damped;
    }
    if (total === 0) return;
    for (let next = 0; next < candidateCount; next++) {
      const id = candidates[next]!;
      sums[id]! /= total;
      strongestWeights[id]! /= total;
    }
  }

  /** Decoding a row may number new items, so all rows are decoded before the arrays are measured. */
  private views(sources: readonly Source[], table: number, day: number): (NeighbourView | undefined)[] {
    const views = sources.map(({ id }) => this.cache.neighbours(id, table, day));
    this.reserve();
    return views;
  }

  private reserve(): void {
    const size = this.cache.interner.size;
    if (size <= this.stamps.length) return;
    const larger = Math.max(size, this.stamps.length * 2);
    const stamps = new Int32Array(larger);
    stamps.set(this.stamps);
    this.stamps = stamps;
    const sums = new Float64Array(larger);
    sums.set(this.sums);
    this.sums = sums;
    const strongestWeights = new Float64Array(larger);
    strongestWeights.set(this.strongestWeights);
    this.strongestWeights = strongestWeights;
    const strongestSources = new Int8Array(larger);
    strongestSources.set(this.strongestSources);
    this.strongestSources = strongestSources;
    const candidates = new Int32Array(larger);
    candidates.set(this.candidates);
    this.candidates = candidates;
  }
}
