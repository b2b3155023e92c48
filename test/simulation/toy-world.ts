import { digestOf, readShardState } from '@millrace/stream/shard-digest';
import { ShardReplay } from '@millrace/stream/shard-replay';
import { decodeHead } from '@millrace/stream/shard-head';
import type { LogRecord } from '@millrace/stream/log';
import type { ShardId } from '@millrace/stream/state-store';
import type { StreamHandler } from '@millrace/stream/handler';
import { freshUser, ITEM_SHARDS, ToyItemStream, ToyUserStream, USER_SHARDS, type ToyEvent } from './toy-streams.ts';
import { World, type WorldFaults } from './world.ts';

const TOPICS = {
  big: USER_SHARDS,
  small: USER_SHARDS,
  control: USER_SHARDS,
  'user-journal': USER_SHARDS,
  'item-evidence': ITEM_SHARDS,
  catalog: ITEM_SHARDS,
  'dead-letters': USER_SHARDS,
  changes: USER_SHARDS,
  lists: USER_SHARDS,
};
const USERS = 5;
const ITEMS = 6;

/** What happened in a world, for the one who looks at a failing seed. */
export interface WorldReport {
  readonly seed: number;
  readonly kind: 'live' | 'catch-up';
  readonly inputs: number;
  readonly problems: readonly string[];
}

/**
 * One world from its seed: inputs, faults, rest; then the oracle, which knows nothing of the engine, computes from the
 * inputs what every count and output must be.
 */
export async function runToyWorld(seed: number): Promise<WorldReport> {
  const itemStream = new ToyItemStream();
  const world = new World(
    seed,
    [
      { shards: USER_SHARDS, handler: (store) => new ToyUserStream(store) as unknown as StreamHandler<never> },
      { shards: ITEM_SHARDS, handler: () => itemStream as unknown as StreamHandler<never> },
    ],
    TOPICS,
  );
  // In every fourth world everything lies there from the beginning: a large topic, and a small one that must not run ahead.
  const kind = seed % 4 === 0 ? 'catch-up' : 'live';
  const inputs = makeInputs(world, kind);
  let appended = 0;
  const append = (input: ToyInput): void => {
    const partition = partitionOf(input);
    void world.log.append([{ topic: input.topic, partition, records: [{ key: null, value: input.value }] }]);
  };
  const { random } = world;
  const faults: WorldFaults = {
    rates: { fails: random.pick([0, 0.01, 0.05]), losesReply: random.pick([0, 0.01, 0.05]), duplicates: random.pick([0, 0.05, 0.2]) },
    turns: kind === 'catch-up' ? 250 : 350,
    kill: random.pick([0.005, 0.02]),
    pause: random.pick([0, 0.02, 0.05]),
    reassign: random.pick([0, 0.01, 0.03]),
    goBack: random.pick([0, 0.01, 0.02]),
  };
  if (kind === 'catch-up') {
    for (; appended < inputs.length; appended++) append(inputs[appended]!);
  }
  await world.runWithFaults(faults, () => {
    if (appended < inputs.length && random.chance(0.3)) append(inputs[appended++]!);
  });
  for (; appended < inputs.length; appended++) append(inputs[appended]!);
  const problems: string[] = [];
  try {
    await world.drain(() => isAtRest(world));
    problems.push(...(await judge(world, inputs, kind)));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  problems.push(...world.alarms.map((alarm) => `alarm ${alarm}`));
  return { seed, kind, inputs: inputs.length, problems };
}

interface ToyInput {
  readonly topic: 'big' | 'small' | 'control' | 'catalog';
  readonly value: Buffer;
  readonly event: ToyEvent | undefined;
  readonly place: number;
}

function partitionOf(input: ToyInput): number {
  return input.event === undefined ? input.place % USER_SHARDS : Number(input.event.user.slice(1)) % USER_SHARDS;
}

function makeInputs(world: World, kind: 'live' | 'catch-up'): ToyInput[] {
  const { random } = world;
  const inputs: ToyInput[] = [];
  let t = 1_000;
  const count = 12 + random.below(30);
  for (let place = 0; place < count; place++) {
    t += random.below(12);
    const isSmall = random.chance(kind === 'catch-up' ? 0.15 : 0.4);
    const topic = isSmall ? 'small' : random.chance(0.06) ? 'control' : 'big';
    // Live worlds have disorder; in a catch-up every topic is in order, so that nothing may come out late.
    const disorder = kind === 'live' && random.chance(0.2) ? -random.below(60) : 0;
    const event: ToyEvent = {
      user: `u${random.below(USERS)}`,
      t: t + disorder,
      item: random.below(ITEMS),
      n: 1 + random.below(9),
      ...(random.chance(0.02) ? { poison: true } : {}),
    };
    if (random.chance(0.05)) inputs.push({ topic, value: Buffer.from(`{broken ${place}`), event: undefined, place });
    else if (random.chance(0.08)) {
      inputs.push({ topic: 'catalog', value: Buffer.from(JSON.stringify({ item: event.item, fact: place })), event: undefined, place });
    } else inputs.push({ topic, value: Buffer.from(JSON.stringify(event)), event, place });
  }
  return inputs;
}

function isAtRest(world: World): boolean {
  return (
    world.hasTakenAll('u', USER_SHARDS, ['big', 'small', 'control']) &&
    world.hasTakenAll('i', ITEM_SHARDS, ['item-evidence', 'catalog'])
  );
}

/** The oracle: everything it says comes from the inputs, nothing from the engine. */
async function judge(world: World, inputs: readonly ToyInput[], kind: 'live' | 'catch-up'): Promise<string[]> {
  const problems: string[] = [];
  const expectEqual = (what: string, found: unknown, wanted: unknown): void => {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) {
      problems.push(`${what}: found ${JSON.stringify(found)}, must be ${JSON.stringify(wanted)}`);
    }
  };
  const good = inputs.filter(({ event }) => event !== undefined && event.poison !== true).map(({ event }) => event!);
  for (let u = 0; u < USERS; u++) {
    const mine = good.filter(({ user }) => user === `u${u}`);
    const stored = world.store.snapshot({ kind: 'u', number: u % USER_SHARDS }).values.get(`u:u${u}`);
    const found = stored === undefined ? freshUser() : (JSON.parse(stored.toString()) as ReturnType<typeof freshUser>);
    const sum = mine.reduce((total, { n }) => total + n, 0);
    expectEqual(`user ${u}`, { n: found.n, sum: found.sum, disorder: found.disorder }, { n: mine.length, sum, disorder: 0 });
    if (kind === 'catch-up') expectEqual(`late events of user ${u}`, found.late, 0);
  }
  for (let item = 0; item < ITEMS; item++) {
    const stored = world.store.snapshot({ kind: 'i', number: item % ITEM_SHARDS }).values.get(`i:${item}`);
    const found = stored === undefined ? 0 : (JSON.parse(stored.toString()) as { sum: number }).sum;
    expectEqual(`item ${item}`, found, good.filter((event) => event.item === item).reduce((total, { n }) => total + n, 0));
  }
  const dead = inputs.filter(({ topic, event }) => topic !== 'catalog' && (event === undefined || event.poison === true));
  const deadLetters = uniqueById(allRecords(world, 'dead-letters'), 'millrace-id', problems);
  expectEqual('dead letters', [...deadLetters.values()].sort(), dead.map(({ value }) => value.toString()).sort());
  const changes = uniqueById(allRecords(world, 'changes'), 'id', problems);
  const counted = [...changes.keys()].filter((id) => id.endsWith('.change')).length;
  const wanted = Array.from({ length: USERS }, (_, u) => Math.floor(good.filter(({ user }) => user === `u${u}`).length / 3));
  expectEqual('changes', counted, wanted.reduce((total, n) => total + n, 0));
  const evidence = new Map<string, string>();
  for (const { value } of allRecords(world, 'item-evidence')) {
    if (world.journalCodec.isEntry(value)) continue;
    const { source, journalOffset, part, adds } = JSON.parse(value!.toString()) as Record<string, unknown>;
    const id = JSON.stringify([source, journalOffset, part, adds].slice(0, 3)) + JSON.stringify((adds as number[][])[0]![0]! % ITEM_SHARDS);
    const payload = JSON.stringify(adds);
    if ((evidence.get(id) ?? payload) !== payload) problems.push(`evidence ${id} was said in two ways`);
    evidence.set(id, payload);
  }
  await compareWithReplay(world, { kind: 'u', number: 0 }, problems);
  await compareWithReplay(world, { kind: 'u', number: 1 }, problems);
  await compareWithReplay(world, { kind: 'i', number: 0 }, problems);
  await compareWithReplay(world, { kind: 'i', number: 1 }, problems);
  return problems;
}

async function compareWithReplay(world: World, shard: ShardId, problems: string[]): Promise<void> {
  const handler = world.streams[shard.kind === 'u' ? 0 : 1]!.handler(world.store);
  const state = await readShardState(world.store, shard);
  const target = decodeHead(state.get('head')!);
  const replay = await ShardReplay.begin({ handler, log: world.log, journalCodec: world.journalCodec }, shard);
  await replay.advanceTo(target);
  const replayed = await readShardState(replay.store, shard);
  if (digestOf(state) === digestOf(replayed)) return;
  const keys = [...new Set([...state.keys(), ...replayed.keys()])];
  const differing = keys.filter((key) => !(state.get(key) ?? Buffer.alloc(0)).equals(replayed.get(key) ?? Buffer.alloc(0)));
  problems.push(`shard ${shard.kind}${shard.number} differs from its replay in ${differing.join(', ')}`);
}

function allRecords(world: World, topic: keyof typeof TOPICS): LogRecord[] {
  return Array.from({ length: TOPICS[topic] }, (_, partition) => world.log.recordsOf(topic, partition)).flat();
}

/** Outputs by id; the same id with two payloads is a problem. */
function uniqueById(records: readonly LogRecord[], header: string, problems: string[]): Map<string, string> {
  const byId = new Map<string, string>();
  for (const { headers, value } of records) {
    const id = headers![header]!.toString();
    const payload = value!.toString();
    if ((byId.get(id) ?? payload) !== payload) problems.push(`output ${id} was said in two ways: ${byId.get(id)} and ${payload}`);
    byId.set(id, payload);
  }
  return byId;
}
