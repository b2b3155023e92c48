import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICES } from '@millrace/testkit/pipeline/service-processes';
import { failpoint } from '../harness/steps.ts';
import type { World } from '../harness/world.ts';
import type { Scenario } from './scenario.ts';

const THROWS_ON = '777';

async function killNowAndThen(world: World, rounds: number): Promise<number> {
  for (let round = 0; round < rounds; round++) {
    await world.pause(1_000, 3_000);
    const service = SERVICES[round % 2]!;
    await world.fleet.kill(world.random.pick(world.fleet.running(service)));
    await world.fleet.start(service);
    await world.fleet.untilReady();
  }
  return rounds;
}

export const dirtyInput: Scenario = {
  name: 'dirty-input',
  does: 'a third of the records twice, half of them out of order, one in twenty unreadable; kills besides',
  brokers: 1,
  workers: 1,
  load: { duplicates: 0.33, disorder: 0.5, poison: 0.05 },
  recoversWithinMs: 90_000,
  inject: (world, { rounds }) => killNowAndThen(world, Math.ceil(rounds / 2)),
};

export const hotUser: Scenario = {
  name: 'hot-user',
  does: 'two of three events are of one user; kills besides',
  brokers: 1,
  workers: 1,
  load: { hot: 0.66 },
  recordsPerSecond: 500,
  recoversWithinMs: 90_000,
  inject: (world, { rounds }) => killNowAndThen(world, Math.ceil(rounds / 2)),
};

export const throwingFold: Scenario = {
  name: 'throwing-fold',
  does: 'the fold of one event in a thousand throws; each is left out after three tries; kills besides',
  brokers: 1,
  workers: 1,
  recoversWithinMs: 120_000,
  expectations: { quarantined: (eventId) => eventId.endsWith(THROWS_ON) },
  async begin(world) {
    await world.fleet.start('item-stream');
    await world.fleet.start('user-stream', { env: failpoint({ FAULTS_THROW_ON: THROWS_ON }) });
    await world.fleet.untilReady();
  },
  async inject(world, { rounds }) {
    for (let round = 0; round < Math.ceil(rounds / 4); round++) {
      await sleep(3_000);
      for (const worker of world.fleet.running('user-stream')) await world.fleet.kill(worker);
      await world.fleet.start('user-stream', { env: failpoint({ FAULTS_THROW_ON: THROWS_ON }) });
      await world.fleet.untilReady();
    }
    await sleep(2_000);
    return Math.ceil(rounds / 4);
  },
};

/** One event: a worker that comes to it dies some times before it is found out. */
const KILLED_BY = '-600';
const FOUND_WITHIN_MS = 240_000;

export const killingRecord: Scenario = {
  name: 'killing-record',
  does: 'the fold of one record kills the process, until the record is found and left out',
  brokers: 1,
  workers: 1,
  // A second copy of the record would have to be found too, and prove nothing more.
  load: { duplicates: 0 },
  recoversWithinMs: 90_000,
  expectations: { quarantined: (eventId) => eventId.endsWith(KILLED_BY) },
  async begin(world) {
    await world.fleet.start('item-stream');
    await world.fleet.start('user-stream', { env: failpoint({ FAULTS_KILLED_BY: KILLED_BY }) });
    await world.fleet.untilReady();
  },
  async inject(world) {
    for (const worker of world.fleet.running('user-stream')) worker.mayEnd = true;
    await sleep(4_000);
    await world.feeder.stop();
    const deadlineMs = performance.now() + FOUND_WITHIN_MS;
    let deaths = 0;
    for (;;) {
      const [worker] = world.fleet.running('user-stream');
      if (worker === undefined) {
        deaths += 1;
        await world.fleet.start('user-stream', { env: failpoint({ FAULTS_KILLED_BY: KILLED_BY }) });
      } else {
        worker.mayEnd = true;
        const { users } = await world.lag();
        if (users === 0) return deaths;
      }
      if (performance.now() > deadlineMs) throw new Error(`The record was not found after ${deaths} deaths.`);
      await sleep(200);
    }
  },
};
