import { UNIT } from '../pairs/decay.ts';
import { BB } from '../pairs/item-row.ts';
import type { ItemRow } from '../pairs/item-row.ts';

/** A rule "who orders `from` also orders `to`", from the orders' counts; all figures are of the decayed counts. */
export interface PairRule {
  readonly from: string;
  readonly to: string;
  /** Orders with both. */
  readonly count: number;
  readonly support: number;
  readonly confidence: number;
  readonly lift: number;
  readonly leverage: number;
  /** Infinity where the confidence is 1. */
  readonly conviction: number;
  /** Dunning's log-likelihood ratio G² of the two-by-two table of orders. */
  readonly llr: number;
}

/** What a rule must reach to be shown. */
export interface RuleGate {
  readonly minCount: number;
  /** 10.83 is χ² with one degree of freedom at p = .001. */
  readonly minLlr: number;
  /** Exclusive. */
  readonly minLift: number;
  readonly minSupport: number;
  readonly minConfidence: number;
}

export const DEFAULT_RULE_GATE: RuleGate = { minCount: 5, minLlr: 10.83, minLift: 1.1, minSupport: 0, minConfidence: 0 };

/**
 * The rules from one item, strongest first by (lift descending, id ascending).
 *
 * @param row the item's row, aged to the same day as the totals.
 * @param ordersOf orders with an item, in units of 5040 (`nBb`); `undefined` leaves that item out.
 * @param ordersTotal all orders, in units of 5040.
 */
export function pairRules(
  from: string,
  row: ItemRow,
  ordersOf: (item: string) => number | undefined,
  ordersTotal: number,
  gate: RuleGate = DEFAULT_RULE_GATE,
): PairRule[] {
  const rules: PairRule[] = [];
  for (let slot = 0; slot < row.size; slot++) {
    const together = row.counts[slot * 3 + BB]!;
    if (together === 0) continue;
    const to = row.interner.text(row.ids[slot]!);
    const withTo = ordersOf(to);
    if (withTo === undefined) continue;
    const rule = pairRule(from, to, together / UNIT, row.nBb / UNIT, withTo / UNIT, ordersTotal / UNIT);
    if (rule !== undefined && passes(rule, gate)) rules.push(rule);
  }
  return rules.sort((a, b) => b.lift - a.lift || Buffer.compare(Buffer.from(a.to), Buffer.from(b.to)));
}

/**
 * Figures of one rule from counts of orders: with both, with the first, with the second, in all. `undefined` for counts
 * that are not those of a two-by-two table with orders on both margins, which separately decayed and separately read
 * counts may come to.
 */
export function pairRule(from: string, to: string, both: number, withFrom: number, withTo: number, all: number): PairRule | undefined {
  const neither = all - withFrom - withTo + both;
  if (!(withFrom > 0 && withTo > 0 && both <= withFrom && both <= withTo && neither >= 0)) return undefined;
  const support = both / all;
  const confidence = both / withFrom;
  const expected = withTo / all;
  return {
    from,
    to,
    count: both,
    support,
    confidence,
    lift: confidence / expected,
    leverage: support - (withFrom / all) * expected,
    conviction: confidence === 1 ? Infinity : (1 - expected) / (1 - confidence),
    llr: logLikelihoodRatio(both, withFrom - both, withTo - both, neither),
  };
}

/** G² = 2 Σ O ln(O / E) of a two-by-two table (Dunning 1993); 0 · ln 0 is 0. */
export function logLikelihoodRatio(both: number, onlyFrom: number, onlyTo: number, neither: number): number {
  const all = both + onlyFrom + onlyTo + neither;
  const term = (observed: number, row: number, column: number): number =>
    observed <= 0 ? 0 : observed * Math.log((observed * all) / (row * column));
  const sum =
    term(both, both + onlyFrom, both + onlyTo) +
    term(onlyFrom, both + onlyFrom, onlyFrom + neither) +
    term(onlyTo, onlyTo + neither, both + onlyTo) +
    term(neither, onlyTo + neither, onlyFrom + neither);
  return Math.max(0, 2 * sum);
}

function passes(rule: PairRule, gate: RuleGate): boolean {
  return (
    rule.count >= gate.minCount &&
    rule.llr >= gate.minLlr &&
    rule.lift > gate.minLift &&
    rule.support >= gate.minSupport &&
    rule.confidence >= gate.minConfidence
  );
}
