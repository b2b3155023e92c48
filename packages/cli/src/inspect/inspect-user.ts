import { decodeProfile, inspectProfile } from '@millrace/algorithms';
import { partitionOf } from '@millrace/events';
import { listMemoCodec, memoKey, profileKey, retentionTimer } from '@millrace/pipeline';
import { shardName, type ShardId, type StateAdmin, type StateStore } from '@millrace/stream/state-store';
import { itemNames } from './item-names.ts';

/** What is known of one user, for people; undefined when nothing is. @throws RetryableError */
export async function inspectUser(
  store: StateStore & StateAdmin,
  shards: number,
  user: string,
): Promise<Record<string, unknown> | undefined> {
  const shard: ShardId = { kind: 'u', number: partitionOf(user, shards) };
  const { values } = await store.read(shard, [profileKey(user), memoKey(user)]);
  const [profileBytes, memoBytes] = values;
  if (profileBytes === null || profileBytes === undefined) return undefined;
  const profile = decodeProfile(profileBytes);
  const memo = listMemoCodec.decode(memoBytes ?? null, '');
  const names = await itemNames(store, shards, profile.recents.map(({ itemId }) => itemId));
  const { timers } = await store.timers(shard);
  const retention = timers.find(({ name }) => name === retentionTimer(user));
  const shown = inspectProfile(profile);
  const recents = (shown['recents'] as { itemId: string }[]).map((recent) => {
    const name = names.get(recent.itemId);
    return name === undefined ? recent : { ...recent, name };
  });
  return {
    user,
    shard: shardName(shard),
    profileBytes: profileBytes.length,
    forgottenUnlessSeenBefore: retention === undefined ? undefined : new Date(retention.dueMs).toISOString(),
    // Hashes of the lists that were announced last; 0 is unknown, so that the next one is announced in any case.
    lastLists: { next: memo.next, afterPurchase: memo.afterPurchase },
    profile: { ...shown, recents },
  };
}
