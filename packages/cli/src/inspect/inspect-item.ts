import {
  decodeRow,
  decodeTotals,
  decodeUserShardState,
  inspectRow,
  ItemInterner,
  pairRules,
  ROW_TOTALS_BYTES,
  TABLES,
  TOP_LISTS,
  TopLists,
  totalAt,
  UNIT,
  type FoldParameters,
  type ItemRow,
  type PairRule,
} from '@millrace/algorithms';
import { partitionOf } from '@millrace/events';
import { catalogFactsCodec, catalogKey, itemShardStateCodec, rowKey, SOURCES_KEY, TOP_LISTS_KEY, USER_STATE_KEY } from '@millrace/pipeline';
import { shardName, type ShardId, type StateStore } from '@millrace/stream/state-store';
import { itemNames, peekItems } from './item-names.ts';

const DAY_MS = 86_400_000;
/** Neighbours and rules shown; the row itself may have 64 in each table, and more within a day. */
const MAX_SHOWN = 20;

/** What is known of one item, for people, with the rules from it as of now; undefined when nothing is. @throws RetryableError */
export async function inspectItem(store: StateStore, shards: number, item: string): Promise<Record<string, unknown> | undefined> {
  const shard: ShardId = { kind: 'i', number: partitionOf(item, shards) };
  const { values } = await store.read(shard, [rowKey(item), catalogKey(item), SOURCES_KEY, TOP_LISTS_KEY]);
  const [rowBytes = null, catalogBytes = null, stateBytes = null, topBytes = null] = values;
  if (rowBytes === null && catalogBytes === null) return undefined;
  const facts = catalogFactsCodec.decode(catalogBytes, '');
  const interner = new ItemInterner();
  const { parameters } = itemShardStateCodec.decode(stateBytes, '');
  const about = { item, shard: shardName(shard), rowBytes: rowBytes?.length ?? 0, catalog: facts };
  if (rowBytes === null) return about;
  const row = decodeRow(rowBytes, interner);
  const names = await itemNames(store, shards, row.ids.map((id) => interner.text(id)));
  const shown = inspectRow(row);
  const tables = TABLES.map((name) => [
    name,
    shown.tables[name].slice(0, MAX_SHOWN).map((neighbour) => ({
      item: neighbour.item,
      name: names.get(neighbour.item),
      count: neighbour.units / UNIT,
    })),
  ]);
  return {
    ...about,
    // Counts are decayed, so they are fractions of events.
    asOf: dayText(row.day),
    views: row.nVv / UNIT,
    purchases: row.nVbTarget / UNIT,
    orders: row.nBb / UNIT,
    trending: row.trending / UNIT,
    places: placesOf(item, topBytes),
    ...Object.fromEntries(tables),
    ...(await rulesOf(store, shards, item, row, parameters, names)),
  };
}

/** The rules from an item, with every count aged to one day. */
async function rulesOf(
  store: StateStore,
  shards: number,
  item: string,
  row: ItemRow,
  parameters: FoldParameters,
  names: ReadonlyMap<string, string>,
): Promise<Record<string, unknown>> {
  const neighbours = row.ids.map((id) => row.interner.text(id));
  const totals = [...(await peekItems(store, shards, neighbours, rowKey, ROW_TOTALS_BYTES))].flatMap(([other, bytes]) =>
    bytes === null ? [] : [[other, decodeTotals(bytes)] as const],
  );
  const orders = await ordersOfShards(store, shards);
  const day = Math.max(row.day, ...totals.map(([, total]) => total.day), ...orders.map((total) => total.day));
  const ordersTotal = orders.reduce((sum, total) => sum + totalAt(total, day, parameters), 0);
  const ordersOf = new Map(totals.map(([other, total]) => [other, totalAt({ day: total.day, value: total.nBb }, day, parameters)]));
  row.reach(day, parameters);
  const rules = pairRules(item, row, (other) => ordersOf.get(other), ordersTotal);
  return {
    ordersInAll: ordersTotal / UNIT,
    rulesAsOf: dayText(day),
    rules: rules.slice(0, MAX_SHOWN).map((rule) => describeRule(rule, names)),
  };
}

/** The number of orders that each user shard has counted, and the day at which it stands. */
async function ordersOfShards(store: StateStore, shards: number): Promise<{ day: number; value: number }[]> {
  const states = await Promise.all(
    Array.from({ length: shards }, (_, number) => store.peek({ kind: 'u', number }, [USER_STATE_KEY])),
  );
  return states.flatMap(([bytes]) => {
    if (bytes === null || bytes === undefined) return [];
    const { ordersDay, ordersTotal } = decodeUserShardState(bytes);
    return [{ day: ordersDay, value: ordersTotal }];
  });
}

function describeRule(rule: PairRule, names: ReadonlyMap<string, string>): Record<string, unknown> {
  const { to, count, support, confidence, lift, leverage, conviction, llr } = rule;
  // JSON has no infinity: null is a rule without an exception.
  const finite = Number.isFinite(conviction) ? conviction : null;
  return { to, name: names.get(to), count, support, confidence, lift, leverage, conviction: finite, llr };
}

/** The item's place in the top lists of its shard, from 1; absent where it is in none. */
function placesOf(item: string, bytes: Buffer | null): Record<string, number> {
  if (bytes === null) return {};
  const interner = new ItemInterner();
  const lists = TopLists.decode(bytes, interner);
  const places = TOP_LISTS.map((name) => [name, lists.list(name).findIndex(({ id }) => interner.text(id) === item) + 1] as const);
  return Object.fromEntries(places.filter(([, place]) => place > 0));
}

function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
