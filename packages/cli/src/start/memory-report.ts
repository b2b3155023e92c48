import { createHash } from 'node:crypto';
import { digestOf, readShardState } from '@millrace/stream/shard-digest';
import { shardName, type ShardId, type StateAdmin, type StateStore } from '@millrace/stream/state-store';

/** What the state costs and what it is. */
export interface StateReport {
  readonly users: number;
  readonly items: number;
  /** All keys of the user shards by MEMORY USAGE, divided by users; likewise for items. */
  readonly bytesPerUser: number;
  readonly bytesPerItem: number;
  /** SHA-256 over the shards' names and digests, in their order. */
  readonly digest: string;
}

export function allShards(shards: number): ShardId[] {
  const numbers = Array.from({ length: shards }, (_, number) => number);
  return [...numbers.map((number) => ({ kind: 'u', number }) as const), ...numbers.map((number) => ({ kind: 'i', number }) as const)];
}

export async function reportState(store: StateStore & StateAdmin, shards: number): Promise<StateReport> {
  const bytes = { u: 0, i: 0 };
  const entities = { u: 0, i: 0 };
  const hash = createHash('sha256');
  for (const shard of allShards(shards)) {
    const state = await readShardState(store, shard);
    const prefix = shard.kind === 'u' ? 'p:' : 'r:';
    for (const key of state.keys()) if (key.startsWith(prefix)) entities[shard.kind]++;
    bytes[shard.kind] += (await store.memoryBytes(shard)).bytes;
    hash.update(`${shardName(shard)} ${digestOf(state)}\n`);
  }
  return {
    users: entities.u,
    items: entities.i,
    bytesPerUser: Math.round(bytes.u / Math.max(1, entities.u)),
    bytesPerItem: Math.round(bytes.i / Math.max(1, entities.i)),
    digest: hash.digest('hex'),
  };
}
