import kafkajs, { type Cluster, type Logger } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { decodeOwned, encodeOwned, shardAssigner } from './shard-assigner.ts';

const { MemberAssignment } = kafkajs.AssignerProtocol;

function assigner(shardCount: number, owned: number[]): ReturnType<ReturnType<typeof shardAssigner>> {
  return shardAssigner(shardCount, () => owned)({ cluster: {} as Cluster, groupId: 'g', logger: {} as Logger });
}

describe('shardAssigner', () => {
  test('gives equal partition numbers of all topics to one member, and everybody what it had', async () => {
    const members = [
      { memberId: 'a', memberMetadata: assigner(6, [4, 5]).protocol({ topics: ['clicks', 'orders'] }).metadata },
      { memberId: 'b', memberMetadata: assigner(6, [0, 1, 2, 3]).protocol({ topics: ['clicks', 'orders'] }).metadata },
    ];
    const assigned = await assigner(6, []).assign({ members, topics: ['clicks', 'orders'] });
    const decoded = assigned.map(({ memberId, memberAssignment }) => [memberId, MemberAssignment.decode(memberAssignment)!.assignment]);
    expect(Object.fromEntries(decoded)).toEqual({
      a: { clicks: [3, 4, 5], orders: [3, 4, 5] },
      b: { clicks: [0, 1, 2], orders: [0, 1, 2] },
    });
  });

  test('a member that has not subscribed to a topic gets none of it', async () => {
    const members = [
      { memberId: 'new', memberMetadata: assigner(2, []).protocol({ topics: ['clicks', 'orders'] }).metadata },
      { memberId: 'old', memberMetadata: assigner(2, []).protocol({ topics: ['clicks'] }).metadata },
    ];
    const assigned = await assigner(2, []).assign({ members, topics: ['clicks', 'orders'] });
    expect(assigned.map(({ memberAssignment }) => MemberAssignment.decode(memberAssignment)!.assignment)).toEqual([
      { clicks: [0], orders: [0] },
      { clicks: [1] },
    ]);
  });

  test('what another member sends as its shards cannot break the leader', () => {
    expect(decodeOwned(encodeOwned([3, 1]))).toEqual([3, 1]);
    for (const text of ['', '{', 'null', '[]', '{"owned":7}', '{"owned":["1",null,2.5]}']) expect(decodeOwned(Buffer.from(text))).toEqual([]);
    expect(decodeOwned(null)).toEqual([]);
  });
});
