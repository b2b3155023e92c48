import type { ClickEvent } from '@millrace/events/types';
import { learnRepeat } from '../pairs/repeat-prior.ts';
import { activeDay } from './activity.ts';
import { lowerAffinities, raiseAffinities } from './affinity.ts';
import { adoptDayWeight, lowerDayWeight, raiseDayWeight } from './day-weight.ts';
import type { FoldEnvironment } from './fold-environment.ts';
import { dayOf } from './fold-environment.ts';
import type { NoteSet } from './fold-result.ts';
import { NO_NOTES, noteBit } from './fold-result.ts';
import type { Profile } from './profile.ts';
import { addSaturating, TRAIL_POSITIONS } from './profile.ts';
import { rawTrail } from './selectors.ts';
import {
  enterSession,
  findRecent,
  isRefresh,
  refreshPosition,
  rememberStraggler,
  takePosition,
} from './session.ts';

/** Weights of events in the profile (algorithms.md §2; never in the pair tables). */
export const VIEW_WEIGHT = 1;
export const DWELL_WEIGHT = 2;
export const FAVOURITE_WEIGHT = 2;
export const CART_WEIGHT = 3;
export const CART_REMOVED_WEIGHT = 2;
export const PURCHASE_WEIGHT = 5;
/** A dwell counts as interest when it is longer than this. */
export const DWELL_THRESHOLD_MS = 30_000;

const SESSION_CAP = noteBit('session-cap');
const STRAGGLER = noteBit('straggler');
const ITEM_MISSING = noteBit('item-missing');

/**
 * Folds a click whose time has been taken into account already.
 *
 * @param withEvidence false for bots and for what is too late.
 * @returns what to remark.
 */
export function foldClick(profile: Profile, event: ClickEvent, env: FoldEnvironment, withEvidence: boolean): NoteSet {
  const inSession = enterSession(profile, event.timeMs, env.parameters);
  const notes = inSession ? NO_NOTES : STRAGGLER;
  const itemId = event.itemId;
  switch (event.kind) {
    case 'view':
      profile.views += 1;
      if (itemId === undefined) return notes | ITEM_MISSING;
      return notes | foldView(profile, event, itemId, env, inSession, withEvidence);
    case 'cart_added':
      return notes | foldCartAdded(profile, event, itemId);
    case 'cart_removed':
      return notes | foldCartRemoved(profile, event, itemId);
    case 'favourite':
      return notes | foldFavourite(profile, event, itemId);
    case 'share':
      return notes | weighItem(profile, event, itemId, FAVOURITE_WEIGHT);
    case 'dwell':
      return notes | foldDwell(profile, event, itemId);
    case 'search':
      profile.searches += 1;
      weighCategory(profile, event);
      return notes;
    case 'recommendation_clicked':
      profile.recommendationClicks += 1;
      weighCategory(profile, event);
      return notes;
    case 'impression':
      // What was shown to the user is no sign of his interest: a list would feed on itself.
      profile.impressions += 1;
      return notes;
  }
}

function foldView(
  profile: Profile,
  event: ClickEvent,
  itemId: string,
  env: FoldEnvironment,
  inSession: boolean,
  withEvidence: boolean,
): NoteSet {
  let notes = NO_NOTES;
  const day = dayOf(event.timeMs);
  if (!inSession) {
    rememberStraggler(profile, itemId, event.timeMs);
    if (withEvidence) env.evidence.view(day, itemId, []);
  } else if (isRefresh(profile, itemId)) {
    if (withEvidence) learnRepeat(env.repeatPrior, itemId, rawTrail(profile));
    refreshPosition(profile, event.timeMs);
  } else {
    const capped = profile.sessionPositions >= env.parameters.sessionPositions;
    if (capped) notes = SESSION_CAP;
    else profile.sessionPositions += 1;
    if (withEvidence && !capped) {
      learnRepeat(env.repeatPrior, itemId, rawTrail(profile));
      env.evidence.view(day, itemId, positionsBefore(profile));
    }
    takePosition(profile, itemId, event.timeMs);
  }
  adoptDayWeight(profile, itemId);
  return notes | weighItem(profile, event, itemId, VIEW_WEIGHT);
}

/** The items at distance 1, 2, … before the next position. A fresh array, which the sink may keep. */
function positionsBefore(profile: Profile): string[] {
  const items: string[] = [];
  const count = Math.min(profile.trail.length, TRAIL_POSITIONS);
  for (let i = 0; i < count; i++) items.push(profile.trail[i]!.item.itemId);
  return items;
}

function foldCartAdded(profile: Profile, event: ClickEvent, itemId: string | undefined): NoteSet {
  const recent = itemId === undefined ? undefined : findRecent(profile, itemId);
  if (recent !== undefined) recent.carted = true;
  return weighItem(profile, event, itemId, CART_WEIGHT);
}

function foldCartRemoved(profile: Profile, event: ClickEvent, itemId: string | undefined): NoteSet {
  if (itemId === undefined) return ITEM_MISSING;
  const recent = findRecent(profile, itemId);
  if (recent !== undefined) recent.carted = false;
  lowerDayWeight(profile, itemId, CART_REMOVED_WEIGHT);
  lowerAffinities(profile, CART_REMOVED_WEIGHT, event);
  return NO_NOTES;
}

function foldFavourite(profile: Profile, event: ClickEvent, itemId: string | undefined): NoteSet {
  const recent = itemId === undefined ? undefined : findRecent(profile, itemId);
  if (recent !== undefined) recent.favourite = true;
  return weighItem(profile, event, itemId, FAVOURITE_WEIGHT);
}

function foldDwell(profile: Profile, event: ClickEvent, itemId: string | undefined): NoteSet {
  if (event.dwellMs === undefined) return NO_NOTES;
  profile.dwells += 1;
  profile.dwellMs = addSaturating(profile.dwellMs, event.dwellMs);
  return event.dwellMs > DWELL_THRESHOLD_MS ? weighItem(profile, event, itemId, DWELL_WEIGHT) : NO_NOTES;
}

function weighItem(profile: Profile, event: ClickEvent, itemId: string | undefined, weight: number): NoteSet {
  if (itemId === undefined) return ITEM_MISSING;
  const increase = raiseDayWeight(profile, itemId, weight);
  if (increase > 0) raiseAffinities(profile, increase, activeDay(profile) - dayOf(event.timeMs), event);
  return NO_NOTES;
}

/** Searches and clicked recommendations tell of a category, not of an item, and weigh as a view. */
function weighCategory(profile: Profile, event: ClickEvent): void {
  if (event.category === undefined) return;
  raiseAffinities(profile, VIEW_WEIGHT, activeDay(profile) - dayOf(event.timeMs), {
    category: event.category,
    brand: undefined,
    priceMinor: undefined,
  });
}
