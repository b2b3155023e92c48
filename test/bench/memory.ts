/** What the state costs in Redis, as `MEMORY USAGE` counts it. */
import type { ShardKind, StateAdmin } from '@millrace/stream/state-store';
import type { ClickstreamEvent, WireEvent } from '@millrace/testkit/shop/wire-event';

/** All keys of the shards, divided by users and by items: timers, indexes, memos and heads too. */
export interface Memory {
  readonly users: number;
  readonly items: number;
  readonly keys: number;
  readonly bytesPerUser: number;
  readonly bytesPerItem: number;
}

const ENTITY_PREFIX = { u: 'p:', i: 'r:' } as const;
const DAY_MS = 86_400_000;
/** More than the 30 minutes that end a session, so that the views of one user make no pairs. */
const BETWEEN_VIEWS_MS = 31 * 60_000;
/** So many fit into a day. */
const VIEWS_PER_USER = Math.floor(DAY_MS / BETWEEN_VIEWS_MS);

/** Walks all shards: for a quiet pipeline, after what was measured. */
export async function measureMemory(store: StateAdmin, shards: number): Promise<Memory> {
  const bytes = { u: 0, i: 0 };
  const entities = { u: 0, i: 0 };
  let keys = 0;
  for (const kind of ['u', 'i'] as const satisfies readonly ShardKind[]) {
    for (let number = 0; number < shards; number++) {
      for await (const names of store.keys({ kind, number })) {
        entities[kind] += names.filter((name) => name.startsWith(ENTITY_PREFIX[kind])).length;
      }
      const used = await store.memoryBytes({ kind, number });
      bytes[kind] += used.bytes;
      keys += used.keys;
    }
  }
  return { users: entities.u, items: entities.i, keys, bytesPerUser: bytes.u / entities.u, bytesPerItem: bytes.i / entities.i };
}

/** Notes what a load is about while it passes through. */
export class LoadNotes {
  readonly items = new Set<string>();
  lastMs = 0;

  *passing(events: Iterable<WireEvent>): Generator<WireEvent, void, undefined> {
    for (const event of events) {
      this.lastMs = Math.max(this.lastMs, event.timeMs);
      if (event.topic === 'clickstream' && event.payload.itemId != null) this.items.add(event.payload.itemId);
      yield event;
    }
  }
}

/**
 * One view of every item on the next day. Boundaries of days are applied to an item when it is touched, and trim its
 * neighbours; this touches all of them. No pair comes of it: each view is a session of its own.
 */
export function* nextDayViews({ items, lastMs }: LoadNotes): Generator<ClickstreamEvent, void, undefined> {
  const dayMs = (Math.floor(lastMs / DAY_MS) + 1) * DAY_MS;
  const left = [...items];
  const users = Math.ceil(left.length / VIEWS_PER_USER);
  for (let view = 0; left.length > 0; view++) {
    const timeMs = dayMs + view * BETWEEN_VIEWS_MS;
    for (const [user, itemId] of left.splice(0, users).entries()) {
      const userId = `n${String(user).padStart(7, '0')}`;
      const eventId = `${userId}-${view}`;
      yield { topic: 'clickstream', key: userId, timeMs, events: 1, payload: { eventId, timeMs, kind: 'view', channel: 'web', userId, itemId } };
    }
  }
}
