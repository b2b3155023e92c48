/**
 * The events as they stand on the wire: the shape of `schemas/*.avsc` with unions unwrapped, which is also the shape
 * of a JSON event. Producers and tests write these; what the pipeline works with after checking is in `types.ts`.
 * Amounts are in whole units of their currency (12.5 is twelve and a half), times are epoch milliseconds.
 */
import type { Channel, ClickKind } from './types.ts';

type Optional<T> = T | null | undefined;

/** `clickstream`: schemas/clickstream.avsc */
export interface WireClick {
  readonly eventId: string;
  readonly timeMs: number;
  readonly kind: ClickKind | 'unknown';
  readonly channel?: Channel | 'unknown' | undefined;
  readonly userId?: Optional<string>;
  readonly visitorId?: Optional<string>;
  readonly sessionId?: Optional<string>;
  readonly itemId?: Optional<string>;
  readonly category?: Optional<string>;
  readonly brand?: Optional<string>;
  readonly price?: Optional<number>;
  readonly currency?: Optional<string>;
  readonly quantity?: Optional<number>;
  readonly dwellMs?: Optional<number>;
  readonly query?: Optional<string>;
  readonly placement?: Optional<string>;
  readonly recommendationId?: Optional<string>;
  readonly referrer?: Optional<string>;
  readonly campaign?: Optional<string>;
}

export interface WireOrderLine {
  readonly itemId: string;
  readonly category?: Optional<string>;
  readonly brand?: Optional<string>;
  readonly quantity: number;
  readonly unitPrice?: Optional<number>;
  readonly discount?: number | undefined;
}

/** `purchases`: schemas/purchases.avsc */
export interface WireOrder {
  readonly eventId: string;
  readonly timeMs: number;
  readonly kind?: 'order' | 'return' | 'unknown' | undefined;
  readonly orderId: string;
  readonly userId?: Optional<string>;
  readonly visitorId?: Optional<string>;
  readonly channel?: Channel | 'unknown' | undefined;
  readonly currency: string;
  readonly country?: Optional<string>;
  readonly coupon?: Optional<string>;
  readonly lines: readonly WireOrderLine[];
}

/** `customers`: schemas/customers.avsc */
export interface WireCustomer {
  readonly eventId: string;
  readonly timeMs: number;
  readonly userId: string;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  readonly tags?: Optional<readonly string[]>;
  readonly consent?: Optional<boolean>;
  readonly erase?: boolean | undefined;
}

/** `catalog`: schemas/catalog.avsc */
export interface WireCatalogItem {
  readonly timeMs: number;
  readonly itemId: string;
  readonly name: string;
  readonly text?: Optional<string>;
  readonly categoryPath?: readonly string[] | undefined;
  readonly brand?: Optional<string>;
  readonly price?: Optional<number>;
  readonly currency?: Optional<string>;
  readonly available?: boolean | undefined;
}

/** `control`: schemas/control.avsc */
export interface WireControl {
  readonly kind: 'tick' | 'fold_parameters' | 'unknown';
  readonly timeMs: number;
  readonly foldParameters?: Optional<{
    readonly version: number;
    readonly values?: Readonly<Record<string, number>> | undefined;
  }>;
}

/** `recommendations`: schemas/recommendations.avsc */
export interface WireRecommendations {
  readonly id: string;
  readonly cause: WireCause;
  readonly user: string;
  readonly placement: string;
  /** Event time of the cause. */
  readonly timeMs: number;
  readonly items: readonly WireRecommendedItem[];
  readonly counts: { readonly ageMs: number; readonly source: string };
  /** Version of the fold parameters under which the list was made. */
  readonly version: number;
}

export interface WireCause {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly eventId: string;
}

export interface WireRecommendedItem {
  readonly itemId: string;
  readonly score: number;
  readonly because: readonly WireBecause[];
}

/** In the order of the schema's symbols, which is their number on the wire. */
export const BECAUSE_KINDS = ['unknown', 'item', 'repeat', 'two_hops', 'trending'] as const;
export type BecauseKind = (typeof BECAUSE_KINDS)[number];

export interface WireBecause {
  readonly kind: BecauseKind;
  /** Which of the user's items; null for trending. */
  readonly itemId: string | null;
  readonly weight: number;
}

/** `item-evidence`: schemas/item-evidence.avsc */
export interface EvidenceEnvelope {
  readonly sourceShard: number;
  /** 8 bytes. */
  readonly incarnation: Buffer;
  readonly journalOffset: number;
  readonly part: number;
  readonly last: boolean;
  readonly ordersTotal: number;
  readonly ordersDay: number;
  readonly items: readonly string[];
  /** One bit an item, the lowest bit of the first byte first: does the receiving shard own it? */
  readonly owned: Buffer;
  readonly blocks: Buffer;
}

/** First record of every partition of an internal topic: schemas/incarnation.avsc */
export interface Incarnation {
  /** 8 bytes. */
  readonly incarnation: Buffer;
  readonly createdAtMs: number;
  readonly shards: number;
}

/** `segment-changes`: schemas/segment-changes.avsc */
export interface WireSegmentChange {
  readonly id: string;
  readonly timeMs: number;
  readonly user: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly modelVersion: number;
  readonly distance: number;
  readonly why: readonly { readonly feature: string; readonly before: number; readonly after: number }[];
  readonly position: WireLogPosition;
}

export interface WireLogPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** `decisions`: schemas/decisions.avsc */
export interface WireDecision {
  readonly id: string;
  readonly timeMs: number;
  readonly user: string;
  readonly strategy: string;
  readonly strategyVersion: number;
  readonly action: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly reasons: readonly string[];
  readonly experiment: string | null;
  readonly variant: string | null;
  readonly propensity: number;
  readonly position: WireLogPosition;
}
