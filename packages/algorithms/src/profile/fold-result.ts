/** What the fold of one event came to, beside the changed profile and the evidence. */

/** Everything that a fold may remark: a closed list, so that it can be a metric label. */
export const FOLD_NOTES = [
  /** The event id was seen before: nothing was folded. */
  'duplicate',
  /** Too far behind the shard's clock: the profile learned from it, the pairs did not, and there is no list. */
  'late-evidence',
  /** More events in an hour than a person makes: no evidence. */
  'bot',
  /** The session has all the positions it may have: no evidence. */
  'session-cap',
  /** Older than the present session by more than a session's gap: it took no position in it. */
  'straggler',
  /** A view, cart, favourite, share or dwell that names no item: counted only. */
  'item-missing',
  /** An order or a return without lines: counted as an event only. */
  'no-lines',
  /** An order with more distinct items than a basket counts: the first ones were taken. */
  'basket-cap',
  /** Attributes or tags past their number or length were left out. */
  'attribute-limit',
  /** The customer does not want to be personalised: no list. */
  'no-consent',
  /** The customer wants to be forgotten: the caller deletes the profile. */
  'erased',
] as const;
export type FoldNote = (typeof FOLD_NOTES)[number];

export type FoldList = 'next' | 'after-purchase';

export interface FoldResult {
  readonly notes: readonly FoldNote[];
  /** The placement that deserves a new list. */
  readonly list: FoldList | undefined;
  /** Orders that count towards the shard's number of orders: 1 exactly when `basket()` was called. */
  readonly orders: 0 | 1;
}

/** A set of notes: bit n stands for `FOLD_NOTES[n]`. */
export type NoteSet = number;

export const NO_NOTES: NoteSet = 0;

/** The set with this note alone; sets are joined with `|`. */
export function noteBit(note: FoldNote): NoteSet {
  return 1 << FOLD_NOTES.indexOf(note);
}

const LISTS: readonly (FoldList | undefined)[] = [undefined, 'next', 'after-purchase'];

/** Results are values without identity, so each is made once and shared: the hot path allocates none. */
const results = new Map<number, FoldResult>();

export function foldResult(notes: NoteSet, list: FoldList | undefined, orders: 0 | 1): FoldResult {
  const key = (notes * LISTS.length + LISTS.indexOf(list)) * 2 + orders;
  let result = results.get(key);
  if (result === undefined) {
    const named = FOLD_NOTES.filter((_, bit) => (notes & (1 << bit)) !== 0);
    result = Object.freeze({ notes: Object.freeze(named), list, orders });
    results.set(key, result);
  }
  return result;
}
