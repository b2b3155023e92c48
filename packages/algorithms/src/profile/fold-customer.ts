import type { CustomerEvent } from '@millrace/events/types';
import type { NoteSet } from './fold-result.ts';
import { NO_NOTES, noteBit } from './fold-result.ts';
import type { Profile } from './profile.ts';
import { ATTRIBUTE_BYTES, ATTRIBUTES, TAGS } from './profile.ts';

const ATTRIBUTE_LIMIT = noteBit('attribute-limit');

/** Takes over what the business says: attributes key by key, tags and consent as a whole where they are given. */
export function foldCustomer(profile: Profile, event: CustomerEvent): NoteSet {
  let notes = NO_NOTES;
  if (event.consent !== undefined) profile.consent = event.consent;
  for (const [name, value] of event.attributes) notes |= setAttribute(profile, name, value);
  if (event.tags !== undefined) notes |= setTags(profile, event.tags);
  return notes;
}

/** A value that is too long is left out as a whole: half of one could mean something else. The old value stays. */
function setAttribute(profile: Profile, name: string, value: string): NoteSet {
  const attributes = profile.attributes;
  if (value === '') {
    attributes?.delete(name);
    if (attributes?.size === 0) profile.attributes = undefined;
    return NO_NOTES;
  }
  const full = attributes !== undefined && attributes.size >= ATTRIBUTES && !attributes.has(name);
  if (full || tooLong(name) || tooLong(value)) return ATTRIBUTE_LIMIT;
  if (attributes === undefined) profile.attributes = new Map([[name, value]]);
  else attributes.set(name, value);
  return NO_NOTES;
}

function setTags(profile: Profile, tags: readonly string[]): NoteSet {
  const kept: string[] = [];
  let notes = NO_NOTES;
  for (const tag of new Set(tags)) {
    if (kept.length >= TAGS || tooLong(tag)) notes = ATTRIBUTE_LIMIT;
    else kept.push(tag);
  }
  profile.tags = kept;
  return notes;
}

function tooLong(text: string): boolean {
  // Three bytes are the most that one UTF-16 unit takes.
  return text.length * 3 > ATTRIBUTE_BYTES && Buffer.byteLength(text, 'utf8') > ATTRIBUTE_BYTES;
}
