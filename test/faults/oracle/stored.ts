import { decodeProfile, decodeRow, decodeUserShardState, inspectProfile, inspectRow, ItemInterner } from '@millrace/algorithms';
import { USER_STATE_KEY } from '@millrace/pipeline';
import { idOfKeyPart, type ShardId, type StateAdmin, type StateStore } from '@millrace/stream/state-store';
import type { ExpectedItem, ExpectedUser } from './expected.ts';

/** What Redis holds, as `millrace inspect` would show it. */
export interface Stored {
  readonly users: ReadonlyMap<string, ExpectedUser>;
  readonly items: ReadonlyMap<string, ExpectedItem>;
  readonly orders: readonly number[];
}

const UNIT = 5_040;

export async function readStored(store: StateStore & StateAdmin, shards: number): Promise<Stored> {
  const users = new Map<string, ExpectedUser>();
  const items = new Map<string, ExpectedItem>();
  const orders: number[] = [];
  for (let number = 0; number < shards; number++) {
    for (const [user, bytes] of await valuesOf(store, { kind: 'u', number }, 'p:')) users.set(user, userOf(bytes));
    for (const [item, bytes] of await valuesOf(store, { kind: 'i', number }, 'r:')) items.set(item, itemOf(bytes));
    const [state] = await store.peek({ kind: 'u', number }, [USER_STATE_KEY]);
    orders.push(state == null ? 0 : decodeUserShardState(state).ordersTotal / UNIT);
  }
  return { users, items, orders };
}

async function valuesOf(store: StateStore & StateAdmin, shard: ShardId, prefix: string): Promise<[id: string, bytes: Buffer][]> {
  const found: [string, Buffer][] = [];
  const seen = new Set<string>();
  for await (const page of store.keys(shard)) {
    // A scan may answer a key twice.
    const keys = page.filter((key) => key.startsWith(prefix) && !seen.has(key));
    if (keys.length === 0) continue;
    const values = await store.peek(shard, keys);
    keys.forEach((key, i) => {
      seen.add(key);
      if (values[i] != null) found.push([idOfKeyPart(key.slice(prefix.length)), values[i]]);
    });
  }
  return found;
}

function userOf(bytes: Buffer): ExpectedUser {
  const profile = inspectProfile(decodeProfile(bytes)) as {
    readonly events: number;
    readonly views: number;
    readonly orders?: { readonly count: number; readonly spendMinor: number };
    readonly session?: { readonly lastViews: readonly string[] };
  };
  return {
    events: profile.events,
    views: profile.views,
    orders: profile.orders?.count ?? 0,
    spendMinor: profile.orders?.spendMinor ?? 0,
    lastViews: profile.session?.lastViews ?? [],
  };
}

function itemOf(bytes: Buffer): ExpectedItem {
  const { nVv, nVbTarget, nBb, tables } = inspectRow(decodeRow(bytes, new ItemInterner()));
  const unitsOf = (neighbours: readonly { readonly item: string; readonly units: number }[]): Map<string, number> =>
    new Map(neighbours.map(({ item, units }) => [item, units]));
  return { nVv, nVbTarget, nBb, vv: unitsOf(tables.vv), bb: unitsOf(tables.bb) };
}
