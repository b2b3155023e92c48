import { eventsByChannel } from './activity.ts';
import { AFFINITY_UNIT } from './affinity.ts';
import { HOUR_MS } from './fold-environment.ts';
import type { Affinity, Profile, RecentItem } from './profile.ts';
import { periodicity, usualHour } from './rhythm.ts';
import { meanDwellMs, monetaryMinor, rawTrail, returnShare } from './selectors.ts';

/**
 * The profile for people: a value of plain JSON with ISO times, weights as weights, and what follows from the counts. Facts
 * that nobody told are left out; zero is written. Text from outside is never a property name (it may be `__proto__`).
 */
export function inspectProfile(profile: Profile): Record<string, unknown> {
  return withoutMissing({
    known: profile.known,
    consent: profile.consent,
    events: profile.events,
    firstSeen: profile.events > 0 ? iso(profile.firstSeenMs) : undefined,
    lastSeen: profile.events > 0 ? iso(profile.lastSeenMs) : undefined,
    activity: profile.activityDays > 0 ? activity(profile) : undefined,
    session: profile.sessions > 0 ? session(profile) : undefined,
    recents: profile.recents.map(recent),
    views: profile.views,
    searches: profile.searches,
    impressions: profile.impressions,
    recommendationClicks: profile.recommendationClicks,
    dwells: profile.dwells,
    meanDwellMs: meanDwellMs(profile),
    categories: profile.categories.map(affinity),
    brands: profile.brands.map(affinity),
    priceBands: profile.priceBands.map((band) => ({
      ...affinity(band),
      fromMinor: band.key === 0 ? 0 : 2 ** (band.key - 1),
      toMinor: 2 ** band.key - 1,
    })),
    orders: orders(profile),
    returns: profile.returns === undefined ? undefined : { ...profile.returns, share: returnShare(profile) },
    monetaryMinor: monetaryMinor(profile),
    attributes:
      profile.attributes === undefined
        ? undefined
        : [...profile.attributes].map(([name, value]) => ({ name, value })),
    tags: profile.tags,
    unviewedItemsOfTheDay: profile.unviewed.length,
    rememberedEventIds: profile.idHashes.length,
    unknownSections: profile.unknownSections.map((section) => ({ tag: section.tag, bytes: section.bytes.length })),
  });
}

function activity(profile: Profile): Record<string, unknown> {
  return withoutMissing({
    lastHour: iso(profile.activeHour * HOUR_MS),
    eventsInThatHour: profile.eventsThisHour,
    days: profile.activityDays,
    hoursOfTheDay: profile.hourCounts,
    daysOfTheWeek: profile.weekdayCounts,
    usualHour: usualHour(profile),
    channels: eventsByChannel(profile),
  });
}

function session(profile: Profile): Record<string, unknown> {
  return {
    number: profile.sessions,
    start: iso(profile.sessionStartMs),
    last: iso(profile.sessionLastMs),
    positions: profile.sessionPositions,
    lastViews: rawTrail(profile),
  };
}

function recent(item: RecentItem): Record<string, unknown> {
  return {
    itemId: item.itemId,
    viewedAt: iso(item.viewedAtSec * 1000),
    carted: item.carted,
    purchased: item.purchased,
    favourite: item.favourite,
    dayWeight: item.dayWeight,
  };
}

function orders(profile: Profile): Record<string, unknown> | undefined {
  const statistics = profile.orders;
  if (statistics === undefined) return undefined;
  const { firstMs, lastMs, ...counts } = statistics;
  return withoutMissing({ ...counts, first: iso(firstMs), last: iso(lastMs), periodicity: periodicity(profile) });
}

function affinity(entry: Affinity<string | number>): Record<string, unknown> {
  return { key: entry.key, interest: entry.interest / AFFINITY_UNIT, intent: entry.intent / AFFINITY_UNIT };
}

/** The greatest time that ECMAScript can write; beyond it the number itself says more than an error would. */
const LAST_DATE_MS = 8.64e15;

function iso(timeMs: number): string {
  return timeMs > LAST_DATE_MS ? `${timeMs} ms` : new Date(timeMs).toISOString();
}

function withoutMissing(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
