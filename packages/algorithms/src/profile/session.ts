/**
 * Sessions, positions and the recent items.
 *
 * Events of a user come in the order of the log, and event times may jump back. A session is an interval of event time
 * that grows by any event at most a gap away from either end; inside it positions are taken in the order of arrival. An
 * event after it opens the next one. An event before it (a straggler of a session that is over) changes nothing about the
 * present one. Orders come through another topic, so they keep a session alive and never open or close one.
 */
import type { FoldParameters } from '../fold-parameters.ts';
import type { Profile, RecentItem } from './profile.ts';
import { RECENT_ITEMS, TRAIL_POSITIONS, TRAIL_VIEWS } from './profile.ts';

/**
 * Takes a click's time into account.
 *
 * @returns false for a straggler.
 */
export function enterSession(profile: Profile, timeMs: number, parameters: FoldParameters): boolean {
  const gap = parameters.sessionGapMs;
  if (profile.sessions === 0 || timeMs > profile.sessionLastMs + gap) {
    profile.sessions += 1;
    profile.sessionStartMs = timeMs;
    profile.sessionLastMs = timeMs;
    profile.sessionPositions = 0;
    profile.trail.length = 0;
    return true;
  }
  return extendSession(profile, timeMs, parameters);
}

/** As `enterSession`, but opens no session. */
export function extendSession(profile: Profile, timeMs: number, parameters: FoldParameters): boolean {
  const gap = parameters.sessionGapMs;
  if (profile.sessions === 0) return false;
  if (timeMs > profile.sessionLastMs + gap || timeMs < profile.sessionStartMs - gap) return false;
  if (timeMs > profile.sessionLastMs) profile.sessionLastMs = timeMs;
  if (timeMs < profile.sessionStartMs) profile.sessionStartMs = timeMs;
  return true;
}

export function findRecent(profile: Profile, itemId: string): RecentItem | undefined {
  const recents = profile.recents;
  for (let i = 0; i < recents.length; i++) if (recents[i]!.itemId === itemId) return recents[i];
  return undefined;
}

/** Is the item the one viewed last in the session? Then the view takes no new position. */
export function isRefresh(profile: Profile, itemId: string): boolean {
  return profile.trail.length > 0 && profile.trail[0]!.item.itemId === itemId;
}

/** One more raw view of the session's last position. */
export function refreshPosition(profile: Profile, timeMs: number): void {
  const step = profile.trail[0]!;
  if (step.views < TRAIL_VIEWS) step.views += 1;
  touch(step.item, timeMs);
}

/** A view at a new position: the item becomes the newest of trail and recents. The position itself is counted by the caller. */
export function takePosition(profile: Profile, itemId: string, timeMs: number): void {
  const item = moveToFront(profile.recents, itemId, timeMs);
  const trail = profile.trail;
  if (trail.length >= TRAIL_POSITIONS) trail.length = TRAIL_POSITIONS - 1;
  trail.unshift({ item, views: 1 });
}

/**
 * A view of a session that is over. A known item stays where it is; another one is put before the first that was viewed
 * earlier. The items of the present session all come before that place, so the trail's items stay among the recents.
 */
export function rememberStraggler(profile: Profile, itemId: string, timeMs: number): void {
  const recents = profile.recents;
  const known = findRecent(profile, itemId);
  if (known !== undefined) {
    touch(known, timeMs);
    return;
  }
  const item = newRecent(itemId, timeMs);
  let place = 0;
  while (place < recents.length && recents[place]!.viewedAtSec >= item.viewedAtSec) place++;
  if (place >= RECENT_ITEMS) return;
  recents.splice(place, 0, item);
  if (recents.length > RECENT_ITEMS) recents.length = RECENT_ITEMS;
}

function moveToFront(recents: RecentItem[], itemId: string, timeMs: number): RecentItem {
  let from = 0;
  while (from < recents.length && recents[from]!.itemId !== itemId) from++;
  let item: RecentItem;
  if (from < recents.length) {
    item = recents[from]!;
    touch(item, timeMs);
  } else {
    item = newRecent(itemId, timeMs);
    if (recents.length < RECENT_ITEMS) recents.push(item);
    else from = RECENT_ITEMS - 1;
  }
  for (let i = from; i > 0; i--) recents[i] = recents[i - 1]!;
  recents[0] = item;
  return item;
}

function newRecent(itemId: string, timeMs: number): RecentItem {
  return {
    itemId,
    viewedAtSec: Math.floor(timeMs / 1000),
    carted: false,
    purchased: false,
    favourite: false,
    dayWeight: 0,
  };
}

function touch(item: RecentItem, timeMs: number): void {
  item.viewedAtSec = Math.max(item.viewedAtSec, Math.floor(timeMs / 1000));
}
