import type { StateAdmin, StateStore } from '@millrace/stream/state-store';
import { allShards, stateDigest } from '../verify/state-digest.ts';

/** What the state costs and what it is. */
export interface StateReport {
  readonly users: number;
  readonly items: number;
  /** All keys of the user shards by MEMORY USAGE, divided by users; likewise for items. */
  readonly bytesPerUser: number;
  readonly bytesPerItem: number;
  /** As `millrace verify` computes it. */
  readonly digest: string;
}

export async function reportState(store: StateStore & StateAdmin, shards: number): Promise<StateReport> {
  const bytes = { u: 0, i: 0 };
  const entities = { u: 0, i: 0 };
  for (const shard of allShards(shards)) {
    const prefix = shard.kind === 'u' ? 'p:' : 'r:';
    for await (const page of store.keys(shard)) for (const key of page) if (key.startsWith(prefix)) entities[shard.kind]++;
    bytes[shard.kind] += (await store.memoryBytes(shard)).bytes;
  }
  const { digest } = await stateDigest(store, shards);
  return {
    users: entities.u,
    items: entities.i,
    bytesPerUser: Math.round(bytes.u / Math.max(1, entities.u)),
    bytesPerItem: Math.round(bytes.i / Math.max(1, entities.i)),
    digest,
  };
}
