/**
 * Per user, item and day the largest weight counts, so a later event adds only the increase. Days are the profile's active
 * days; what comes late from an earlier day is held against the present one, which can only add too little.
 */
import { hash40 } from './event-ids.ts';
import type { Profile, UnviewedItem } from './profile.ts';
import { UNVIEWED_ITEMS_A_DAY } from './profile.ts';
import { findRecent } from './session.ts';

/** With three bits for the weight beside it, an item takes four bytes as a varint. */
const HASH_RANGE = 2 ** 25;

/** @returns how much the item's weight of the day has grown: 0 when it already had as much. */
export function raiseDayWeight(profile: Profile, itemId: string, weight: number): number {
  const holder = findRecent(profile, itemId) ?? findUnviewed(profile, itemId) ?? addUnviewed(profile, itemId);
  const increase = weight - holder.dayWeight;
  if (increase <= 0) return 0;
  holder.dayWeight = weight;
  return increase;
}

/** Takes weight back, not below 0, so that the same event adds it once more. */
export function lowerDayWeight(profile: Profile, itemId: string, weight: number): void {
  const holder = findRecent(profile, itemId) ?? findUnviewed(profile, itemId);
  if (holder !== undefined) holder.dayWeight = Math.max(0, holder.dayWeight - weight);
}

/** An item enters the recents: what it earned without a view comes along. */
export function adoptDayWeight(profile: Profile, itemId: string): void {
  if (profile.unviewed.length === 0) return;
  const item = findRecent(profile, itemId);
  const unviewed = findUnviewed(profile, itemId);
  if (item === undefined || unviewed === undefined) return;
  item.dayWeight = Math.max(item.dayWeight, unviewed.dayWeight);
  profile.unviewed.splice(profile.unviewed.indexOf(unviewed), 1);
}

function findUnviewed(profile: Profile, itemId: string): UnviewedItem | undefined {
  if (profile.unviewed.length === 0) return undefined;
  const hash = hash40(itemId) % HASH_RANGE;
  return profile.unviewed.find((item) => item.hash === hash);
}

function addUnviewed(profile: Profile, itemId: string): UnviewedItem {
  if (profile.unviewed.length >= UNVIEWED_ITEMS_A_DAY) profile.unviewed.shift();
  const item: UnviewedItem = { hash: hash40(itemId) % HASH_RANGE, dayWeight: 0 };
  profile.unviewed.push(item);
  return item;
}
