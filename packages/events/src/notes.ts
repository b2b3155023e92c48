/** What decoding may mend or take out without refusing the record: closed lists, so that they can be metric labels. */

/** Why a line was taken out of an order. The first six are codes that stand for no article. */
export const CLEANING_RULES = [
  'postage',
  'fee',
  'sample',
  'discount',
  'manual',
  'voucher',
  'no-price',
  'no-quantity',
] as const;
export type CleaningRule = (typeof CLEANING_RULES)[number];

export const NOTE_NAMES = [
  /** Event time was more than 10 minutes past the record's timestamp and was set back. */
  'time-clamped',
  /** A JSON event carried a field that the schema does not have. */
  'json-field-unknown',
  /** A channel that this version does not know counted as web. */
  'channel-unknown',
  /** A price of 0 counted as not known. */
  'price-zero',
  'dwell-capped',
  /** A discount greater than its line was cut down to it. */
  'discount-capped',
  'text-cut',
  /** Text with half a surrogate pair was mended. */
  'text-mended',
  /** An attribute or tag whose name or value cannot be kept was dropped. */
  'fact-dropped',
  'line-postage',
  'line-fee',
  'line-sample',
  'line-discount',
  'line-manual',
  'line-voucher',
  'line-no-price',
  'line-no-quantity',
] as const;
export type NoteName = (typeof NOTE_NAMES)[number];

/** Called once each time something is mended or taken out. Must not throw. */
export type OnNote = (name: NoteName) => void;
