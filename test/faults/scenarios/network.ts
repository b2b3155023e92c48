import { SERVICES } from '@millrace/testkit/pipeline/service-processes';
import type { BreakableProxy } from '@millrace/testkit/network/breakable-proxy';
import type { WorkerPlace } from '../harness/workers.ts';
import type { World } from '../harness/world.ts';
import type { Scenario } from './scenario.ts';

/** What can befall a line; each lasts longer than a member of the group may be silent. */
const CUTS: readonly ((proxy: BreakableProxy) => () => void)[] = [
  (proxy) => {
    proxy.refuse(true);
    proxy.breakAll();
    return () => proxy.refuse(false);
  },
  (proxy) => {
    proxy.flow('stalled');
    return () => proxy.flow('open');
  },
  (proxy) => {
    proxy.flow('replies-stalled');
    return () => proxy.flow('open');
  },
  (proxy) => {
    proxy.delay(300);
    return () => proxy.delay(0);
  },
];

async function cutRounds(world: World, proxy: BreakableProxy, rounds: number): Promise<number> {
  for (let round = 0; round < rounds; round++) {
    const mend = CUTS[round % CUTS.length]!(proxy);
    await world.pause(5_000, 8_000);
    mend();
    await world.pause(1_000, 4_000);
  }
  return rounds;
}

/** One worker of each service behind a proxy and one that nothing happens to. */
async function beginBehind(world: World, place: WorkerPlace): Promise<void> {
  for (const service of SERVICES) {
    await world.fleet.start(service, place);
    await world.fleet.start(service);
  }
  await world.fleet.untilReady();
}

export const cutFromRedis: Scenario = {
  name: 'cut-from-redis',
  does: 'one worker of each service loses Redis alone: refused, swallowed, replies swallowed, slow',
  brokers: 1,
  workers: 2,
  recoversWithinMs: 90_000,
  begin: (world) => beginBehind(world, { redis: world.redisProxyUrl }),
  inject: (world, { rounds }) => cutRounds(world, world.redisProxy, rounds),
};

export const cutFromKafka: Scenario = {
  name: 'cut-from-kafka',
  does: 'one worker of each service loses Kafka alone: refused, swallowed, replies swallowed, slow',
  brokers: 1,
  workers: 2,
  recoversWithinMs: 90_000,
  begin: (world) => beginBehind(world, { kafka: world.kafka.proxiedAddress }),
  inject: (world, { rounds }) => cutRounds(world, world.kafka.proxy!, rounds),
};
