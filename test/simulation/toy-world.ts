import type { StreamHandler } from '@millrace/stream/handler';
import { JournalCodec } from '@millrace/stream/journal';
import type { Random } from './random.ts';
import type { Tally } from './tally.ts';
import { judgeToyWorld, TOY_ITEMS, TOY_USERS, type ToyInput } from './toy-oracle.ts';
import { ITEM_SHARDS, ToyItemStream, ToyUserStream, USER_SHARDS, type ToyEvent } from './toy-streams.ts';
import { randomFaults, World } from './world.ts';

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

const JOURNAL_SCHEMA_ID = 9;

/** What happened in a world, for the one who looks at a failing seed. */
export interface WorldReport {
  readonly seed: number;
  readonly kind: 'live' | 'catch-up';
  readonly inputs: number;
  readonly problems: readonly string[];
  readonly tally: Tally;
}

/**
 * One world from its seed: inputs, faults, rest; then the oracle, which knows nothing of the engine, computes from the
 * inputs what every count and output must be.
 */
export async function runToyWorld(seed: number): Promise<WorldReport> {
  const itemStream = new ToyItemStream();
  const world = new World(seed, {
    streams: [
      { kind: 'u', shards: USER_SHARDS, handler: (store) => new ToyUserStream(store) as unknown as StreamHandler<never> },
      { kind: 'i', shards: ITEM_SHARDS, handler: () => itemStream as unknown as StreamHandler<never> },
    ],
    topics: TOPICS,
    startMs: 1_000_000,
    journalCodec: new JournalCodec(JOURNAL_SCHEMA_ID),
  });
  // In every fourth world everything lies there from the beginning: a large topic, and a small one that must not run ahead.
  const kind = seed % 4 === 0 ? 'catch-up' : 'live';
  const inputs = makeInputs(world, kind);
  let appended = 0;
  const append = (input: ToyInput): void => {
    const partition = partitionOf(input);
    void world.log.append([{ topic: input.topic, partition, records: [{ key: null, value: input.value }] }]);
  };
  const { random } = world;
  const faults = randomFaults(random, kind === 'catch-up' ? 250 : 350);
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
    problems.push(...(await judgeToyWorld(world, inputs, kind)));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  problems.push(...world.alarms.map((alarm) => `alarm ${alarm}`));
  return { seed, kind, inputs: inputs.length, problems, tally: world.tally };
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
    const isPoison = random.chance(0.04);
    // Live worlds have disorder; in a catch-up every topic is in order, so that nothing may come out late. A poisoned
    // record is left out in the end, and its time, which may be ahead of all others, must leave no trace either.
    const disorder = kind === 'live' ? disorderOf(random, isPoison) : 0;
    const event: ToyEvent = {
      user: `u${random.below(TOY_USERS)}`,
      t: t + disorder,
      item: random.below(TOY_ITEMS),
      n: 1 + random.below(9),
      ...(isPoison ? { poison: true } : {}),
    };
    if (random.chance(0.05)) inputs.push({ topic, value: Buffer.from(`{broken ${place}`), event: undefined, place });
    else if (random.chance(0.08)) {
      inputs.push({ topic: 'catalog', value: Buffer.from(JSON.stringify({ item: event.item, fact: place })), event: undefined, place });
    } else inputs.push({ topic, value: Buffer.from(JSON.stringify(event)), event, place });
  }
  return inputs;
}

function disorderOf(random: Random, isPoison: boolean): number {
  if (isPoison) return random.below(80);
  return random.chance(0.2) ? -random.below(60) : 0;
}

function isAtRest(world: World): boolean {
  return (
    world.hasTakenAll('u', USER_SHARDS, ['big', 'small', 'control']) &&
    world.hasTakenAll('i', ITEM_SHARDS, ['item-evidence', 'catalog'])
  );
}
