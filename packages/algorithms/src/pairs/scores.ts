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

const NONE: readonly number[] = [];

const FIRST_CAPACITY = 1_024;

/**
 * The sums of one list. A list has stages; an item that a stage has seen is no candidate of a later one.
 *
 * Only `marks` is addressed by item number, which means a cache miss for nearly every neighbour; everything else lies
 * side by side in the order in which the candidates of the stage were met (their slots). The arrays are used again for
 * the next list: a stamp says which marks belong to the present one.
 */
export class Scores {
  private readonly cache: NeighbourCache;
  /** Per item two numbers: a stamp, and under the stage's stamp the item's slot. */
  private marks = new Int32Array(2 * FIRST_CAPACITY);
  private ids = new Int32Array(FIRST_CAPACITY);
  private sums = new Float64Array(FIRST_CAPACITY);
  private strongestWeights = new Float64Array(FIRST_CAPACITY);
  private strongestSources = new Int8Array(FIRST_CAPACITY);
  private count = 0;
  /** Items with the list's first stamp are blocked; each stage has a stamp of its own after it. */
  private listStamp = 0;
  private stamp = 0;

  constructor(cache: NeighbourCache) {
    this.cache = cache;
  }

  begin(): void {
    if (this.stamp > LAST_STAMP) {
      this.marks.fill(0);
      this.stamp = 0;
    }
    this.stamp += 1;
    this.listStamp = this.stamp;
    this.count = 0;
  }

  /** Keeps an item off the list. */
  block(id: number): void {
    this.reserveMarks();
    this.marks[2 * id] = this.listStamp;
  }

  isFree(id: number): boolean {
    return 2 * id >= this.marks.length || this.marks[2 * id]! < this.listStamp;
  }

  /**
   * Sums `weight · F[x][y] / sqrt(n[x])` over the sources x for every free neighbour y, damps by 1 / n[y]^¼ and
   * normalises to a sum of 1 (algorithms.md §1).
   *
   * @param mustBeFresh stop short when totals are not fresh.
   * @returns the candidates whose totals are not, empty unless that was asked for.
   */
  collect(sources: readonly Source[], table: number, day: number, mustBeFresh: boolean): readonly number[] {
    const views = this.views(sources, table, day);
    this.stamp += 1;
    let stale: number[] | undefined;
    const { marks, ids: candidates, sums, strongestWeights, strongestSources, stamp, listStamp } = this;
    let count = 0;
    for (let index = 0; index < views.length; index++) {
      const view = views[index];
      if (view === undefined) continue;
      const { ids, counts } = view;
      const scale = sources[index]!.weight / view.sourceRoot;
      for (let at = 0; at < ids.length; at++) {
        const id = ids[at]!;
        const part = scale * counts[at]!;
        const mark = marks[2 * id]!;
        if (mark === stamp) {
          const slot = marks[2 * id + 1]!;
          sums[slot]! += part;
          if (part > strongestWeights[slot]!) {
            strongestWeights[slot] = part;
            strongestSources[slot] = index;
          }
        } else if (mark < listStamp) {
          marks[2 * id] = stamp;
          marks[2 * id + 1] = count;
          candidates[count] = id;
          sums[count] = part;
          strongestWeights[count] = part;
          strongestSources[count] = index;
          count += 1;
          if (mustBeFresh && !this.cache.totalsAreFresh(id)) (stale ??= []).push(id);
        }
      }
    }
    this.count = count;
    if (stale !== undefined) return stale;
    this.normalise(table, day);
    return NONE;
  }

  /** Adds to the normalised score of an item, which becomes a candidate if it is free. */
  raise(id: number, weight: number): void {
    if (weight === 0) return;
    this.reserveMarks();
    const { marks } = this;
    if (marks[2 * id] === this.stamp) {
      this.sums[marks[2 * id + 1]!]! += weight;
    } else if (marks[2 * id]! < this.listStamp) {
      this.reserveSlots(1);
      const slot = this.count++;
      marks[2 * id] = this.stamp;
      marks[2 * id + 1] = slot;
      this.ids[slot] = id;
      this.sums[slot] = weight;
      this.strongestWeights[slot] = 0;
      this.strongestSources[slot] = -1;
    }
  }

  /** Slots of the `length` best candidates that are available, by (q descending, id ascending). */
  select(length: number, isAvailable: ((id: number) => boolean) | undefined): number[] {
    const { ids, sums, count } = this;
    const { interner } = this.cache;
    const slots: number[] = [];
    const qs: number[] = [];
    let least = -1;
    for (let slot = 0; slot < count; slot++) {
      // Nearly all candidates end here once the list is full, before anything is rounded.
      if (sums[slot]! * 1e9 + 0.5 < least) continue;
      const q = quantised(sums[slot]!);
      if (q < least) continue;
      const id = ids[slot]!;
      let at = slots.length;
      if (at === length) {
        if (q === least && interner.compare(id, ids[slots[at - 1]!]!) > 0) continue;
        at -= 1;
      }
      if (isAvailable !== undefined && !isAvailable(id)) continue;
      while (at > 0 && (q > qs[at - 1]! || (q === qs[at - 1]! && interner.compare(id, ids[slots[at - 1]!]!) < 0))) {
        slots[at] = slots[at - 1]!;
        qs[at] = qs[at - 1]!;
        at -= 1;
      }
      slots[at] = slot;
      qs[at] = q;
      if (slots.length === length) least = qs[length - 1]!;
    }
    return slots;
  }

  idAt(slot: number): number {
    return this.ids[slot]!;
  }

  scoreAt(slot: number): number {
    return this.sums[slot]!;
  }

  /** Index of the source with the largest part of a candidate's score (of equal ones the first), -1 for none. */
  strongestAt(slot: number): number {
    return this.strongestSources[slot]!;
  }

  strongestWeightAt(slot: number): number {
    return this.strongestWeights[slot]!;
  }

  private normalise(table: number, day: number): void {
    const { ids, sums, strongestWeights, count, cache } = this;
    let total = 0;
    for (let slot = 0; slot < count; slot++) {
      const damping = cache.damping(ids[slot]!, table, day);
      const damped = sums[slot]! * damping;
      sums[slot] = damped;
      strongestWeights[slot]! *= damping;
      total += damped;
    }
    if (total === 0) return;
    for (let slot = 0; slot < count; slot++) {
      sums[slot]! /= total;
      strongestWeights[slot]! /= total;
    }
  }

  /** Decoding a row may number new items, so all rows are decoded before the arrays are measured. */
  private views(sources: readonly Source[], table: number, day: number): (NeighbourView | undefined)[] {
    const views: (NeighbourView | undefined)[] = [];
    let neighbours = 0;
    for (const { id } of sources) {
      const view = this.cache.neighbours(id, table, day);
      views.push(view);
      if (view !== undefined) neighbours += view.ids.length;
    }
    this.reserveMarks();
    this.count = 0;
    this.reserveSlots(neighbours);
    return views;
  }

  private reserveMarks(): void {
    const size = this.cache.interner.size;
    if (2 * size <= this.marks.length) return;
    const marks = new Int32Array(2 * Math.max(size, this.marks.length));
    marks.set(this.marks);
    this.marks = marks;
  }

  private reserveSlots(more: number): void {
    const slots = this.count + more;
    if (slots <= this.ids.length) return;
    const larger = Math.max(slots, this.ids.length * 2);
    const ids = new Int32Array(larger);
    const sums = new Float64Array(larger);
    const strongestWeights = new Float64Array(larger);
    const strongestSources = new Int8Array(larger);
    ids.set(this.ids);
    sums.set(this.sums);
    strongestWeights.set(this.strongestWeights);
    strongestSources.set(this.strongestSources);
    this.ids = ids;
    this.sums = sums;
    this.strongestWeights = strongestWeights;
    this.strongestSources = strongestSources;
  }
}
