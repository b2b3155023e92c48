import type { ServiceName } from '@millrace/testkit/pipeline/service-processes';
import type { World } from '../harness/world.ts';
import type { Scenario } from './scenario.ts';

/** Kills a worker of the service at a random moment and puts another in its place at once. */
async function killRounds(world: World, rounds: number, services: readonly ServiceName[]): Promise<number> {
  for (let round = 0; round < rounds; round++) {
    const service = world.random.pick(services);
    await world.fleet.kill(world.random.pick(world.fleet.running(service)));
    await world.fleet.start(service);
    // Sometimes the next one dies while the group still settles, sometimes it works again by then.
    await world.pause(200, 6_000);
  }
  await world.fleet.untilReady();
  return rounds;
}

export const killWorkers: Scenario = {
  name: 'kill-workers',
  does: 'kill -9 of workers of both services at random moments',
  brokers: 1,
  workers: 2,
  recoversWithinMs: 90_000,
  inject: (world, { rounds }) => killRounds(world, rounds, ['user-stream', 'item-stream']),
};
