import { ItemInterner } from '../pairs/item-interner.ts';
import { bestScores } from './best-scores.ts';
import type { NextItemModel, ScoredItem, Visit } from './next-item-model.ts';

/** Weights by item, in the order in which the items came in. */
type Rule = Map<number, number>;

/**
 * The models that look at the last item alone and differ in what they count for a pair: association rules, sequential
 * rules, item-kNN. All of them count on every view, so they can be tested event by event.
 */
abstract class RuleModel implements NextItemModel {
  abstract readonly name: string;
  abstract readonly settings: Readonly<Record<string, string | number>>;
  protected readonly interner = new ItemInterner();
  private readonly rules: (Rule | undefined)[] = [];

  abstract learn(visit: Visit, item: string): void;
  protected abstract scores(last: number, rule: Rule): Iterable<readonly [number, number]>;

  follow(): void {
    // The last item of the visit is all that a list depends on.
  }

  prepare(): void {
    // A list reads what was counted.
  }

  recommend(visit: Visit, _timeMs: number, length: number): ScoredItem[] {
    const last = visit.items.at(-1);
    if (last === undefined) return [];
    const id = this.interner.intern(last);
    const rule = this.rules[id];
    return rule === undefined ? [] : bestScores(this.scores(id, rule), length, this.interner);
  }

  forget(): void {
    // Nothing is kept of a visit.
  }

  protected count(from: number, to: number, weight: number): void {
    const rule = (this.rules[from] ??= new Map());
    rule.set(to, (rule.get(to) ?? 0) + weight);
  }
}

/** The `kept` heaviest entries; of equal ones those that came in first, as Python's `Counter.most_common` does. */
function pruned(rule: Rule, kept: number): (readonly [number, number])[] {
  return [...rule].sort(([, a], [, b]) => b - a).slice(0, kept);
}

/**
 * Association rules of size two (Kamehkhosh, Jannach, Ludewig 2017; session-rec `ar.py`): how often two items were
 * viewed in one visit, in either order, counted for every pair of views. The published setting keeps 20 rules an item.
 */
export class AssociationRulesModel extends RuleModel {
  readonly name = 'ar';
  readonly settings: { readonly pruning: number };

  constructor(pruning = 20) {
    super();
    this.settings = { pruning };
  }

  learn(visit: Visit, item: string): void {
    const viewed = this.interner.intern(item);
    for (const before of visit.items) {
      const other = this.interner.intern(before);
      this.count(viewed, other, 1);
      this.count(other, viewed, 1);
    }
  }

  protected scores(_last: number, rule: Rule): Iterable<readonly [number, number]> {
    return pruned(rule, this.settings.pruning);
  }
}

/** How a weight falls with the distance of two views. */
export const DISTANCE_WEIGHTS = {
  div: (distance: number): number => 1 / distance,
  quadratic: (distance: number): number => 1 / (distance * distance),
  same: (): number => 1,
} as const;
export type DistanceWeighting = keyof typeof DISTANCE_WEIGHTS;

/** Sequential rules (Kamehkhosh, Jannach, Ludewig 2017; session-rec `sr.py`): forward pairs, weighted by their distance. */
export class SequentialRulesModel extends RuleModel {
  readonly name = 'sr';
  readonly settings: { readonly steps: number; readonly weighting: DistanceWeighting; readonly pruning: number };

  /** @param steps views before an item that count towards it */
  constructor(steps: number, weighting: DistanceWeighting, pruning = 20) {
    super();
    this.settings = { steps, weighting, pruning };
  }

  learn({ items }: Visit, item: string): void {
    const viewed = this.interner.intern(item);
    const { steps, weighting } = this.settings;
    const weigh = DISTANCE_WEIGHTS[weighting];
    for (let distance = 1; distance <= Math.min(steps, items.length); distance++) {
      this.count(this.interner.intern(items[items.length - distance]!), viewed, weigh(distance));
    }
  }

  protected scores(_last: number, rule: Rule): Iterable<readonly [number, number]> {
    return pruned(rule, this.settings.pruning);
  }
}

/**
 * Item-kNN (Hidasi et al. 2016, "Session-based recommendations with recurrent neural networks"; session-rec `iknn.py`):
 * views of two items in one visit over (views_i + λ)^½ · (views_j + λ)^½; of these the 100 nearest, never the item itself.
 */
export class ItemKnnModel extends RuleModel {
  readonly name = 'item-knn';
  readonly settings: { readonly neighbours: number; readonly lambda: number };
  private readonly views: number[] = [];

  constructor(neighbours = 100, lambda = 20) {
    super();
    this.settings = { neighbours, lambda };
  }

  learn({ items }: Visit, item: string): void {
    const viewed = this.interner.intern(item);
    this.views[viewed] = (this.views[viewed] ?? 0) + 1;
    for (const before of items) {
      const other = this.interner.intern(before);
      if (other === viewed) continue;
      this.count(viewed, other, 1);
      this.count(other, viewed, 1);
    }
  }

  override recommend(visit: Visit, timeMs: number, length: number): ScoredItem[] {
    return super.recommend(visit, timeMs, Math.min(length, this.settings.neighbours));
  }

  protected *scores(last: number, rule: Rule): Iterable<readonly [number, number]> {
    for (const [id, count] of rule) yield [id, count / Math.sqrt(this.support(last) * this.support(id))];
  }

  private support(id: number): number {
    return (this.views[id] ?? 0) + this.settings.lambda;
  }
}
