import { decodeProfile, decodeRow, inspectRow, ItemInterner } from '@millrace/algorithms';
import { partitionOf, type WireClick, type WireOrder } from '@millrace/events';
import { profileKey, rowKey, type WireTools } from '@millrace/pipeline';
import { DEAD_LETTER_HEADERS } from '@millrace/stream/dead-letters';
import type { StreamHandler } from '@millrace/stream/handler';
import type { LogRecord } from '@millrace/stream/log';
import { decodeHead } from '@millrace/stream/shard-head';
import { ShardReplay } from '@millrace/stream/shard-replay';
import type { ShardId } from '@millrace/stream/state-store';
import { walkJournal } from './journal-walk.ts';
import { PairOracle } from './pair-oracle.ts';
import { SHARDS, SHOP_ITEMS, SHOP_USERS, type ShopInput, type ShopKind } from './pipeline-shop.ts';
import { compareWithReplay, expectEqual, outputsById, type Problems } from './toy-oracle.ts';
import type { World } from './world.ts';

/**
 * Judges a world with the real handlers at rest. What can be said from the inputs alone is counted by brute force (one-day
 * worlds); the rest is held against a replay along the journal (all worlds).
 */
export async function judgePipelineWorld(
  world: World,
  wire: WireTools,
  inputs: readonly ShopInput[],
  kind: ShopKind,
): Promise<Problems> {
  const problems: Problems = [];
  judgeDeadLetters(world, wire, inputs, problems);
  judgeLists(world, wire, problems);
  if (kind === 'one-day') {
    judgeProfiles(world, inputs, problems);
    judgePairs(world, wire, inputs, problems);
  }
  await judgeEvidence(world, wire, problems);
  for (let number = 0; number < SHARDS; number++) {
    await compareWithReplay(world, { kind: 'u', number }, problems);
    await compareWithReplay(world, { kind: 'i', number }, problems);
  }
  return problems;
}

/** Exactly one of each bad record, with its reason and its bytes. */
function judgeDeadLetters(world: World, wire: WireTools, inputs: readonly ShopInput[], problems: Problems): void {
  const { deadLetters } = wire.topics;
  outputsById(world, deadLetters, DEAD_LETTER_HEADERS.id, problems);
  const byId = new Map<string, string>();
  for (let partition = 0; partition < SHARDS; partition++) {
    for (const { headers, value } of world.log.recordsOf(deadLetters, partition)) {
      const reason = headers![DEAD_LETTER_HEADERS.reason]!.toString();
      byId.set(headers![DEAD_LETTER_HEADERS.id]!.toString(), `${reason} ${partition} ${value!.toString('hex')}`);
    }
  }
  const bad = inputs.filter(({ deadReason }) => deadReason !== undefined);
  const wanted = bad.map(({ deadReason, partition, record }) => `${deadReason} ${partition} ${record.value!.toString('hex')}`);
  expectEqual(problems, 'dead letters', [...byId.values()].sort(), wanted.sort());
}

/** Every list has a cause that deserves one; two lists of one id are about the same cause. */
function judgeLists(world: World, wire: WireTools, problems: Problems): void {
  const causes = new Map<string, string>();
  for (let partition = 0; partition < SHARDS; partition++) {
    const records = world.log.recordsOf(wire.topics.recommendations, partition);
    for (const { key, value } of records) {
      const { id, cause, user, placement, items } = wire.encoder.decodeRecommendations(value!);
      const about = JSON.stringify([cause, user, placement]);
      if ((causes.get(id) ?? about) !== about) problems.push(`list ${id} has two causes`);
      causes.set(id, about);
      const from = world.log.recordsOf(cause.topic, cause.partition)[cause.offset]!;
      if (!from.key!.equals(key!) || key!.toString() !== user) problems.push(`list ${id} is for ${user}, its cause for ${from.key!.toString()}`);
      if (!id.endsWith(`.${cause.topic}.${partition}.${cause.offset}.${placement}`)) problems.push(`list ${id} does not name its cause`);
      const distinct = new Set(items.map(({ itemId }) => itemId));
      if (distinct.size !== items.length || items.length === 0 || items.length > 4) problems.push(`list ${id} has ${items.length} items, ${distinct.size} distinct`);
    }
    world.tally.add('output-repeated', records.length - new Set(records.map(({ value }) => wire.encoder.decodeRecommendations(value!).id)).size);
  }
}

/** Events, orders and money of each user, each event id once. */
function judgeProfiles(world: World, inputs: readonly ShopInput[], problems: Problems): void {
  for (const user of SHOP_USERS) {
    const { clicks, orders, customers } = distinctEvents(inputs, user);
    const stored = world.store.snapshot({ kind: 'u', number: partitionOf(user, SHARDS) }).values.get(profileKey(user));
    const profile = stored === undefined ? undefined : decodeProfile(stored);
    const bought = orders.filter(({ kind }) => kind === 'order');
    const returned = orders.filter(({ kind }) => kind === 'return');
    const found = {
      events: profile?.events ?? 0,
      views: profile?.views ?? 0,
      searches: profile?.searches ?? 0,
      orders: profile?.orders?.count ?? 0,
      spendMinor: profile?.orders?.spendMinor ?? 0,
      returns: profile?.returns?.count ?? 0,
      returnedMinor: profile?.returns?.returnedMinor ?? 0,
    };
    expectEqual(problems, `profile of ${user}`, found, {
      events: clicks.length + orders.length + customers,
      views: clicks.filter(({ kind }) => kind === 'view').length,
      searches: clicks.filter(({ kind }) => kind === 'search').length,
      orders: bought.length,
      spendMinor: sumOf(bought),
      returns: returned.length,
      returnedMinor: sumOf(returned),
    });
  }
}

function sumOf(orders: readonly WireOrder[]): number {
  let minor = 0;
  for (const { lines } of orders) {
    for (const { quantity, unitPrice, discount } of lines) {
      const amount = quantity * Math.round(unitPrice! * 100);
      minor += amount - Math.min(amount, Math.round((discount ?? 0) * 100));
    }
  }
  return minor;
}

/** A user's events as the app wrote them, without the copies. */
function distinctEvents(inputs: readonly ShopInput[], user: string): { clicks: WireClick[]; orders: WireOrder[]; customers: number } {
  const clicks = new Map<string, WireClick>();
  const orders = new Map<string, WireOrder>();
  const customers = new Set<string>();
  for (const { event, user: of } of inputs) {
    if (event === undefined || of !== user) continue;
    if ('click' in event) clicks.set(event.click.eventId, clicks.get(event.click.eventId) ?? event.click);
    else if ('order' in event) orders.set(event.order.eventId, orders.get(event.order.eventId) ?? event.order);
    else customers.add(event.customer);
  }
  return { clicks: [...clicks.values()], orders: [...orders.values()], customers: customers.size };
}

/**
 * Totals and pair counts of every item. `vv` and `bb` follow from the inputs alone; which views an order has behind it
 * depends on when the topics were read, so `vb` follows from the order in the journal.
 */
function judgePairs(world: World, wire: WireTools, inputs: readonly ShopInput[], problems: Problems): void {
  const pairs = new PairOracle();
  for (const user of SHOP_USERS) {
    const { clicks, orders } = distinctEvents(inputs, user);
    pairs.session(clicks.filter(({ kind }) => kind === 'view').map(({ itemId }) => itemId!));
    for (const { kind, lines } of orders) if (kind === 'order') pairs.basket(lines.map(({ itemId }) => itemId));
  }
  for (let number = 0; number < SHARDS; number++) countBought(world, wire, number, pairs);
  for (const item of SHOP_ITEMS) {
    const stored = world.store.snapshot({ kind: 'i', number: partitionOf(item, SHARDS) }).values.get(rowKey(item));
    const row = stored === undefined ? undefined : inspectRow(decodeRow(stored, new ItemInterner()));
    const table = (name: 'vv' | 'vb' | 'bb'): [string, number][] =>
      (row?.tables[name] ?? []).map((entry): [string, number] => [entry.item, entry.units]).sort(byName);
    const found = { views: row?.nVv ?? 0, bought: row?.nVbTarget ?? 0, orders: row?.nBb ?? 0, vv: table('vv'), vb: table('vb'), bb: table('bb') };
    expectEqual(problems, `pairs of ${item}`, found, pairs.of(item));
  }
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1;
}

/** Walks one user shard's journal: what was viewed before each order, as the log has it. */
function countBought(world: World, wire: WireTools, shard: number, pairs: PairOracle): void {
  const { control, customers, clickstream, purchases, journal } = wire.topics;
  const topics = [control, customers, clickstream, purchases];
  const decode = (input: number, record: LogRecord): ReturnType<WireTools['decoder']['decode']> =>
    wire.decoder.decode(topics[input]!, record, shard);
  const timeOf = (input: number, record: LogRecord): number => {
    const outcome = decode(input, record);
    return outcome.kind === 'event' ? outcome.event.timeMs : Number.NEGATIVE_INFINITY;
  };
  const { batches } = walkJournal(world, shard, { journal, inputs: topics }, timeOf);
  const seen = new Set<string>();
  for (const { input, record } of batches.flatMap(({ records }) => records)) {
    const outcome = decode(input, record);
    if (outcome.kind !== 'event') continue;
    const { event } = outcome;
    if (event.type !== 'click' && event.type !== 'order' && event.type !== 'customer' && event.type !== 'return') continue;
    if (seen.has(event.eventId)) continue;
    seen.add(event.eventId);
    if (event.type === 'click' && event.kind === 'view') pairs.viewed(event.user, event.itemId!, event.timeMs);
    if (event.type === 'order') pairs.bought(event.user, event.lines.map(({ itemId }) => itemId), event.timeMs);
  }
}

/** What is on the evidence log is what a replay along the journal derives, each part said with one payload. */
async function judgeEvidence(world: World, wire: WireTools, problems: Problems): Promise<void> {
  const derived = new Set<string>();
  for (let number = 0; number < SHARDS; number++) {
    const shard: ShardId = { kind: 'u', number };
    const handler: StreamHandler<never> = world.streams[0]!.handler(world.store);
    const replay = await ShardReplay.begin({ handler, log: world.log, journalCodec: world.journalCodec }, shard);
    const target = decodeHead(world.store.snapshot(shard).values.get('head')!);
    await replay.advanceTo(target, ({ announcements }) => {
      for (const { topic, partition, records } of announcements) {
        if (topic !== wire.topics.itemEvidence) continue;
        for (const { value } of records) derived.add(`${partition} ${value!.toString('hex')}`);
      }
    });
  }
  const said = new Set<string>();
  for (let partition = 0; partition < SHARDS; partition++) {
    for (const { value } of world.log.recordsOf(wire.topics.itemEvidence, partition)) {
      if (!world.journalCodec.isEntry(value)) said.add(`${partition} ${value!.toString('hex')}`);
    }
  }
  expectEqual(problems, 'evidence', [...said].sort(), [...derived].sort());
}
