/**
 * The events of the wire as the rest of Millrace sees them: decoded, validated, normalised.
 *
 * Times are epoch milliseconds, amounts are integer minor units (cents), ids are well-formed strings of at most
 * 256 UTF-8 bytes. Absent optional values are `undefined`, never `null`.
 */

export const CHANNELS = ['web', 'app', 'email', 'social', 'store'] as const;
export type Channel = (typeof CHANNELS)[number];

export const CLICK_KINDS = [
  'view',
  'search',
  'cart_added',
  'cart_removed',
  'favourite',
  'share',
  'dwell',
  'impression',
  'recommendation_clicked',
] as const;
export type ClickKind = (typeof CLICK_KINDS)[number];

/** What every user-keyed event carries. `user` is the record's key: the known user's id, else the visitor's id. */
export interface UserEventBase {
  readonly eventId: string;
  /** Event time, already clamped to at most 10 minutes past the record's own timestamp. */
  readonly timeMs: number;
  readonly user: string;
  /** False for a visitor who has not been identified. */
  readonly known: boolean;
}

/** One record of `clickstream`. */
export interface ClickEvent extends UserEventBase {
  readonly type: 'click';
  readonly kind: ClickKind;
  readonly channel: Channel;
  readonly visitorId: string | undefined;
  readonly sessionId: string | undefined;
  readonly itemId: string | undefined;
  readonly category: string | undefined;
  readonly brand: string | undefined;
  readonly priceMinor: number | undefined;
  readonly quantity: number | undefined;
  readonly dwellMs: number | undefined;
  readonly query: string | undefined;
  readonly placement: string | undefined;
  readonly recommendationId: string | undefined;
  readonly referrer: string | undefined;
  readonly campaign: string | undefined;
}

export interface OrderLine {
  readonly itemId: string;
  readonly category: string | undefined;
  readonly brand: string | undefined;
  /** Whole pieces, at least 1 (a return counts the pieces that came back). */
  readonly quantity: number;
  readonly unitPriceMinor: number;
  /** Discount on the whole line, minor units, 0 when none. */
  readonly discountMinor: number;
}

/** One record of `purchases`: an order or a return, with its lines. */
export interface OrderEvent extends UserEventBase {
  readonly type: 'order' | 'return';
  readonly orderId: string;
  readonly channel: Channel;
  readonly currency: string;
  readonly country: string | undefined;
  readonly coupon: string | undefined;
  readonly visitorId: string | undefined;
  readonly lines: readonly OrderLine[];
  /** Lines that a cleaning rule took out while decoding, by rule name; they are counted, never folded. */
  readonly cleaned: Readonly<Record<string, number>> | undefined;
}

/** One record of `customers`: what the business knows and what the customer allows. */
export interface CustomerEvent extends UserEventBase {
  readonly type: 'customer';
  /** Business attributes such as ageBand, gender, region; merged key by key, an empty string removes one. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Replaces the customer's tags when present. */
  readonly tags: readonly string[] | undefined;
  /** May Millrace personalise for this user? `undefined` leaves the last answer. */
  readonly consent: boolean | undefined;
}

/** A tombstone or an explicit erase record on `customers`. */
export interface EraseEvent extends UserEventBase {
  readonly type: 'erase';
}

/** One record of `catalog`. */
export interface CatalogEvent {
  readonly type: 'catalog';
  readonly timeMs: number;
  readonly itemId: string;
  readonly name: string;
  readonly text: string | undefined;
  readonly categoryPath: readonly string[];
  readonly brand: string | undefined;
  readonly priceMinor: number | undefined;
  readonly currency: string | undefined;
  readonly available: boolean;
}

/** The clock of a partition moves although nobody clicks. */
export interface TickEvent {
  readonly type: 'tick';
  readonly timeMs: number;
}

/** Fold parameters take effect at this place of the log; a version not above the present one is ignored. */
export interface FoldParametersEvent {
  readonly type: 'fold-parameters';
  readonly timeMs: number;
  readonly version: number;
  /** Only the values that differ from the defaults; unknown names are an error at decoding. */
  readonly values: Readonly<Record<string, number>>;
}

export type ControlEvent = TickEvent | FoldParametersEvent;
export type UserEvent = ClickEvent | OrderEvent | CustomerEvent | EraseEvent;
export type AnyEvent = UserEvent | CatalogEvent | ControlEvent;

/** Why a record went to dead letters: a closed list, so that it can be a metric label. */
export const DEAD_LETTER_REASONS = [
  'unreadable',
  'schema-violation',
  'too-large',
  'missing-key',
  'key-mismatch',
  'wrong-partition',
  'id-too-long',
  'id-malformed',
  'time-invalid',
  'from-the-future',
  'value-out-of-range',
  'too-many-lines',
  'quarantined',
] as const;
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

/** What decoding a record can come to; anything else is a bug and crashes. */
export type DecodeOutcome<E> =
  | { readonly kind: 'event'; readonly event: E }
  /** `detail` names field and rule, never a value that could identify a person. */
  | { readonly kind: 'dead'; readonly reason: DeadLetterReason; readonly detail: string }
  /** The writer's schema is not known here yet: the shard waits and asks the registry; this is no dead letter. */
  | { readonly kind: 'unknown-schema'; readonly schemaId: number };
