/** The user profile: its fold, its bytes, and what is read from it. */
export { eventsByChannel } from './activity.ts';
export { AFFINITY_UNIT, priceBandOf } from './affinity.ts';
export { decodeProfile } from './decode-profile.ts';
export { encodeProfile } from './encode-profile.ts';
export { forgetIds } from './event-ids.ts';
export type { FoldEnvironment } from './fold-environment.ts';
export { dayOf } from './fold-environment.ts';
export { foldUserEvent } from './fold.ts';
export type { FoldList, FoldNote, FoldResult } from './fold-result.ts';
export { FOLD_NOTES } from './fold-result.ts';
export { inspectProfile } from './inspect-profile.ts';
export { CorruptProfileError } from './packed-bytes.ts';
export type { Affinity, OrderStatistics, RecentItem, ReturnStatistics, TrailStep } from './profile.ts';
export { Profile } from './profile.ts';
export type { Periodicity, UsualHour } from './rhythm.ts';
export { periodicity, usualHour } from './rhythm.ts';
export type { BgNbdStatistics } from './selectors.ts';
export {
  bgNbdStatistics,
  meanDwellMs,
  monetaryMinor,
  rawTrail,
  recentItems,
  recentViewed,
  retentionDueMs,
  returnShare,
} from './selectors.ts';
export type { UserShardState } from './user-shard-state.ts';
export {
  ageOrders,
  countOrderOfShard,
  decodeUserShardState,
  emptyUserShardState,
  encodeUserShardState,
} from './user-shard-state.ts';
