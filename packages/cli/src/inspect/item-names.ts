import { catalogFactsCodec, catalogKey } from '@millrace/pipeline';
import { partitionOf } from '@millrace/events';
import type { StateStore } from '@millrace/stream/state-store';

/** One value of each of many items, wherever their shards are; null where there is none. */
export async function peekItems(
  store: StateStore,
  shards: number,
  items: readonly string[],
  keyOf: (item: string) => string,
  bytes?: number,
): Promise<Map<string, Buffer | null>> {
  const byShard = new Map<number, string[]>();
  for (const item of new Set(items)) {
    const number = partitionOf(item, shards);
    byShard.set(number, [...(byShard.get(number) ?? []), item]);
  }
  const found = new Map<string, Buffer | null>();
  for (const [number, wanted] of byShard) {
    const values = await store.peek({ kind: 'i', number }, wanted.map(keyOf), bytes);
    wanted.forEach((item, i) => found.set(item, values[i] ?? null));
  }
  return found;
}

/** Names of items from the catalog; an item that it never named is not in the map. */
export async function itemNames(store: StateStore, shards: number, items: readonly string[]): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const [item, value] of await peekItems(store, shards, items, catalogKey)) {
    const name = catalogFactsCodec.decode(value, '')?.name;
    if (name !== undefined) names.set(item, name);
  }
  return names;
}
