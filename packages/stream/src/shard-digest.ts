import { createHash } from 'node:crypto';
import { AvroWriter } from './avro-bytes.ts';
import {
  ATTEMPTS_KEY,
  MEMO_PREFIX,
  OWNER_KEY,
  TIMERS_KEY,
  type ShardId,
  type StateAdmin,
  type StateStore,
} from './state-store.ts';
import { compareUtf8 } from './timer-queue.ts';

/** Is the key part of the state? Memos, the owner and the count of attempts are not. */
export function isStateKey(key: string): boolean {
  return !key.startsWith(MEMO_PREFIX) && key !== OWNER_KEY && key !== ATTEMPTS_KEY;
}

/** All timers in one string of bytes, in their order. */
export async function timersValue(store: StateAdmin, shard: ShardId): Promise<Buffer> {
  const { timers } = await store.timers(shard);
  const writer = new AvroWriter(64 + timers.length * 32);
  for (const { dueMs, name } of timers) writer.long(dueMs).string(name);
  return writer.finish();
}

/** Every value of the shard's state by logical key, timers as one value. */
export async function readShardState(store: StateStore & StateAdmin, shard: ShardId): Promise<Map<string, Buffer>> {
  const state = new Map<string, Buffer>();
  for await (const page of store.keys(shard)) {
    const keys = page.filter((key) => isStateKey(key) && key !== TIMERS_KEY && !state.has(key));
    if (keys.length === 0) continue;
    const { values } = await store.read(shard, keys);
    keys.forEach((key, i) => {
      const value = values[i];
      if (value !== null && value !== undefined) state.set(key, value);
    });
  }
  const timers = await timersValue(store, shard);
  if (timers.length > 0) state.set(TIMERS_KEY, timers);
  return state;
}

/** SHA-256 over the sorted (key, SHA-256 of value) of a shard's state, hexadecimal. */
export function digestOf(state: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha256');
  for (const key of [...state.keys()].sort(compareUtf8)) {
    hash.update(key).update('\0').update(createHash('sha256').update(state.get(key)!).digest());
  }
  return hash.digest('hex');
}
