/** The limits of the wire, and what an id may be. A limit carries its unit last in its name. */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** An id in UTF-8 bytes; a longer one sends its record to the dead letters. */
export const MAX_ID_BYTES = 256;
/** A record's value in bytes. */
export const MAX_RECORD_BYTES = 1_048_576;
/** Lines of an order or a return. */
export const MAX_ORDER_LINES = 1_000;
/** An event further than this past its record's timestamp comes from a wrong clock and is set back to it. */
export const MAX_AHEAD_CLAMP_MS = 10 * MINUTE_MS;
/** An event further than this past its record's timestamp is a dead letter. */
export const MAX_AHEAD_MS = DAY_MS;
/** Pieces in one line. */
export const MAX_QUANTITY_PIECES = 10_000;
/** Amount of one line, or price of one piece, in whole units of its currency. */
export const MAX_AMOUNT_UNITS = 1_000_000;
/** A dwell time longer than this says that a tab stayed open, nothing more. */
export const MAX_DWELL_MS = DAY_MS;
/** Free text (query, referrer, campaign, names), in UTF-16 units; what is longer is cut. */
export const MAX_TEXT_UNITS = 1_024;
/** The descriptive text of a catalogue item, in UTF-16 units; what is longer is cut. */
export const MAX_ITEM_TEXT_UNITS = 16_384;
/** Attributes or tags of one customer record. */
export const MAX_CUSTOMER_FACTS = 64;
/** Levels of an item's category path. */
export const MAX_CATEGORY_LEVELS = 16;
/** Nesting of a JSON record, in levels. The deepest schema needs four. */
export const MAX_JSON_DEPTH_LEVELS = 16;
/** The last moment that a JavaScript date can hold, epoch milliseconds. */
export const MAX_TIME_MS = 8_640_000_000_000_000;

/** What is wrong with an id: a dead-letter reason, or `undefined` when it may be used. */
export type IdFault = 'id-too-long' | 'id-malformed' | undefined;

/**
 * Checks an id from outside: not empty, at most 256 UTF-8 bytes, well-formed. U+FFFD is refused too: it is what a
 * broken decoding leaves behind, and two different ids must never fall together.
 */
export function idFault(id: string): IdFault {
  const units = id.length;
  if (units === 0) return 'id-malformed';
  // A UTF-16 unit takes at most three bytes, so that most ids need no count.
  if (units > MAX_ID_BYTES || (units * 3 > MAX_ID_BYTES && Buffer.byteLength(id) > MAX_ID_BYTES)) return 'id-too-long';
  if (!id.isWellFormed() || id.includes('\ufffd')) return 'id-malformed';
  return undefined;
}
