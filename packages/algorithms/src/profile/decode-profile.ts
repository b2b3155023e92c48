/** Reads what `encode-profile.ts` writes. Every damaged or foreign value is a `CorruptProfileError` that names the place. */
import { FOLD_PARAMETER_RANGES } from '../fold-parameters.ts';
import { activeDay } from './activity.ts';
import { ALL_PARTS, HAS, impliedDayWeight, ITEM_FLAG, partsOf, PROFILE_FORMAT } from './encode-profile.ts';
import { HOUR_MS } from './fold-environment.ts';
import { PackedReader } from './packed-bytes.ts';
import type { Affinity, OrderStatistics, RecentItem } from './profile.ts';
import {
  ATTRIBUTES,
  BRAND_AFFINITIES,
  CATEGORY_AFFINITIES,
  CHANNEL_COUNT,
  DAYS_A_WEEK,
  HOURS_A_DAY,
  ORDER_GAPS_KEPT,
  PRICE_BAND_AFFINITIES,
  Profile,
  RECENT_ITEMS,
  TAGS,
  TRAIL_POSITIONS,
  TRAIL_VIEWS,
  UNVIEWED_ITEMS_A_DAY,
} from './profile.ts';

const COUNTERS = 4;
const LARGEST_ITEM_BYTE = 7 | ITEM_FLAG.carted | ITEM_FLAG.purchased | ITEM_FLAG.favourite | ITEM_FLAG.later;
const LARGEST_UNVIEWED = 2 ** 28 - 1;

/**
 * @param bytes a value of `encodeProfile`; the profile keeps no reference to them.
 * @throws CorruptProfileError
 */
export function decodeProfile(bytes: Uint8Array): Profile {
  const input = new PackedReader(bytes, 'profile.header');
  const format = input.byte();
  if (format !== PROFILE_FORMAT) input.fail(`format ${format} is not known here`);
  const parts = input.byte() | (input.byte() << 8) | (input.byte() << 16);
  if (parts > ALL_PARTS) input.fail('parts that are not known here');
  if (parts & HAS.consentGiven && parts & HAS.consentRefused) input.fail('consent is both given and refused');
  const profile = new Profile();
  profile.known = (parts & HAS.known) !== 0;
  if (parts & HAS.consentGiven) profile.consent = true;
  if (parts & HAS.consentRefused) profile.consent = false;
  if (parts & HAS.seen) {
    profile.events = input.varint();
    profile.firstSeenMs = input.varint();
    profile.lastSeenMs = input.exact(profile.firstSeenMs + input.varint());
  }
  if (parts & HAS.activity) readActivity(input, profile);
  if (parts & HAS.recents) readRecents(input, profile);
  if (parts & HAS.session) readSession(input, profile);
  if (parts & HAS.unviewed) {
    input.place = 'profile.unviewed';
    const count = input.varintUpTo(UNVIEWED_ITEMS_A_DAY);
    for (let i = 0; i < count; i++) {
      const packed = input.varintUpTo(LARGEST_UNVIEWED);
      profile.unviewed.push({ hash: packed >>> 3, dayWeight: packed & 7 });
    }
  }
  if (parts & HAS.counters) {
    input.place = 'profile.counters';
    const counters = readSparse(input, COUNTERS);
    profile.views = counters[0]!;
    profile.searches = counters[1]!;
    profile.impressions = counters[2]!;
    profile.recommendationClicks = counters[3]!;
  }
  if (parts & HAS.dwells) {
    input.place = 'profile.dwells';
    profile.dwells = input.varint();
    profile.dwellMs = input.varint();
  }
  if (parts & HAS.categories) profile.categories = readNamedAffinities(input, 'profile.categories', CATEGORY_AFFINITIES);
  if (parts & HAS.brands) profile.brands = readNamedAffinities(input, 'profile.brands', BRAND_AFFINITIES);
  if (parts & HAS.priceBands) {
    input.place = 'profile.priceBands';
    const count = input.varintUpTo(PRICE_BAND_AFFINITIES);
    for (let i = 0; i < count; i++) {
      profile.priceBands.push(readAffinity(input, input.varint()));
    }
  }
  if (parts & HAS.orders) profile.orders = readOrders(input, profile.lastSeenMs);
  if (parts & HAS.returns) {
    input.place = 'profile.returns';
    profile.returns = { count: input.varint(), returnedMinor: input.varint() };
  }
  if (parts & HAS.attributes) profile.attributes = readAttributes(input);
  if (parts & HAS.tags) {
    input.place = 'profile.tags';
    const count = input.varintUpTo(TAGS);
    profile.tags = [];
    for (let i = 0; i < count; i++) profile.tags.push(input.text());
  }
  if (parts & HAS.idHashes) readIdHashes(input, profile);
  if (parts & HAS.unknownSections) {
    input.place = 'profile.unknownSections';
    while (input.at < input.bytes.length) {
      const tag = input.varint();
      profile.unknownSections.push({ tag, bytes: Uint8Array.from(input.raw(input.varint())) });
    }
  }
  input.place = 'profile.end';
  input.end();
  if (partsOf(profile) !== parts) input.fail('a part that is there is empty');
  return profile;
}

function readActivity(input: PackedReader, profile: Profile): void {
  input.place = 'profile.activity';
  profile.activeHour = input.exact(Math.floor(profile.lastSeenMs / HOUR_MS) - input.varint());
  profile.eventsThisHour = input.varint();
  profile.activityDays = input.varint();
  profile.hourCounts = readSparse(input, HOURS_A_DAY);
  profile.weekdayCounts = readSparse(input, DAYS_A_WEEK);
  profile.channelCounts = readSparse(input, CHANNEL_COUNT);
}

function readSparse(input: PackedReader, size: number): number[] {
  const counts = new Array<number>(size).fill(0);
  const present = input.varintUpTo(2 ** size - 1);
  for (let i = 0; i < size; i++) if (present & (1 << i)) counts[i] = input.varint();
  return counts;
}

function readRecents(input: PackedReader, profile: Profile): void {
  input.place = 'profile.recents';
  const day = activeDay(profile);
  const count = input.varintUpTo(RECENT_ITEMS);
  let newerSec = Math.floor(profile.lastSeenMs / 1000);
  for (let i = 0; i < count; i++) {
    const itemId = input.text();
    const packed = input.varint();
    const flagged = packed % 2 === 1;
    const apartSec = (packed - (packed % 2)) / 2;
    const written = flagged ? input.byte() : 0;
    if (written > LARGEST_ITEM_BYTE) input.fail(`${written} is no flag byte of an item`);
    const viewedAtSec = input.exact(written & ITEM_FLAG.later ? newerSec + apartSec : newerSec - apartSec);
    const flags = flagged ? written : impliedDayWeight(viewedAtSec, day);
    const item: RecentItem = {
      itemId,
      viewedAtSec,
      carted: (flags & ITEM_FLAG.carted) !== 0,
      purchased: (flags & ITEM_FLAG.purchased) !== 0,
      favourite: (flags & ITEM_FLAG.favourite) !== 0,
      dayWeight: flags & 7,
    };
    profile.recents.push(item);
    newerSec = viewedAtSec;
  }
}

function readSession(input: PackedReader, profile: Profile): void {
  input.place = 'profile.session';
  profile.sessions = input.varint();
  profile.sessionLastMs = input.exact(profile.lastSeenMs - input.varint());
  profile.sessionStartMs = input.exact(profile.sessionLastMs - input.varint());
  profile.sessionPositions = input.varint();
  const header = input.varintUpTo(TRAIL_POSITIONS * 2 + 1);
  const plain = header % 2 === 0;
  for (let i = 0; i < header >> 1; i++) {
    const packed = plain ? i : input.varintUpTo(TRAIL_VIEWS * RECENT_ITEMS - 1);
    const item = profile.recents[packed % RECENT_ITEMS];
    if (item === undefined) input.fail('the trail names an item that is not among the recents');
    profile.trail.push({ item, views: Math.floor(packed / RECENT_ITEMS) + 1 });
  }
}

function readNamedAffinities(input: PackedReader, place: string, limit: number): Affinity<string>[] {
  input.place = place;
  const count = input.varintUpTo(limit);
  const list: Affinity<string>[] = [];
  for (let i = 0; i < count; i++) {
    list.push(readAffinity(input, input.text()));
  }
  return list;
}

function readAffinity<K extends string | number>(input: PackedReader, key: K): Affinity<K> {
  const interest = input.varint();
  return { key, interest, intent: interest - input.varintUpTo(interest) };
}

function readOrders(input: PackedReader, lastSeenMs: number): OrderStatistics {
  input.place = 'profile.orders';
  const count = input.varint();
  const days = input.varint();
  const lastMs = input.exact(lastSeenMs - input.varint());
  const orders: OrderStatistics = {
    count,
    days,
    firstMs: input.exact(lastMs - input.varint()),
    lastMs,
    spendMinor: input.varint(),
    items: input.varint(),
    discountMinor: input.varint(),
    discounted: input.varint(),
    coupons: input.varint(),
    gaps: { count: input.varint(), sumDays: 0, sumSquaredDays: 0, lastDays: [] },
  };
  if (orders.gaps.count === 0) return orders;
  orders.gaps.sumDays = input.varint();
  orders.gaps.sumSquaredDays = input.varint();
  const kept = input.varintUpTo(ORDER_GAPS_KEPT);
  for (let i = 0; i < kept; i++) orders.gaps.lastDays.push(input.varint());
  return orders;
}

function readAttributes(input: PackedReader): Map<string, string> {
  input.place = 'profile.attributes';
  const count = input.varintUpTo(ATTRIBUTES);
  const attributes = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const name = input.text();
    attributes.set(name, input.text());
  }
  if (attributes.size !== count) input.fail('an attribute is named twice');
  return attributes;
}

function readIdHashes(input: PackedReader, profile: Profile): void {
  input.place = 'profile.idHashes';
  const count = input.varintUpTo(FOLD_PARAMETER_RANGES.duplicateIds[1]);
  const hours = new Array<number>(count);
  let hour = input.exact(Math.floor(profile.lastSeenMs / HOUR_MS) + input.zigzag());
  let left = count;
  while (left > 0) {
    hour = input.exact(hour - input.varint());
    const length = input.varintUpTo(left);
    if (length === 0) input.fail('a run of no ids');
    for (const start = left - length; left > start; left--) hours[left - 1] = hour;
  }
  profile.idHours = hours;
  profile.idHashes = input.uint40s(count);
}
