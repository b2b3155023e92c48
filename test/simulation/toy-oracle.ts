import { digestOf, readShardState } from '@millrace/stream/shard-digest';
import { ShardReplay } from '@millrace/stream/shard-replay';
import { decodeHead } from '@millrace/stream/shard-head';
import type { LogRecord } from '@millrace/stream/log';
import { shardName, type ShardId } from '@millrace/stream/state-store';
import { walkJournal, type WalkedBatch } from './journal-walk.ts';
import { ADDS_PER_PART, freshUser, ITEM_SHARDS, QUIET_AFTER_MS, USER_SHARDS, type ToyEvent, type ToyUser } from './toy-streams.ts';
import type { World } from './world.ts';

/** One record that a world's apps write; `event` is undefined for what no event is. */
export interface ToyInput {
  readonly topic: 'big' | 'small' | 'control' | 'catalog';
  readonly value: Buffer;
  readonly event: ToyEvent | undefined;
  readonly place: number;
}

export const TOY_USERS = 5;
export const TOY_ITEMS = 6;
const USER_INPUTS = ['big', 'small', 'control'] as const;

/** Says what is not as it must be, in words for whoever looks at a failing seed. */
export type Problems = string[];

export function expectEqual(problems: Problems, what: string, found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) problems.push(`${what}: found ${a}, must be ${b}`);
}

/**
 * Judges a world at rest, three times over: by what the inputs alone say (counts, sums, dead letters), by a fold of its
 * own along the journal (every value, timer and output, byte for byte), and by the engine's replay (digests).
 */
export async function judgeToyWorld(world: World, inputs: readonly ToyInput[], kind: 'live' | 'catch-up'): Promise<Problems> {
  const problems: Problems = [];
  judgeByInputs(world, inputs, kind, problems);
  judgeByJournal(world, problems);
  for (let number = 0; number < USER_SHARDS; number++) await compareWithReplay(world, { kind: 'u', number }, problems);
  for (let number = 0; number < ITEM_SHARDS; number++) await compareWithReplay(world, { kind: 'i', number }, problems);
  return problems;
}

/** Nothing here knows of shards, batches or an order: what must hold whatever happened. */
function judgeByInputs(world: World, inputs: readonly ToyInput[], kind: 'live' | 'catch-up', problems: Problems): void {
  const good = inputs.filter(({ event }) => event !== undefined && event.poison !== true).map(({ event }) => event!);
  let changes = 0;
  for (let u = 0; u < TOY_USERS; u++) {
    const mine = good.filter(({ user }) => user === `u${u}`);
    const stored = valueOf(world, { kind: 'u', number: u % USER_SHARDS }, `u:u${u}`);
    const { n, sum, disorder, late } = stored === undefined ? freshUser() : (JSON.parse(stored) as ToyUser);
    const wanted = { n: mine.length, sum: sumOf(mine), disorder: 0 };
    expectEqual(problems, `user ${u}`, { n, sum, disorder }, wanted);
    if (kind === 'catch-up') expectEqual(problems, `late events of user ${u}`, late, 0);
    changes += Math.floor(mine.length / 3);
  }
  for (let item = 0; item < TOY_ITEMS; item++) {
    const stored = valueOf(world, { kind: 'i', number: item % ITEM_SHARDS }, `i:${item}`);
    const found = stored === undefined ? 0 : (JSON.parse(stored) as { sum: number }).sum;
    expectEqual(problems, `item ${item}`, found, sumOf(good.filter((event) => event.item === item)));
  }
  const dead = inputs.filter(({ topic, event }) => topic !== 'catalog' && (event === undefined || event.poison === true));
  const deadLetters = [...outputsById(world, 'dead-letters', 'millrace-id', problems).values()].sort();
  expectEqual(problems, 'dead letters', deadLetters, dead.map(({ value }) => value.toString()).sort());
  const found = [...outputsById(world, 'changes', 'id', problems).keys()].filter((id) => id.endsWith('.change'));
  expectEqual(problems, 'changes', found.length, changes);
}

function sumOf(events: readonly ToyEvent[]): number {
  return events.reduce((total, { n }) => total + n, 0);
}

/** What the journal and the inputs lead to. */
interface Expected {
  readonly changes: Map<string, string>;
  readonly evidence: Map<string, string>;
  readonly lists: Set<string>;
}

function judgeByJournal(world: World, problems: Problems): void {
  const expected: Expected = { changes: new Map(), evidence: new Map(), lists: new Set() };
  for (let number = 0; number < USER_SHARDS; number++) {
    const shard = new ExpectedUserShard(world, number, expected, problems);
    shard.foldJournal();
    shard.compare();
  }
  const changes = outputsById(world, 'changes', 'id', problems);
  expectEqual(problems, 'changes by id', sorted(changes), sorted(expected.changes));
  const lists = allRecords(world, 'lists').map(({ headers }) => headers!['id']!.toString());
  expectEqual(problems, 'lists by id', [...new Set(lists)].sort(), [...expected.lists].sort());
  world.tally.add('output-repeated', lists.length - new Set(lists).size);
  const evidence = new Map<string, string>();
  for (let target = 0; target < ITEM_SHARDS; target++) {
    for (const { value } of world.log.recordsOf('item-evidence', target)) {
      if (world.journalCodec.isEntry(value)) continue;
      const { source, journalOffset, part, adds } = JSON.parse(value!.toString()) as Record<string, unknown>;
      keepOne(evidence, `${source}.${journalOffset}.${part}.${target}`, JSON.stringify(adds), problems);
    }
  }
  expectEqual(problems, 'evidence', sorted(evidence), sorted(expected.evidence));
}

/** A user shard as it must be, folded along its journal by nothing of the engine but the entry's codec. */
class ExpectedUserShard {
  readonly #world: World;
  readonly #number: number;
  readonly #expected: Expected;
  readonly #problems: Problems;
  readonly #users = new Map<string, ToyUser>();
  readonly #timers = new Map<string, number>();
  #positions: number[] = [];
  #clockMs = 0;
  #incarnation = '';

  constructor(world: World, number: number, expected: Expected, problems: Problems) {
    this.#world = world;
    this.#number = number;
    this.#expected = expected;
    this.#problems = problems;
  }

  foldJournal(): void {
    const timeOf = (_input: number, { value }: LogRecord): number => eventOf(value!)?.t ?? Number.NEGATIVE_INFINITY;
    const { genesis, batches } = walkJournal(this.#world, this.#number, { journal: 'user-journal', inputs: USER_INPUTS }, timeOf);
    this.#incarnation = genesis.token.toString('hex');
    this.#positions = genesis.ranges.map(({ first }) => first);
    for (const batch of batches) this.#foldBatch(batch);
  }

  compare(): void {
    const shard = { kind: 'u', number: this.#number } as const;
    const { values, timers } = this.#world.store.snapshot(shard);
    const users = [...values].filter(([key]) => key.startsWith('u:')).map(([key, value]) => [key, value.toString()] as const);
    const expected = new Map([...this.#users].map(([user, value]) => [`u:${user}`, JSON.stringify(value)]));
    expectEqual(this.#problems, `values of ${shardName(shard)}`, sorted(new Map(users)), sorted(expected));
    const due = new Map([...this.#timers].map(([user, dueMs]) => [`${user}\0quiet`, dueMs]));
    expectEqual(this.#problems, `timers of ${shardName(shard)}`, sorted(timers), sorted(due));
    const { positions, clockMs, incarnation } = decodeHead(values.get('head')!);
    const head = { positions, clockMs, incarnation: incarnation.toString('hex') };
    const wanted = { positions: this.#positions, clockMs: this.#clockMs, incarnation: this.#incarnation };
    expectEqual(this.#problems, `head of ${shardName(shard)}`, head, wanted);
  }

  #foldBatch({ entry: { ranges, coalesced }, journalOffset, records }: WalkedBatch): void {
    expectEqual(this.#problems, `beginning of the batch ${journalOffset}`, ranges.map(({ first }) => first), this.#positions);
    this.#positions = ranges.map(({ first, count }) => first + count);
    const adds: [number, number][][] = Array.from({ length: ITEM_SHARDS }, () => []);
    const lists = new Map<string, string>();
    for (const { input, record, isOmitted } of records) {
      const event = eventOf(record.value!);
      if (event === undefined) continue;
      const place = `${USER_INPUTS[input]}.${this.#number}.${record.offset}`;
      if (isOmitted !== (event.poison === true)) this.#problems.push(`${place} is ${isOmitted ? '' : 'not '}left out`);
      if (isOmitted) continue;
      const id = `${this.#incarnation}.${place}`;
      this.#fold(event, USER_INPUTS[input]!, record.offset, id);
      adds[event.item % ITEM_SHARDS]!.push([event.item, event.n]);
      lists.set(coalesced ? event.user : id, `${id}.list`);
    }
    for (const id of lists.values()) this.#expected.lists.add(id);
    adds.forEach((ofShard, target) => {
      for (let at = 0, part = 0; at < ofShard.length; at += ADDS_PER_PART, part++) {
        const payload = JSON.stringify(ofShard.slice(at, at + ADDS_PER_PART));
        this.#expected.evidence.set(`${this.#number}.${journalOffset}.${part}.${target}`, payload);
      }
    });
  }

  #fold(event: ToyEvent, topic: string, offset: number, id: string): void {
    if (event.t > this.#clockMs) {
      this.#clockMs = event.t;
      this.#fireDue();
    }
    const user = this.#users.get(event.user) ?? freshUser();
    this.#users.set(event.user, user);
    user.n++;
    user.sum += event.n;
    user.hash = (Math.imul(user.hash, 31) + event.item * 1_000 + event.n) >>> 0;
    if (event.t < this.#clockMs) user.late++;
    user.seen[topic] = offset;
    this.#timers.set(event.user, this.#clockMs + QUIET_AFTER_MS);
    if (user.n % 3 === 0) this.#expected.changes.set(`${id}.change`, `${user.n}/${user.sum}`);
  }

  #fireDue(): void {
    const due = [...this.#timers].filter(([, dueMs]) => dueMs <= this.#clockMs);
    for (const [name, dueMs] of due.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))) {
      this.#timers.delete(name);
      const user = this.#users.get(name)!;
      this.#expected.changes.set(`${this.#incarnation}.quiet.${name}.${dueMs}`, `quiet ${user.hash} ${this.#quiet++}`);
    }
  }
  #quiet = 0;
}

function eventOf(value: Buffer): ToyEvent | undefined {
  try {
    return JSON.parse(value.toString()) as ToyEvent;
  } catch {
    return undefined;
  }
}

/** The shard's digest equals that of its replay along the log; where not, the differing keys are named. */
export async function compareWithReplay(world: World, shard: ShardId, problems: Problems): Promise<void> {
  const handler = world.streams.find(({ kind }) => kind === shard.kind)!.handler(world.store);
  const state = await readShardState(world.store, shard);
  const replay = await ShardReplay.begin({ handler, log: world.log, journalCodec: world.journalCodec }, shard);
  await replay.advanceTo(decodeHead(state.get('head')!));
  const replayed = await readShardState(replay.store, shard);
  if (digestOf(state) === digestOf(replayed)) return;
  const keys = [...new Set([...state.keys(), ...replayed.keys()])];
  const differing = keys.filter((key) => !(state.get(key) ?? Buffer.alloc(0)).equals(replayed.get(key) ?? Buffer.alloc(0)));
  problems.push(`${shardName(shard)} differs from its replay in ${differing.join(', ')}`);
}

/** Outputs by id, duplicates counted; the same id with two payloads is a problem. */
export function outputsById(world: World, topic: string, header: string, problems: Problems): Map<string, string> {
  const byId = new Map<string, string>();
  const records = allRecords(world, topic);
  for (const { headers, value } of records) keepOne(byId, headers![header]!.toString(), value!.toString(), problems);
  return byId;
}

function keepOne(byId: Map<string, string>, id: string, payload: string, problems: Problems): void {
  const known = byId.get(id);
  if (known !== undefined && known !== payload) problems.push(`${id} was said in two ways: ${known} and ${payload}`);
  byId.set(id, payload);
}

function allRecords(world: World, topic: string): LogRecord[] {
  return Array.from({ length: world.partitionsOf(topic) }, (_, partition) => world.log.recordsOf(topic, partition)).flat();
}

function valueOf(world: World, shard: ShardId, key: string): string | undefined {
  return world.store.snapshot(shard).values.get(key)?.toString();
}

function sorted<T>(entries: ReadonlyMap<string, T>): [string, T][] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}
