/** A member of the group and the shards that it worked on until now. */
export interface ShardMember {
  readonly id: string;
  readonly owned: readonly number[];
}

/**
 * Deals shards to members so that their numbers differ by one at most, and as few as possible change hands.
 *
 * The members with the most shards get the larger portions, everyone keeps what fits into its portion, and only what is
 * left over moves: no balanced assignment keeps more, because nobody may keep more than its portion and the largest
 * portions go where they save the most. The same members with the same shards give the same answer in any order.
 *
 * @param members with unique ids; what they say they owned may be outdated, doubled or out of range.
 * @returns the shards of every member, ascending; together each of 0 … `shardCount` − 1 once. Empty without members.
 */
export function assignShards(members: readonly ShardMember[], shardCount: number): Map<string, number[]> {
  const byId = [...members].sort((a, b) => compare(a.id, b.id));
  const kept = rightfulShards(byId, shardCount);
  const portions = portionSizes(byId, kept, shardCount);
  const isTaken = new Array<boolean>(shardCount).fill(false);
  for (const { id } of byId) {
    const shards = kept.get(id)!;
    shards.length = Math.min(shards.length, portions.get(id)!);
    for (const shard of shards) isTaken[shard] = true;
  }
  let free = 0;
  for (const { id } of byId) {
    const shards = kept.get(id)!;
    while (shards.length < portions.get(id)!) {
      while (isTaken[free]) free++;
      shards.push(free++);
    }
    shards.sort((a, b) => a - b);
  }
  return kept;
}

/** What each member owned, ascending, each shard once: of two who claim it the one with fewer shards so far has it. */
function rightfulShards(members: readonly ShardMember[], shardCount: number): Map<string, number[]> {
  const claims = new Map<number, string[]>();
  for (const { id, owned } of members) {
    for (const shard of new Set(owned)) {
      if (!Number.isInteger(shard) || shard < 0 || shard >= shardCount) continue;
      claims.set(shard, [...(claims.get(shard) ?? []), id]);
    }
  }
  const kept = new Map<string, number[]>(members.map(({ id }) => [id, []]));
  for (let shard = 0; shard < shardCount; shard++) {
    const claimants = claims.get(shard);
    if (claimants === undefined) continue;
    const fewest = claimants.reduce((best, id) => (kept.get(id)!.length < kept.get(best)!.length ? id : best));
    kept.get(fewest)!.push(shard);
  }
  return kept;
}

function portionSizes(members: readonly ShardMember[], kept: ReadonlyMap<string, number[]>, shardCount: number): Map<string, number> {
  const smallest = Math.floor(shardCount / members.length);
  const larger = shardCount % members.length;
  const byNeed = [...members].sort((a, b) => kept.get(b.id)!.length - kept.get(a.id)!.length || compare(a.id, b.id));
  return new Map(byNeed.map(({ id }, rank) => [id, smallest + (rank < larger ? 1 : 0)]));
}

/** By UTF-16 code unit: the same on every machine, unlike a locale's order. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
