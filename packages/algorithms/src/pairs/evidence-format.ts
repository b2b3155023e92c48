/*
 * One evidence record, as bytes of the Avro record `schemas/item-evidence.avsc` (without the registry's prefix).
 *
 * `items` is a dictionary, `owned` a bit per item (low bit first): the item belongs to the target shard. `blocks` begins
 * with the version byte and goes on with blocks in the order in which things happened. Each begins with a varint whose
 * two low bits are the kind, the rest `h`:
 *
 *   day  h = zigzag of the difference to the day before it in this record (the first: to 0)
 *   vv   h = dictionary index of the item viewed; varint mask, bit d - 1 for an item at distance d (1 … 10); the
 *        indexes of those items, nearest first
 *   vb   h = number of sources; number of items bought; indexes of the sources; indexes of the items bought
 *   bb   h = number of items of the order; their indexes
 *
 * A block tells the shard only what it needs. Of a view, the owner of the item viewed gets the whole context; a shard
 * that owns only some of the items before it gets those. Every item of `owned` is changed by at least one block.
 */
export const EVIDENCE_VERSION = 1;

export const DAY_BLOCK = 0;
export const VV_BLOCK = 1;
export const VB_BLOCK = 2;
export const BB_BLOCK = 3;

/** Items before a view that count, and items of an order that make pairs. */
export const CONTEXT_ITEMS = 10;
export const BASKET_ITEMS = 32;
export const SOURCE_ITEMS = 20;

export const INCARNATION_BYTES = 8;

/** Where a record comes from, and the order count of its source. */
export interface EvidenceOrigin {
  readonly sourceShard: number;
  /** Eight bytes that name the incarnation of the topic's log. */
  readonly incarnation: Buffer;
  /** Offset of the journal entry that the evidence follows from. */
  readonly journalOffset: bigint;
  /** Orders of the source shard in units of 5040, decayed like the counts and standing at `ordersDay`. */
  readonly ordersTotal: number;
  readonly ordersDay: number;
}

export interface EvidenceHeader extends EvidenceOrigin {
  /** 0, 1, … within one journal entry and target shard. */
  readonly part: number;
  readonly last: boolean;
}

/** A decoded record, checked through and through: folding it cannot fail. */
export interface EvidenceRecord {
  readonly header: EvidenceHeader;
  /** The dictionary: numbers of the interner that the record was decoded with. */
  readonly ids: Int32Array;
  /** 1 where the item of that index belongs to the target shard, else 0. */
  readonly owned: Uint8Array;
  /**
   * The blocks one after the other, indexes into `ids`:
   * `VV_BLOCK, day, item, n, (distance, item) × n`, `VB_BLOCK, day, n, m, source × n, bought × m`, `BB_BLOCK, day, n, item × n`.
   */
  readonly blocks: Int32Array;
}
