/** Remembers the last event ids of a user by a hash, so that an event sent twice is folded once. */
import type { FoldParameters } from '../fold-parameters.ts';
import { HOUR_MS } from './fold-environment.ts';
import type { Profile } from './profile.ts';

/**
 * A 40-bit hash of a string's UTF-16 units: two multiplicative hashes with different primes, mixed at the end as in
 * MurmurHash3. With 64 ids remembered a false alarm has a chance of 6 in 10^11 per event.
 */
export function hash40(text: string): number {
  let a = 0x811c_9dc5;
  let b = 0x9747_b28c ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x0100_0193);
    b = Math.imul((b << 13) | (b >>> 19), 0x85eb_ca6b) ^ unit;
  }
  a = mix(a ^ (b >>> 7));
  b = mix(b ^ a);
  return (a >>> 0) + (b >>> 24) * 0x1_0000_0000;
}

function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}

/**
 * Was this id among the last ones? If not, it is from now on. The window runs by the shard's clock, in whole hours: an
 * id is remembered at least as long as the parameter says and at most an hour longer.
 */
export function isDuplicate(profile: Profile, eventId: string, clockMs: number, parameters: FoldParameters): boolean {
  const hashes = profile.idHashes;
  const hours = profile.idHours;
  forgetIds(profile, clockMs, parameters);
  if (parameters.duplicateIds === 0 || parameters.duplicateWindowMs === 0) return false;
  const hash = hash40(eventId);
  // Newest first, because a repeated send follows close upon the first.
  for (let i = hashes.length - 1; i >= 0; i--) if (hashes[i] === hash) return true;
  if (hashes.length >= parameters.duplicateIds) {
    const tooMany = hashes.length - parameters.duplicateIds + 1;
    hashes.splice(0, tooMany);
    hours.splice(0, tooMany);
  }
  const hour = Math.floor(clockMs / HOUR_MS);
  const newest = hours.length === 0 ? hour : hours[hours.length - 1]!;
  hashes.push(hash);
  hours.push(Math.max(hour, newest));
  return false;
}

/**
 * Drops the ids that have left the window. The fold does it by itself; a sweep may do it for users who stay away.
 *
 * @returns whether the profile changed.
 */
export function forgetIds(profile: Profile, clockMs: number, parameters: FoldParameters): boolean {
  const hours = profile.idHours;
  const oldestKept = Math.floor(clockMs / HOUR_MS) - Math.ceil(parameters.duplicateWindowMs / HOUR_MS);
  let gone = 0;
  while (gone < hours.length && hours[gone]! < oldestKept) gone++;
  if (gone === 0) return false;
  profile.idHashes.splice(0, gone);
  hours.splice(0, gone);
  return true;
}
