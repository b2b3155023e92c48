import { BASKET_ITEMS, CONTEXT_ITEMS } from './evidence-format.ts';
import { BB, VB, VV } from './item-row.ts';
import type { NeighbourCache } from './neighbour-cache.ts';
import { REPEAT_WINDOW, repeatWeight } from './repeat-prior.ts';
import type { RepeatPrior } from './repeat-prior.ts';
import { quantised, Scores } from './scores.ts';
import type { Source } from './scores.ts';

/** `next`: anything. `discover`: nothing among the recent items. `after-purchase`: what goes with the order's items. */
export const PLACEMENTS = ['next', 'discover', 'after-purchase'] as const;
export type Placement = (typeof PLACEMENTS)[number];

export interface RankRequest {
  readonly placement: Placement;
  /** The user's recent distinct items, newest first; the first 10 count. */
  readonly recent: readonly string[];
  /** Raw views of the session, newest first, refreshes included; the first 10 count. For the repeat prior. */
  readonly rawTrail: readonly string[];
  /** UTC day of the event, to which counts are aged. */
  readonly day: number;
  /** The order's items, for `after-purchase`; the first 32 count. */
  readonly basket?: readonly string[] | undefined;
  /** Items that must not be in the list. */
  readonly exclude?: Iterable<string> | undefined;
  /** Places of the list. */
  readonly length: number;
  readonly repeatPrior: RepeatPrior;
  /** Asked only for items that would get a place. */
  readonly isAvailable?: ((item: string) => boolean) | undefined;
}

/**
 * A part of a score. `item`: together with one of the user's items. `repeat`: the user comes back to it. `two_hops`:
 * together with a neighbour of one of the user's items. `trending`: wanted by many.
 */
export type BecauseKind = 'item' | 'repeat' | 'two_hops' | 'trending';

export interface Because {
  readonly kind: BecauseKind;
  /** Which of the user's items; `undefined` for trending. */
  readonly item: string | undefined;
  /** Its part of the score. */
  readonly weight: number;
}

export interface RankedItem {
  readonly item: string;
  /** Comparable within one list only; does not grow from place to place. */
  readonly score: number;
  /** Math.round(1e9 · score before scaling to the stage): within a stage the order is (q descending, id ascending). */
  readonly q: number;
  /** The greatest part first: the strongest of the user's items, and the repeat prior where it has a part. */
  readonly because: readonly Because[];
}

export interface Ranking {
  readonly items: readonly RankedItem[];
  /** Age of the oldest row that was used, milliseconds; -1 when none was. */
  readonly countsAgeMs: number;
}

/** What a ranking still has to read, item ids without repetition within a batch. */
export interface RankNeeds {
  /** Items whose rows are to be read: `putRow`. */
  readonly rows: string[];
  /** Items whose totals are to be read: `putTotals`. */
  readonly totals: string[];
}

/** E[k] = exp(-k/2), a constant table because ECMAScript does not promise bit-identical `exp` (algorithms.md §1). */
const RECENCY: readonly number[] = [
  1, 0.6065306597126334, 0.36787944117144233, 0.22313016014842982, 0.1353352832366127, 0.0820849986238988, 0.049787068367863944,
  0.0301973834223185, 0.01831563888873418, 0.011108996538242306,
];

/** The best items of the first hop from which a short list looks one hop further. */
const BRIDGES = 5;

/** The stages of a placement, in the order in which they fill the list. */
type Stage = 'vv' | 'bb' | 'vb' | 'two_hops' | 'trending';
const STAGES: Readonly<Record<Placement, readonly Stage[]>> = {
  next: ['vv', 'two_hops', 'trending'],
  discover: ['vv', 'two_hops', 'trending'],
  'after-purchase': ['bb', 'vb', 'trending'],
};

/** The list as it fills. */
interface Draft {
  readonly items: RankedItem[];
  /** The best of the list so far, with the user's items behind them: what a look two hops away starts from. */
  readonly bridges: Source[];
}

/**
 * Ranks with what a `NeighbourCache` holds. The list is a function of the request and of the rows, totals and top lists
 * in the cache; what is not in it counts as empty. Before ranking a batch, read what is missing:
 *
 *     cache.beginBatch(nowMs);
 *     do {
 *       needs = { rows: [], totals: [] };
 *       for (const request of unanswered) ranking = ranker.tryRank(request, needs);
 *       …read what is in needs, and put it…
 *     } while (some are unanswered);
 *
 * which ends after at most five rounds: rows, totals, and for short lists rows and totals of the next stage.
 */
export class Ranker {
  private readonly cache: NeighbourCache;
  private readonly scores: Scores;
  private readonly trailIds = new Int32Array(REPEAT_WINDOW);
  private readonly trailWeights = new Float64Array(REPEAT_WINDOW);
  private trailLength = 0;

  constructor(cache: NeighbourCache) {
    this.cache = cache;
    this.scores = new Scores(cache);
  }

  /**
   * Ranks if everything that the ranking looks at is at hand and fresh; otherwise adds to `into` what must be read first
   * and has not been asked for in this batch, and answers undefined.
   */
  tryRank(request: RankRequest, into: RankNeeds): Ranking | undefined {
    return this.run(request, into);
  }

  /** Ranks with what is at hand. */
  rank(request: RankRequest): Ranking {
    return this.run(request, undefined)!;
  }

  private run(request: RankRequest, needs: RankNeeds | undefined): Ranking | undefined {
    this.begin(request);
    const draft: Draft = { items: [], bridges: [] };
    let oldestMs = Infinity;
    for (const stage of STAGES[request.placement]) {
      if (draft.items.length >= request.length) break;
      if (stage === 'trending') {
        this.fillTrending(request, draft);
        break;
      }
      const sources = this.sources(stage, request, draft);
      if (needs !== undefined && !this.rowsAreFresh(sources, needs)) return undefined;
      for (const { id } of sources) oldestMs = Math.min(oldestMs, Math.max(this.cache.rowReadAtMs(id), 0));
      const stale = this.scores.collect(sources, tableOf(stage), request.day, needs !== undefined);
      if (needs !== undefined && stale.length > 0) {
        for (const id of stale) if (this.cache.askTotals(id)) needs.totals.push(this.cache.interner.text(id));
        return undefined;
      }
      this.fill(stage, sources, request, draft);
    }
    return { items: draft.items, countsAgeMs: oldestMs === Infinity ? -1 : Math.max(0, this.cache.nowMs - oldestMs) };
  }

  private rowsAreFresh(sources: readonly Source[], needs: RankNeeds): boolean {
    let areFresh = true;
    for (const { id } of sources) {
      if (this.cache.rowIsFresh(id)) continue;
      areFresh = false;
      if (this.cache.askRow(id)) needs.rows.push(this.cache.interner.text(id));
    }
    return areFresh;
  }

  private begin(request: RankRequest): void {
    const { interner } = this.cache;
    this.scores.begin();
    if (request.exclude !== undefined) for (const item of request.exclude) this.scores.block(interner.intern(item));
    if (request.placement === 'discover') for (const item of request.recent) this.scores.block(interner.intern(item));
    if (request.placement === 'after-purchase') for (const item of request.basket ?? []) this.scores.block(interner.intern(item));
    this.trailLength = 0;
    if (request.placement !== 'next') return;
    this.trailLength = Math.min(request.rawTrail.length, REPEAT_WINDOW);
    for (let at = 0; at < this.trailLength; at++) {
      // A trail goes back and forth between few items: those are compared sooner than one is looked up among all.
      const item = request.rawTrail[at]!;
      const earlier = request.rawTrail.indexOf(item);
      this.trailIds[at] = earlier < at ? this.trailIds[earlier]! : interner.intern(item);
      this.trailWeights[at] = repeatWeight(request.repeatPrior, at + 1);
    }
  }

  /** The items that vote in a stage, with their weights. */
  private sources(stage: Stage, request: RankRequest, draft: Draft): Source[] {
    const { interner } = this.cache;
    if (stage === 'two_hops') return draft.bridges;
    const sources: Source[] = [];
    const add = (item: string, weight: number): void => {
      const id = interner.intern(item);
      if (!sources.some((source) => source.id === id)) sources.push({ id, weight, because: id });
    };
    // The items of one order have no order among themselves, so they weigh the same.
    if (stage !== 'vv') for (const item of (request.basket ?? []).slice(0, BASKET_ITEMS)) add(item, 1);
    if (stage === 'bb') return sources;
    const depth = Math.min(request.recent.length, CONTEXT_ITEMS);
    for (let at = 0; at < depth; at++) add(request.recent[at]!, RECENCY[at]!);
    return sources;
  }

  private fill(stage: Stage, sources: readonly Source[], request: RankRequest, draft: Draft): void {
    const { scores } = this;
    const ceiling = ceilingOf(draft);
    if (stage === 'vv') for (let at = 0; at < this.trailLength; at++) scores.raise(this.trailIds[at]!, this.trailWeights[at]!);
    for (const slot of scores.select(request.length - draft.items.length, this.availability(request))) {
      const id = scores.idAt(slot);
      const score = scores.scoreAt(slot);
      const strongest = scores.strongestAt(slot);
      const behind = strongest < 0 ? id : sources[strongest]!.because;
      if (draft.bridges.length < BRIDGES && stage !== 'two_hops') draft.bridges.push({ id, weight: score, because: behind });
      const because: Because[] = [];
      if (strongest >= 0) {
        const kind = stage === 'two_hops' ? 'two_hops' : 'item';
        because.push({ kind, item: this.cache.interner.text(behind), weight: scores.strongestWeightAt(slot) * ceiling });
      }
      const item = this.cache.interner.text(id);
      if (stage === 'vv') this.explainRepeat(id, item, because);
      draft.items.push({ item, score: score * ceiling, q: quantised(score), because });
    }
  }

  private fillTrending(request: RankRequest, { items }: Draft): void {
    const { interner } = this.cache;
    const trending = this.cache.trending(request.day);
    const available = this.availability(request);
    const ceiling = ceilingOf({ items });
    let total = 0;
    for (const { value } of trending) total += value;
    for (const { id, value } of trending) {
      if (items.length >= request.length || value === 0) return;
      if (!this.scores.isFree(id) || (available !== undefined && !available(id))) continue;
      const share = value / total;
      const score = share * ceiling;
      items.push({ item: interner.text(id), score, q: quantised(share), because: [{ kind: 'trending', item: undefined, weight: score }] });
    }
  }

  private availability(request: RankRequest): ((id: number) => boolean) | undefined {
    const { isAvailable } = request;
    return isAvailable === undefined ? undefined : (id) => isAvailable(this.cache.interner.text(id));
  }

  /** Adds what the repeat prior gave an item, before or after the reason that is there. */
  private explainRepeat(id: number, item: string, because: Because[]): void {
    let weight = 0;
    for (let at = 0; at < this.trailLength; at++) if (this.trailIds[at] === id) weight += this.trailWeights[at]!;
    if (weight === 0) return;
    const repeat: Because = { kind: 'repeat', item, weight };
    if (because.length > 0 && because[0]!.weight >= weight) because.push(repeat);
    else because.unshift(repeat);
  }
}

/** Scores of a later stage are scaled below those of the stages before it, so that they never grow along the list. */
function ceilingOf({ items }: Pick<Draft, 'items'>): number {
  return items.length === 0 ? 1 : items[items.length - 1]!.score;
}

function tableOf(stage: Stage): number {
  if (stage === 'bb') return BB;
  return stage === 'vb' ? VB : VV;
}
