/** When the user is active: hours and days, which also carry the profile's decay forward and the guard against bots. */
import type { Channel } from '@millrace/events/types';
import { ageAffinities } from './affinity.ts';
import { HOUR_MS, HOURS_PER_DAY } from './fold-environment.ts';
import type { Profile } from './profile.ts';
import { DAYS_A_WEEK, HOURS_A_DAY, RHYTHM_COUNT } from './profile.ts';

/** 1970-01-01 was a Thursday, day 3 of a week that begins on Monday. */
const WEEKDAY_OF_DAY_ZERO = 3;

/** The place of each channel among the counts belongs to the format; a new channel goes to the end. */
const CHANNEL_INDEX: Readonly<Record<Channel, number>> = { web: 0, app: 1, email: 2, social: 3, store: 4 };
const CHANNEL_NAMES = Object.keys(CHANNEL_INDEX) as Channel[];

/** The latest day with a click or an order; -1 when there was none. */
export function activeDay(profile: Profile): number {
  return profile.activityDays === 0 ? -1 : Math.floor(profile.activeHour / HOURS_PER_DAY);
}

/**
 * Takes the hour of a click or an order into account. An hour counts once however much happens in it, so that one long
 * visit makes no habit. What comes late from an earlier hour counts towards the present one.
 */
export function noteActivity(profile: Profile, timeMs: number, channel: Channel): void {
  const hour = Math.floor(timeMs / HOUR_MS);
  countChannel(profile, channel);
  if (profile.activityDays > 0 && hour <= profile.activeHour) {
    profile.eventsThisHour += 1;
    return;
  }
  const day = Math.floor(hour / HOURS_PER_DAY);
  const before = activeDay(profile);
  if (day > before) {
    if (before >= 0) startDay(profile, day - before);
    profile.activityDays += 1;
    if (profile.weekdayCounts.length === 0) profile.weekdayCounts = new Array<number>(DAYS_A_WEEK).fill(0);
    countOnCircle(profile.weekdayCounts, (day + WEEKDAY_OF_DAY_ZERO) % DAYS_A_WEEK);
  }
  profile.activeHour = hour;
  profile.eventsThisHour = 1;
  if (profile.hourCounts.length === 0) profile.hourCounts = new Array<number>(HOURS_A_DAY).fill(0);
  countOnCircle(profile.hourCounts, hour % HOURS_A_DAY);
}

function startDay(profile: Profile, daysLater: number): void {
  ageAffinities(profile, daysLater);
  for (const item of profile.recents) item.dayWeight = 0;
  profile.unviewed.length = 0;
}

function countOnCircle(counts: number[], at: number): void {
  if (counts[at]! >= RHYTHM_COUNT) {
    for (let i = 0; i < counts.length; i++) counts[i] = Math.floor(counts[i]! / 2);
  }
  counts[at]! += 1;
}

function countChannel(profile: Profile, channel: Channel): void {
  if (profile.channelCounts.length === 0) profile.channelCounts = new Array<number>(CHANNEL_NAMES.length).fill(0);
  profile.channelCounts[CHANNEL_INDEX[channel]]! += 1;
}

/** Clicks and orders of each channel that the user came by. */
export function eventsByChannel(profile: Profile): { channel: Channel; events: number }[] {
  return CHANNEL_NAMES.map((channel, i) => ({ channel, events: profile.channelCounts[i] ?? 0 })).filter(
    (entry) => entry.events > 0,
  );
}
