/**
 * What Millrace knows about one user (algorithms.md §2). A plain mutable record: `foldUserEvent` changes it in place,
 * `encodeProfile` writes it down, selectors read it.
 *
 * Every number is a non-negative whole number, so that a profile kept in memory and one that was written and read again
 * can never part. A fact that was never told is `undefined`; zero means that it was told and is zero.
 */

/** Limits that shape the value; they belong to the format and are no parameters. Together they keep a full profile below 760 bytes. */
export const RECENT_ITEMS = 20;
export const TRAIL_VIEWS = 10;
export const TRAIL_POSITIONS = 10;
export const CATEGORY_AFFINITIES = 6;
export const BRAND_AFFINITIES = 4;
export const PRICE_BAND_AFFINITIES = 4;
export const UNVIEWED_ITEMS_A_DAY = 4;
export const ORDER_GAPS_KEPT = 8;
export const ATTRIBUTES = 16;
export const TAGS = 32;
export const ATTRIBUTE_BYTES = 64;
export const HOURS_A_DAY = 24;
export const DAYS_A_WEEK = 7;
/** A rhythm count never passes this; when one would, all counts of its circle are halved. */
export const RHYTHM_COUNT = 127;
export const CHANNEL_COUNT = 5;

/** One of the last distinct items that the user viewed. */
export interface RecentItem {
  readonly itemId: string;
  /** The latest event time of a view, in whole seconds since 1970. */
  viewedAtSec: number;
  /** Is it in the cart, as far as the events tell? */
  carted: boolean;
  purchased: boolean;
  favourite: boolean;
  /** The largest weight that this item earned on the profile's active day (0 … 5). */
  dayWeight: number;
}

/** A position of the present session: an item and how many raw views in a row it got (at most `TRAIL_VIEWS` are kept). */
export interface TrailStep {
  /** Always one of `recents`. */
  readonly item: RecentItem;
  views: number;
}

/**
 * A decayed sum of weights in units of 1/256 weight: `interest` has a half-life of 30 days, `intent` one of 7.
 * Both are as of the profile's active day, and intent is never above interest.
 */
export interface Affinity<K extends string | number> {
  readonly key: K;
  interest: number;
  intent: number;
}

/** An item without a place in `recents` that earned weight on the active day, known by a hash of its id. */
export interface UnviewedItem {
  readonly hash: number;
  dayWeight: number;
}

/** Whole days between consecutive days with an order. */
export interface OrderGaps {
  count: number;
  sumDays: number;
  sumSquaredDays: number;
  /** The last `ORDER_GAPS_KEPT` gaps, oldest first. */
  readonly lastDays: number[];
}

export interface OrderStatistics {
  count: number;
  /** Days with an order, counted when an order moves the first or the last such day. */
  days: number;
  firstMs: number;
  lastMs: number;
  /** After discounts, before returns, minor units. */
  spendMinor: number;
  items: number;
  discountMinor: number;
  /** Orders with a discount on any line, and orders with a coupon. */
  discounted: number;
  coupons: number;
  readonly gaps: OrderGaps;
}

export interface ReturnStatistics {
  count: number;
  returnedMinor: number;
}

/** A part of the value that this version does not know: kept byte for byte, in the order found. */
export interface UnknownSection {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

export class Profile {
  /** Was the user ever identified, or is this a visitor? */
  known = false;
  /** May Millrace personalise? `undefined`: nobody said. */
  consent: boolean | undefined = undefined;

  /** Events folded, of any type; the two times below mean something only when there was one. */
  events = 0;
  firstSeenMs = 0;
  lastSeenMs = 0;

  /** The latest hour (since 1970) with a click or an order, and how many there were in it: the bot guard. */
  activeHour = 0;
  eventsThisHour = 0;
  /** Days on which the user did something; 0 means that `activeHour` is not set. */
  activityDays = 0;
  /** Active hours by hour of the day (UTC) and active days by day of the week (0 = Monday). */
  hourCounts: number[] = [];
  weekdayCounts: number[] = [];
  /** Clicks and orders by channel, in the order that `activity.ts` gives them. */
  channelCounts: number[] = [];

  /** Sessions opened; 0 means that the fields of the session are not set. */
  sessions = 0;
  sessionStartMs = 0;
  sessionLastMs = 0;
  /** Positions that the session has taken. */
  sessionPositions = 0;
  /** The last positions of the session, newest first. */
  trail: TrailStep[] = [];
  /** Distinct viewed items, newest first. */
  recents: RecentItem[] = [];
  unviewed: UnviewedItem[] = [];

  views = 0;
  searches = 0;
  impressions = 0;
  recommendationClicks = 0;
  dwells = 0;
  dwellMs = 0;

  categories: Affinity<string>[] = [];
  brands: Affinity<string>[] = [];
  /** Key b ≥ 1: prices from 2^(b-1) to 2^b - 1 minor units; 0: given away. */
  priceBands: Affinity<number>[] = [];

  orders: OrderStatistics | undefined = undefined;
  returns: ReturnStatistics | undefined = undefined;

  /** What the business says about the customer, in the order in which it was first said. */
  attributes: Map<string, string> | undefined = undefined;
  tags: string[] | undefined = undefined;

  /** 40-bit hashes of the last event ids, oldest first, and the hour of the shard's clock at which each came. */
  idHashes: number[] = [];
  idHours: number[] = [];

  unknownSections: UnknownSection[] = [];
}

/** Adds without leaving the whole numbers that are exact: a sum that would stays at the largest one. */
export function addSaturating(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER);
}
