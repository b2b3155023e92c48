import { decodeUserShardState, ItemInterner, TOP_LISTS, TopLists, UNIT } from '@millrace/algorithms';
import { itemShardStateCodec, SOURCES_KEY, TOP_LISTS_KEY, USER_STATE_KEY } from '@millrace/pipeline';
import { replayHandler } from '@millrace/pipeline';
import { decodeHead } from '@millrace/stream/shard-head';
import { shardName, TIMERS_KEY, type ShardId } from '@millrace/stream/state-store';
import type { VerifyParts } from '../verify/verify-shard.ts';
import { itemNames } from './item-names.ts';

const DAY_MS = 86_400_000;
const MAX_SHOWN = 10;

/** Where a shard stands and what it holds, for people; undefined when it has no state. @throws RetryableError, AlarmError */
export async function inspectShard(parts: VerifyParts, shard: ShardId): Promise<Record<string, unknown> | undefined> {
  const { log, store, wire, shards } = parts;
  const { head, owner } = await store.read(shard, []);
  if (head === null) return undefined;
  const { token, incarnation, journalOffset, positions, clockMs } = decodeHead(head);
  const { inputs, journal } = replayHandler(shard.kind, wire, shards).spec;
  const topics = [...inputs, ...(journal === null ? [] : [journal])];
  const bounds = await log.bounds(topics.map((topic) => ({ topic, partition: shard.number })));
  const keys: Record<string, number> = {};
  for await (const page of store.keys(shard)) {
    for (const key of page) keys[kindOfKey(key)] = (keys[kindOfKey(key)] ?? 0) + 1;
  }
  const { timers } = await store.timers(shard);
  const memory = await store.memoryBytes(shard);
  return {
    shard: shardName(shard),
    owner,
    token,
    incarnation,
    clock: clockMs > 0 ? new Date(clockMs).toISOString() : null,
    inputs: inputs.map((topic, i) => ({
      topic: `${topic}/${shard.number}`,
      position: positions[i]!,
      end: bounds[i]!.next,
      lag: Math.max(0, bounds[i]!.next - positions[i]!),
    })),
    journal: journal === null ? undefined : { topic: `${journal}/${shard.number}`, offset: journalOffset, end: bounds.at(-1)!.next },
    keys,
    bytes: memory.bytes,
    timers: { count: timers.length, next: timers[0] === undefined ? null : new Date(timers[0].dueMs).toISOString() },
    ...(shard.kind === 'u' ? await userState(parts, shard) : await itemState(parts, shard)),
  };
}

const KINDS: Readonly<Record<string, string>> = { p: 'profiles', m: 'memos', r: 'rows', c: 'catalog', s: 'state', t: 'topLists' };

function kindOfKey(key: string): string {
  if (key === TIMERS_KEY) return 'timers';
  const kind = key.split(':', 1)[0]!;
  return Object.hasOwn(KINDS, kind) ? KINDS[kind]! : kind;
}

async function userState({ store }: VerifyParts, shard: ShardId): Promise<Record<string, unknown>> {
  const [bytes] = await store.peek(shard, [USER_STATE_KEY]);
  if (bytes === null || bytes === undefined) return {};
  const { ordersDay, ordersTotal, parameters, repeatPrior } = decodeUserShardState(bytes);
  return {
    orders: { count: ordersTotal / UNIT, asOf: new Date(ordersDay * DAY_MS).toISOString().slice(0, 10) },
    repeatPrior: { repeats: repeatPrior.repeats, totals: repeatPrior.totals },
    foldParameters: parameters,
  };
}

async function itemState({ store, shards }: VerifyParts, shard: ShardId): Promise<Record<string, unknown>> {
  const [stateBytes = null, topBytes = null] = await store.peek(shard, [SOURCES_KEY, TOP_LISTS_KEY]);
  const { sources, parameters } = itemShardStateCodec.decode(stateBytes, '');
  const interner = new ItemInterner();
  const lists = topBytes === null ? new TopLists(interner) : TopLists.decode(topBytes, interner);
  const shown = TOP_LISTS.map((name) => [name, lists.list(name).slice(0, MAX_SHOWN)] as const);
  const names = await itemNames(store, shards, shown.flatMap(([, list]) => list.map(({ id }) => interner.text(id))));
  const topLists = shown.map(([name, list]) => [
    name,
    list.map(({ id, value }) => ({ item: interner.text(id), name: names.get(interner.text(id)), count: value / UNIT })),
  ]);
  return {
    applied: [...sources].map(([source, { journalOffset, part }]) => ({ source: `u${source}`, journalOffset, part })),
    topLists: Object.fromEntries(topLists),
    foldParameters: parameters,
  };
}
