import { DEFAULT_FOLD_PARAMETERS, DEFAULT_NEIGHBOUR_CACHE_LIMITS } from '@millrace/algorithms';
import { ItemStream, ListRenderer, openWireTools, UserStream, type WireTools } from '@millrace/pipeline';
import type { StreamHandler } from '@millrace/stream/handler';
import type { StateStore } from '@millrace/stream/state-store';
import { judgePipelineWorld } from './pipeline-oracle.ts';
import { SHARDS, Shop, startOf, type ShopKind } from './pipeline-shop.ts';
import type { Tally } from './tally.ts';
import { randomFaults, World } from './world.ts';

/** What happened in a world, for the one who looks at a failing seed. */
export interface PipelineReport {
  readonly seed: number;
  readonly kind: ShopKind;
  readonly inputs: number;
  readonly problems: readonly string[];
  readonly tally: Tally;
}

const TURNS = 400;

let opened: Promise<WireTools> | undefined;

/** Codecs are compiled once, and serve every world. */
export function wireTools(): Promise<WireTools> {
  opened ??= openWireTools({ topicPrefix: '', shards: SHARDS });
  return opened;
}

/** One world with the real handlers of both streams, from its seed. Odd seeds last many days. */
export async function runPipelineWorld(seed: number): Promise<PipelineReport> {
  const wire = await wireTools();
  const kind: ShopKind = seed % 2 === 0 ? 'one-day' : 'many-days';
  const world = new World(seed, {
    streams: [
      { kind: 'u', shards: SHARDS, handler: (store) => userStream(wire, store) as unknown as StreamHandler<never> },
      { kind: 'i', shards: SHARDS, handler: () => new ItemStream(wire) as unknown as StreamHandler<never> },
    ],
    topics: Object.fromEntries(Object.values(wire.topics).map((topic) => [topic, SHARDS])),
    startMs: startOf(kind),
    journalCodec: wire.journalCodec,
  });
  const { random } = world;
  const inputs = new Shop(random, wire.encoder, kind).inputs(15 + random.below(40));
  let appended = 0;
  const appendNext = (): void => {
    const { topic, partition, record } = inputs[appended++]!;
    void world.log.append([{ topic, partition, records: [record] }]);
  };
  await world.runWithFaults(randomFaults(random, TURNS), () => {
    if (appended < inputs.length && random.chance(0.3)) appendNext();
  });
  while (appended < inputs.length) appendNext();
  const problems: string[] = [];
  try {
    await world.drain(() => isAtRest(world, wire));
    problems.push(...(await judgePipelineWorld(world, wire, inputs, kind)));
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  problems.push(...world.alarms.map((alarm) => `alarm ${alarm}`));
  return { seed, kind, inputs: inputs.length, problems, tally: world.tally };
}

function userStream(wire: WireTools, store: StateStore): UserStream {
  const limits = { ...DEFAULT_NEIGHBOUR_CACHE_LIMITS, catalogMaxAgeMs: 1_000, maxAvailabilities: 100 };
  return new UserStream({
    ...wire,
    itemShards: SHARDS,
    // Small, so that there are parts to lose and to overtake each other.
    evidencePartBytes: 100,
    renderer: new ListRenderer(store, SHARDS, DEFAULT_FOLD_PARAMETERS, limits),
    lists: { length: 4, maxAgeMs: 600_000 },
    listObserver: { published: () => undefined },
  });
}

function isAtRest(world: World, { topics }: WireTools): boolean {
  return (
    world.hasTakenAll('u', SHARDS, [topics.control, topics.customers, topics.clickstream, topics.purchases]) &&
    world.hasTakenAll('i', SHARDS, [topics.itemEvidence, topics.catalog])
  );
}
