import kafkajs, { type PartitionAssigner } from 'kafkajs';
import { assignShards } from './assigner.ts';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

const VERSION = 1;
/** Members of one group must agree on it, so it changes when old and new members could not understand each other. */
export const SHARD_ASSIGNER_NAME = 'millrace-shards';

/**
 * The group protocol around {@link assignShards}: a shard is the same partition number of every topic, and a member tells
 * the leader in its user data which shards it has worked on, so that few move.
 *
 * @param shardCount partitions of every subscribed topic.
 * @param ownedShards asked at every rebalance.
 */
export function shardAssigner(shardCount: number, ownedShards: () => readonly number[]): PartitionAssigner {
  return () => ({
    name: SHARD_ASSIGNER_NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: SHARD_ASSIGNER_NAME,
      metadata: MemberMetadata.encode({ version: VERSION, topics, userData: encodeOwned(ownedShards()) }),
    }),
    assign: async ({ members }) => {
      const described = members.map(({ memberId, memberMetadata }) => ({ memberId, metadata: MemberMetadata.decode(memberMetadata) }));
      const shards = assignShards(
        described.map(({ memberId, metadata }) => ({ id: memberId, owned: decodeOwned(metadata?.userData) })),
        shardCount,
      );
      return described.map(({ memberId, metadata }) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: VERSION,
          // Only what the member itself has subscribed to: during a roll-out the versions may differ in topics.
          assignment: Object.fromEntries((metadata?.topics ?? []).map((topic) => [topic, shards.get(memberId)!])),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

/** Text, so that `kafka-consumer-groups` and a debugger show something readable: `{"owned":[0,3]}`. */
export function encodeOwned(shards: readonly number[]): Buffer {
  return Buffer.from(JSON.stringify({ owned: shards }));
}

/** Nothing that another member sends may break the leader: what is not understood counts as owning nothing. */
export function decodeOwned(userData: Buffer | null | undefined): number[] {
  if (userData === null || userData === undefined || userData.length === 0) return [];
  try {
    const { owned } = JSON.parse(userData.toString()) as { owned?: unknown };
    return Array.isArray(owned) ? owned.filter((shard): shard is number => Number.isInteger(shard)) : [];
  } catch {
    return [];
  }
}
