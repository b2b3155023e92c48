import { ItemInterner } from '../pairs/item-interner.ts';
import { bestScores } from './best-scores.ts';
import type { NextItemModel, ScoredItem, Visit } from './next-item-model.ts';

/** Weight of the view at `place` (1 is the oldest) of `length`: how much it says about which visits are alike. */
const PLACE_WEIGHTS = {
  same: (): number => 1,
  div: (place: number, length: number): number => place / length,
  quadratic: (place: number, length: number): number => (place / length) ** 2,
} as const;

/** Weight of a neighbour whose newest common item is `step` views back (1 is the newest). */
const STEP_WEIGHTS = {
  same: (): number => 1,
  div: (step: number): number => 1 / step,
  // Negative from step 11 on, as in the published code, on which the published figures rest.
  linear: (step: number): number => (step <= 100 ? 1 - 0.1 * step : 0),
} as const;

export interface SessionKnnSettings {
  /** Neighbours that vote. */
  readonly k: number;
  /** Of the visits with a common item, the most recent so many are looked at. */
  readonly sample: number;
  /** `cosine` is S-kNN; otherwise V-S-kNN with this weight by place. */
  readonly similarity: 'cosine' | keyof typeof PLACE_WEIGHTS;
  readonly score: keyof typeof STEP_WEIGHTS;
  /** A vote for an item counts 1 + idfWeight · idf(item) times. */
  readonly idfWeight: number;
}

/** The settings published with session-rec for the two data sets, and S-kNN as in its tables. */
export const VSKNN_RSC15: SessionKnnSettings = { k: 500, sample: 5_000, similarity: 'quadratic', score: 'div', idfWeight: 5 };
export const VSKNN_RETAILROCKET: SessionKnnSettings = { k: 1_500, sample: 2_500, similarity: 'same', score: 'linear', idfWeight: 10 };
export const SKNN: SessionKnnSettings = { k: 50, sample: 5_000, similarity: 'cosine', score: 'same', idfWeight: 0 };

/**
 * Neighbours among visits: S-kNN (Jannach, Ludewig 2017) and V-S-kNN (Ludewig, Jannach 2018), after session-rec's
 * `sknn.py` and `vsknn.py`. Visits with a common item are candidates, the most recent are sampled, the most similar vote
 * for their items. Where the published code leaves ties to the order of a hash set, the more recent visit comes first.
 */
export class SessionKnnModel implements NextItemModel {
  readonly name: string;
  readonly settings: SessionKnnSettings & Readonly<Record<string, string | number>>;
  private readonly interner = new ItemInterner();
  /** By visit: its distinct items, and the time of its last view. */
  private readonly visitItems: number[][] = [];
  private readonly visitTimes: number[] = [];
  private readonly visitNumbers: number[] = [];
  private readonly indexOfVisit = new Map<number, number>();
  /** By item: the visits that have it, and how often it was viewed (as its logarithm). */
  private readonly visitsOfItem: (number[] | undefined)[] = [];
  private readonly views: number[] = [];
  private readonly logViews: number[] = [];
  /** By visit, of the list being made: similarity, newest common step, and the list that they belong to. */
  private similarities = new Float64Array(1_024);
  private steps = new Int32Array(1_024);
  private stamps = new Int32Array(1_024);
  private stamp = 0;
  /** By item, of the list being made. */
  private scores = new Float64Array(1_024);

  constructor(name: string, settings: SessionKnnSettings) {
    this.name = name;
    this.settings = { ...settings };
  }

  learn(visit: Visit, item: string, timeMs: number): void {
    const id = this.interner.intern(item);
    let index = this.indexOfVisit.get(visit.number);
    if (index === undefined) {
      index = this.visitItems.length;
      this.indexOfVisit.set(visit.number, index);
      this.visitItems.push([]);
      this.visitTimes.push(timeMs);
      this.visitNumbers.push(visit.number);
    }
    this.visitTimes[index] = timeMs;
    this.views[id] = (this.views[id] ?? 0) + 1;
    this.logViews[id] = Math.log(this.views[id]!);
    const items = this.visitItems[index]!;
    if (items.includes(id)) return;
    items.push(id);
    (this.visitsOfItem[id] ??= []).push(index);
  }

  follow(): void {
    // A list depends on the items of the visit alone.
  }

  prepare(): void {
    // A list reads what was learned.
  }

  recommend(visit: Visit, _timeMs: number, length: number): ScoredItem[] {
    const candidates = this.candidates(visit);
    const { k, sample } = this.settings;
    let neighbours = candidates;
    if (neighbours.length > sample) neighbours = neighbours.sort((a, b) => this.byTime(a, b)).slice(0, sample);
    if (this.settings.similarity === 'cosine') {
      const own = Math.sqrt(new Set(visit.items).size);
      // As published, `li / sqrt(la) * sqrt(lb)`: within one list the length of the visit itself changes nothing.
      for (const index of neighbours) this.similarities[index] = (this.similarities[index]! / Math.sqrt(this.visitItems[index]!.length)) * own;
    }
    if (neighbours.length > k) {
      const { similarities } = this;
      neighbours = neighbours.sort((a, b) => similarities[b]! - similarities[a]! || this.byTime(a, b)).slice(0, k);
    }
    return this.vote(neighbours, length);
  }

  forget(visit: Visit): void {
    this.indexOfVisit.delete(visit.number);
  }

  /** Visits with a common item, the visit itself left out, with their similarity and the step of their newest common item. */
  private candidates({ number, items }: Visit): number[] {
    if (this.similarities.length < this.visitItems.length) this.growVisits();
    const stamp = ++this.stamp;
    const { similarities, steps, stamps } = this;
    const { similarity } = this.settings;
    const own = this.indexOfVisit.get(number);
    const weigh = similarity === 'cosine' ? PLACE_WEIGHTS.same : PLACE_WEIGHTS[similarity];
    const seen = new Set<string>();
    const candidates: number[] = [];
    // The published weight of an item is that of its last view, over the number of distinct items.
    const distinct = similarity === 'cosine' ? 1 : new Set(items).size;
    for (let at = items.length - 1; at >= 0; at--) {
      const item = items[at]!;
      if (seen.has(item)) continue;
      seen.add(item);
      const weight = weigh(at + 1, items.length) / distinct;
      for (const index of this.visitsOfItem[this.interner.intern(item)] ?? []) {
        if (index === own) continue;
        if (stamps[index] === stamp) {
          similarities[index]! += weight;
        } else {
          stamps[index] = stamp;
          similarities[index] = weight;
          steps[index] = items.length - at;
          candidates.push(index);
        }
      }
    }
    return candidates;
  }

  private vote(neighbours: readonly number[], length: number): ScoredItem[] {
    const { score, idfWeight } = this.settings;
    const weigh = STEP_WEIGHTS[score];
    if (this.scores.length < this.interner.size) this.scores = new Float64Array(this.interner.size * 2);
    const { scores, logViews } = this;
    const logVisits = Math.log(this.visitItems.length);
    const voted = new Set<number>();
    for (const index of neighbours) {
      const vote = this.similarities[index]! * weigh(this.steps[index]!);
      for (const id of this.visitItems[index]!) {
        scores[id]! += vote * (1 + idfWeight * (logVisits - logViews[id]!));
        voted.add(id);
      }
    }
    const best = bestScores(entriesOf(voted, scores), length, this.interner);
    for (const id of voted) scores[id] = 0;
    return best;
  }

  private byTime(a: number, b: number): number {
    return this.visitTimes[b]! - this.visitTimes[a]! || this.visitNumbers[b]! - this.visitNumbers[a]!;
  }

  private growVisits(): void {
    const size = Math.max(this.visitItems.length, this.similarities.length * 2);
    this.similarities = new Float64Array(size);
    this.steps = new Int32Array(size);
    this.stamps = new Int32Array(size);
    this.stamp = 0;
  }
}

function* entriesOf(ids: Iterable<number>, scores: Float64Array): Iterable<readonly [number, number]> {
  for (const id of ids) yield [id, scores[id]!];
}
