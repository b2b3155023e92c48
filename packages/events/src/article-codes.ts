import type { CleaningRule } from './notes.ts';

/**
 * Item codes that stand for no article: whole codes, and beginnings of codes. Which lines are folded shapes the state,
 * so the list belongs to a deployment as its fold does: whoever changes it rebuilds.
 */
export interface ArticleCodes {
  readonly codes: ReadonlyMap<string, CleaningRule>;
  readonly prefixes: readonly (readonly [prefix: string, rule: CleaningRule])[];
}

/** The codes of the UCI Online Retail shop, which many shops use alike. */
export const DEFAULT_ARTICLE_CODES: ArticleCodes = {
  codes: new Map<string, CleaningRule>([
    ['POST', 'postage'],
    ['DOT', 'postage'],
    ['C2', 'postage'],
    ['BANK CHARGES', 'fee'],
    ['AMAZONFEE', 'fee'],
    ['CRUK', 'fee'],
    ['B', 'fee'],
    ['S', 'sample'],
    ['PADS', 'sample'],
    ['D', 'discount'],
    ['M', 'manual'],
    ['m', 'manual'],
  ]),
  prefixes: [['gift_', 'voucher']],
};

/** The rule by which a line with this code is taken out, or undefined for an article. */
export function ruleForCode(codes: ArticleCodes, itemId: string): CleaningRule | undefined {
  const rule = codes.codes.get(itemId);
  if (rule !== undefined) return rule;
  for (const [prefix, byPrefix] of codes.prefixes) if (itemId.startsWith(prefix)) return byPrefix;
  return undefined;
}
