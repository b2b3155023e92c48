import { describe, expect, test } from 'vitest';
import { encodeProfile } from './encode-profile.ts';
import {
  BRAND_AFFINITIES,
  CATEGORY_AFFINITIES,
  ORDER_GAPS_KEPT,
  PRICE_BAND_AFFINITIES,
  RECENT_ITEMS,
  TRAIL_POSITIONS,
} from './profile.ts';
import { foldedProfile, fullEvents, youngEvents } from './test-profiles.ts';

describe('bytes of a profile', () => {
  test('a full one with ids of 8 bytes stays within 760, so that Redis takes less than 1 KB for it', () => {
    const profile = foldedProfile(fullEvents());
    expect(profile.recents).toHaveLength(RECENT_ITEMS);
    expect(profile.trail).toHaveLength(TRAIL_POSITIONS);
    expect(profile.idHashes).toHaveLength(64);
    expect(profile.categories).toHaveLength(CATEGORY_AFFINITIES);
    expect(profile.brands).toHaveLength(BRAND_AFFINITIES);
    expect(profile.priceBands).toHaveLength(PRICE_BAND_AFFINITIES);
    expect(profile.orders!.gaps.lastDays).toHaveLength(ORDER_GAPS_KEPT);
    expect(profile.hourCounts.every((count) => count > 0)).toBe(true);
    expect(encodeProfile(profile).length).toBeLessThanOrEqual(760);
  });

  test('a young one takes at most 120', () => {
    expect(encodeProfile(foldedProfile(youngEvents())).length).toBeLessThanOrEqual(120);
  });
});
