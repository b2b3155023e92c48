import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assignShards, type ShardMember } from './assigner.ts';

/** Members with disjoint shards of before; some shards may have belonged to somebody who has left. */
const groups = (maxMembers: number, maxShards: number): fc.Arbitrary<{ members: ShardMember[]; shardCount: number }> =>
  fc
    .tuple(fc.integer({ min: 1, max: maxMembers }), fc.integer({ min: 1, max: maxShards }))
    .chain(([memberCount, shardCount]) =>
      fc.array(fc.integer({ min: 0, max: memberCount }), { minLength: shardCount, maxLength: shardCount }).map((owners) => ({
        shardCount,
        members: Array.from({ length: memberCount }, (_, m) => ({
          id: `m${m}`,
          owned: owners.flatMap((owner, shard) => (owner === m ? [shard] : [])),
        })),
      })),
    );

function keptBy(members: readonly ShardMember[], assigned: (id: string) => readonly number[]): number {
  return members.reduce((sum, { id, owned }) => sum + assigned(id).filter((shard) => owned.includes(shard)).length, 0);
}

/** The most shards that any balanced assignment leaves where they are, by trying all of them. */
function mostKept(members: readonly ShardMember[], shardCount: number): number {
  const ownerOf = Array.from({ length: shardCount }, (_, shard) => members.findIndex(({ owned }) => owned.includes(shard)));
  const counts = members.map(() => 0);
  const smallest = Math.floor(shardCount / members.length);
  let best = 0;
  const deal = (shard: number, kept: number): void => {
    if (shard === shardCount) {
      const isBalanced = counts.every((count) => count === smallest || count === smallest + 1);
      if (isBalanced) best = Math.max(best, kept);
      return;
    }
    for (let m = 0; m < members.length; m++) {
      counts[m]!++;
      deal(shard + 1, kept + (ownerOf[shard] === m ? 1 : 0));
      counts[m]!--;
    }
  };
  deal(0, 0);
  return best;
}

describe('assignShards', () => {
  test('gives every shard to exactly one member, and nobody two more than another', () => {
    fc.assert(
      fc.property(groups(12, 70), ({ members, shardCount }) => {
        const assigned = assignShards(members, shardCount);
        expect([...assigned.keys()].sort()).toEqual(members.map(({ id }) => id).sort());
        const all = [...assigned.values()].flat().sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: shardCount }, (_, shard) => shard));
        const sizes = [...assigned.values()].map((shards) => shards.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('moves no more shards than the best of all balanced assignments', () => {
    fc.assert(
      fc.property(groups(3, 7), ({ members, shardCount }) => {
        const assigned = assignShards(members, shardCount);
        expect(keptBy(members, (id) => assigned.get(id)!)).toBe(mostKept(members, shardCount));
      }),
      { numRuns: 300 },
    );
  });

  test('does not depend on the order of the members, and moves nothing when nothing changed', () => {
    fc.assert(
      fc.property(groups(8, 40), fc.integer(), ({ members, shardCount }, turn) => {
        const assigned = assignShards(members, shardCount);
        const turned = members.map((_, i) => members[(i + Math.abs(turn)) % members.length]!);
        expect([...assignShards(turned, shardCount)].sort()).toEqual([...assigned].sort());
        const again = assignShards(members.map(({ id }) => ({ id, owned: assigned.get(id)! })), shardCount);
        expect([...again].sort()).toEqual([...assigned].sort());
      }),
    );
  });

  test('survives members that claim the same shards, or shards that do not exist', () => {
    const claims = fc.array(fc.integer({ min: -3, max: 20 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(claims, { minLength: 1, maxLength: 6 }), fc.integer({ min: 0, max: 16 }), (owned, shardCount) => {
        const assigned = assignShards(owned.map((shards, m) => ({ id: `m${m}`, owned: shards })), shardCount);
        const all = [...assigned.values()].flat().sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: shardCount }, (_, shard) => shard));
      }),
    );
  });
});
