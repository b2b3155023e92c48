/**
 * The profile as bytes, format 1. A format byte, three bytes that say which parts follow, the parts in a fixed order, and
 * sections of later versions (tag, length, bytes) at the end. What is empty takes no byte. Times are differences to one
 * another, so that most take one to three bytes.
 *
 * Equal profiles give equal bytes. `decode-profile.ts` reads what `encodeProfile` writes: change both together.
 */
import { activeDay } from './activity.ts';
import { DAY_MS, HOUR_MS } from './fold-environment.ts';
import { PackedWriter } from './packed-bytes.ts';
import type { Affinity, OrderStatistics, Profile, RecentItem } from './profile.ts';
import { RECENT_ITEMS } from './profile.ts';

export const PROFILE_FORMAT = 1;

/** Bits of the three bytes after the format. */
export const HAS = {
  known: 1 << 0,
  consentGiven: 1 << 1,
  consentRefused: 1 << 2,
  seen: 1 << 3,
  activity: 1 << 4,
  session: 1 << 5,
  recents: 1 << 6,
  unviewed: 1 << 7,
  counters: 1 << 8,
  dwells: 1 << 9,
  categories: 1 << 10,
  brands: 1 << 11,
  priceBands: 1 << 12,
  orders: 1 << 13,
  returns: 1 << 14,
  attributes: 1 << 15,
  tags: 1 << 16,
  idHashes: 1 << 17,
  unknownSections: 1 << 18,
} as const;
export const ALL_PARTS = (1 << 19) - 1;

/**
 * The byte of a recent item that is more than viewed; three bits below it hold the weight of the day. `later`: its last view
 * was later than that of the item before it, which happens when events come out of order.
 */
export const ITEM_FLAG = { carted: 8, purchased: 16, favourite: 32, later: 64 } as const;

/** One writer for all: encoding is synchronous, and its buffer grows once and stays. */
const out = new PackedWriter(4_096);

/** @returns bytes of their own, at most about 760 for a full profile with ids of 8 bytes. */
export function encodeProfile(profile: Profile): Buffer {
  const parts = partsOf(profile);
  out.clear();
  out.byte(PROFILE_FORMAT);
  out.byte(parts & 255);
  out.byte((parts >>> 8) & 255);
  out.byte(parts >>> 16);
  if (parts & HAS.seen) {
    out.varint(profile.events);
    out.varint(profile.firstSeenMs);
    out.varint(profile.lastSeenMs - profile.firstSeenMs);
  }
  if (parts & HAS.activity) writeActivity(profile);
  if (parts & HAS.recents) writeRecents(profile);
  if (parts & HAS.session) writeSession(profile);
  if (parts & HAS.unviewed) {
    out.varint(profile.unviewed.length);
    for (const item of profile.unviewed) out.varint(item.hash * 8 + item.dayWeight);
  }
  if (parts & HAS.counters) {
    writeSparse([profile.views, profile.searches, profile.impressions, profile.recommendationClicks]);
  }
  if (parts & HAS.dwells) {
    out.varint(profile.dwells);
    out.varint(profile.dwellMs);
  }
  if (parts & HAS.categories) writeNamedAffinities(profile.categories);
  if (parts & HAS.brands) writeNamedAffinities(profile.brands);
  if (parts & HAS.priceBands) {
    out.varint(profile.priceBands.length);
    for (const band of profile.priceBands) {
      out.varint(band.key);
      writeAffinity(band);
    }
  }
  if (parts & HAS.orders) writeOrders(profile, profile.orders!);
  if (parts & HAS.returns) {
    out.varint(profile.returns!.count);
    out.varint(profile.returns!.returnedMinor);
  }
  if (parts & HAS.attributes) {
    out.varint(profile.attributes!.size);
    for (const [name, value] of profile.attributes!) {
      out.text(name);
      out.text(value);
    }
  }
  if (parts & HAS.tags) {
    out.varint(profile.tags!.length);
    for (const tag of profile.tags!) out.text(tag);
  }
  if (parts & HAS.idHashes) writeIdHashes(profile);
  if (parts & HAS.unknownSections) {
    for (const section of profile.unknownSections) {
      out.varint(section.tag);
      out.varint(section.bytes.length);
      out.raw(section.bytes);
    }
  }
  return out.take();
}

/** Which parts are not empty: the bits of `HAS`. */
export function partsOf(profile: Profile): number {
  let parts = 0;
  if (profile.known) parts |= HAS.known;
  if (profile.consent === true) parts |= HAS.consentGiven;
  if (profile.consent === false) parts |= HAS.consentRefused;
  if (profile.events > 0) parts |= HAS.seen;
  if (profile.activityDays > 0) parts |= HAS.activity;
  if (profile.sessions > 0) parts |= HAS.session;
  if (profile.recents.length > 0) parts |= HAS.recents;
  if (profile.unviewed.length > 0) parts |= HAS.unviewed;
  if (profile.views + profile.searches + profile.impressions + profile.recommendationClicks > 0) parts |= HAS.counters;
  if (profile.dwells > 0) parts |= HAS.dwells;
  if (profile.categories.length > 0) parts |= HAS.categories;
  if (profile.brands.length > 0) parts |= HAS.brands;
  if (profile.priceBands.length > 0) parts |= HAS.priceBands;
  if (profile.orders !== undefined) parts |= HAS.orders;
  if (profile.returns !== undefined) parts |= HAS.returns;
  if (profile.attributes !== undefined) parts |= HAS.attributes;
  if (profile.tags !== undefined) parts |= HAS.tags;
  if (profile.idHashes.length > 0) parts |= HAS.idHashes;
  if (profile.unknownSections.length > 0) parts |= HAS.unknownSections;
  return parts;
}

function writeActivity(profile: Profile): void {
  out.varint(Math.floor(profile.lastSeenMs / HOUR_MS) - profile.activeHour);
  out.varint(profile.eventsThisHour);
  out.varint(profile.activityDays);
  writeSparse(profile.hourCounts);
  writeSparse(profile.weekdayCounts);
  writeSparse(profile.channelCounts);
}

/** A bit for each count that is not 0, then these counts. */
function writeSparse(counts: readonly number[]): void {
  let present = 0;
  for (let i = 0; i < counts.length; i++) if (counts[i]! > 0) present |= 1 << i;
  out.varint(present);
  for (let i = 0; i < counts.length; i++) if (counts[i]! > 0) out.varint(counts[i]!);
}

/** The weight that an item has without saying: a view of the active day earns 1. */
export function impliedDayWeight(viewedAtSec: number, profileDay: number): number {
  return Math.floor(viewedAtSec / (DAY_MS / 1000)) === profileDay ? 1 : 0;
}

function writeRecents(profile: Profile): void {
  const day = activeDay(profile);
  const recents = profile.recents;
  out.varint(recents.length);
  let newerSec = Math.floor(profile.lastSeenMs / 1000);
  for (let i = 0; i < recents.length; i++) {
    const item = recents[i]!;
    out.text(item.itemId);
    const olderBySec = newerSec - item.viewedAtSec;
    const flags = flagsOf(item) | (olderBySec < 0 ? ITEM_FLAG.later : 0);
    if (flags === impliedDayWeight(item.viewedAtSec, day)) {
      out.varint(olderBySec * 2);
    } else {
      out.varint(Math.abs(olderBySec) * 2 + 1);
      out.byte(flags);
    }
    newerSec = item.viewedAtSec;
  }
}

function flagsOf(item: RecentItem): number {
  return (
    item.dayWeight |
    (item.carted ? ITEM_FLAG.carted : 0) |
    (item.purchased ? ITEM_FLAG.purchased : 0) |
    (item.favourite ? ITEM_FLAG.favourite : 0)
  );
}

/**
 * A step of the trail is the item's place among the recents and how often it was viewed in a row, in one small number. A trail
 * that is nothing but the newest recents, each viewed once, is told by its length alone.
 */
function writeSession(profile: Profile): void {
  out.varint(profile.sessions);
  out.varint(profile.lastSeenMs - profile.sessionLastMs);
  out.varint(profile.sessionLastMs - profile.sessionStartMs);
  out.varint(profile.sessionPositions);
  const plain = isPlainTrail(profile);
  out.varint(profile.trail.length * 2 + (plain ? 0 : 1));
  if (plain) return;
  for (const step of profile.trail) {
    out.varint((step.views - 1) * RECENT_ITEMS + profile.recents.indexOf(step.item));
  }
}

function isPlainTrail(profile: Profile): boolean {
  const { trail, recents } = profile;
  for (let i = 0; i < trail.length; i++) {
    if (trail[i]!.views !== 1 || trail[i]!.item !== recents[i]) return false;
  }
  return true;
}

function writeNamedAffinities(list: readonly Affinity<string>[]): void {
  out.varint(list.length);
  for (let i = 0; i < list.length; i++) {
    const entry = list[i]!;
    out.text(entry.key);
    writeAffinity(entry);
  }
}

/** Fresh interest is all intent, so their difference is the smaller number. */
function writeAffinity(entry: Affinity<string | number>): void {
  out.varint(entry.interest);
  out.varint(entry.interest - entry.intent);
}

function writeOrders(profile: Profile, orders: OrderStatistics): void {
  out.varint(orders.count);
  out.varint(orders.days);
  out.varint(profile.lastSeenMs - orders.lastMs);
  out.varint(orders.lastMs - orders.firstMs);
  out.varint(orders.spendMinor);
  out.varint(orders.items);
  out.varint(orders.discountMinor);
  out.varint(orders.discounted);
  out.varint(orders.coupons);
  out.varint(orders.gaps.count);
  if (orders.gaps.count === 0) return;
  out.varint(orders.gaps.sumDays);
  out.varint(orders.gaps.sumSquaredDays);
  out.varint(orders.gaps.lastDays.length);
  for (const days of orders.gaps.lastDays) out.varint(days);
}

/** Hours come in runs: for each run, newest first, how many hours before the newer one, and its length; then the hashes. */
function writeIdHashes(profile: Profile): void {
  const hours = profile.idHours;
  let end = hours.length;
  let newer = hours[end - 1]!;
  out.varint(end);
  // Hours of the shard's clock, which is mostly at the user's last event.
  out.zigzag(newer - Math.floor(profile.lastSeenMs / HOUR_MS));
  while (end > 0) {
    const hour = hours[end - 1]!;
    let start = end - 1;
    while (start > 0 && hours[start - 1] === hour) start--;
    out.varint(newer - hour);
    out.varint(end - start);
    newer = hour;
    end = start;
  }
  out.uint40s(profile.idHashes);
}
