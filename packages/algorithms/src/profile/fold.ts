/** The fold of one user's events into the profile, the pair evidence and the repeat prior (algorithms.md §2, contracts.md). */
import type { ClickKind, UserEvent } from '@millrace/events/types';
import { noteActivity } from './activity.ts';
import { isDuplicate } from './event-ids.ts';
import { foldClick } from './fold-click.ts';
import { foldCustomer } from './fold-customer.ts';
import type { FoldEnvironment } from './fold-environment.ts';
import { dayOf } from './fold-environment.ts';
import { foldOrder, foldReturn } from './fold-order.ts';
import type { FoldList, FoldResult, NoteSet } from './fold-result.ts';
import { foldResult, NO_NOTES, noteBit } from './fold-result.ts';
import type { Profile } from './profile.ts';

const LATE_EVIDENCE = noteBit('late-evidence');
const BOT = noteBit('bot');
const NO_LINES = noteBit('no-lines');
const NO_CONSENT = noteBit('no-consent');

const DUPLICATE_RESULT = foldResult(noteBit('duplicate'), undefined, 0);
const ERASED_RESULT = foldResult(noteBit('erased'), undefined, 0);

const LIST_OF_CLICK: Readonly<Record<ClickKind, FoldList | undefined>> = {
  view: 'next',
  cart_added: 'next',
  cart_removed: 'next',
  search: undefined,
  favourite: undefined,
  share: undefined,
  dwell: undefined,
  impression: undefined,
  recommendation_clicked: undefined,
};

/**
 * Folds one event into its user's profile, in place, and tells the sink what it says about items.
 *
 * The same events in the same order give the same profile to the byte, whether it stayed in memory or was written and read
 * in between. An event that was folded before (by its id) changes nothing. `erase` changes nothing either: the caller
 * deletes the profile.
 */
export function foldUserEvent(profile: Profile, event: UserEvent, env: FoldEnvironment): FoldResult {
  if (event.type === 'erase') return ERASED_RESULT;
  if (isDuplicate(profile, event.eventId, env.clockMs, env.parameters)) return DUPLICATE_RESULT;
  noteSeen(profile, event);
  switch (event.type) {
    case 'customer':
      return foldResult(foldCustomer(profile, event), undefined, 0);
    case 'return':
      if (event.lines.length === 0) return foldResult(NO_LINES, undefined, 0);
      foldReturn(profile, event);
      return foldResult(NO_NOTES, undefined, 0);
    case 'click': {
      noteActivity(profile, event.timeMs, event.channel);
      const held = evidenceHeldBack(profile, event.timeMs, env);
      const notes = held | foldClick(profile, event, env, held === NO_NOTES);
      return listed(profile, notes, LIST_OF_CLICK[event.kind], 0);
    }
    case 'order': {
      noteActivity(profile, event.timeMs, event.channel);
      const held = evidenceHeldBack(profile, event.timeMs, env);
      if (event.lines.length === 0) return foldResult(held | NO_LINES, undefined, 0);
      const notes = held | foldOrder(profile, event, env, held === NO_NOTES);
      return listed(profile, notes, 'after-purchase', held === NO_NOTES ? 1 : 0);
    }
  }
}

function noteSeen(profile: Profile, event: UserEvent): void {
  if (event.known) profile.known = true;
  if (profile.events === 0) {
    profile.firstSeenMs = event.timeMs;
    profile.lastSeenMs = event.timeMs;
  } else {
    if (event.timeMs < profile.firstSeenMs) profile.firstSeenMs = event.timeMs;
    if (event.timeMs > profile.lastSeenMs) profile.lastSeenMs = event.timeMs;
  }
  profile.events += 1;
}

/** Why this event may say nothing about items; empty when it may. */
function evidenceHeldBack(profile: Profile, timeMs: number, env: FoldEnvironment): NoteSet {
  const late = dayOf(env.clockMs) - dayOf(timeMs) > env.parameters.lateDays ? LATE_EVIDENCE : NO_NOTES;
  const bot = profile.eventsThisHour > env.parameters.botEventsPerHour ? BOT : NO_NOTES;
  return late | bot;
}

function listed(profile: Profile, notes: NoteSet, list: FoldList | undefined, orders: 0 | 1): FoldResult {
  if (list === undefined || (notes & LATE_EVIDENCE) !== 0) return foldResult(notes, undefined, orders);
  if (profile.consent === false) return foldResult(notes | NO_CONSENT, undefined, orders);
  return foldResult(notes, list, orders);
}
