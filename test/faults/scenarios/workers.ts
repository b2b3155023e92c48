import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICES, type ServiceName } from '@millrace/testkit/pipeline/service-processes';
import { failpoint, ITEM_STEPS, STEPS, type Step } from '../harness/steps.ts';
import type { World } from '../harness/world.ts';
import type { Scenario } from './scenario.ts';

/** Workers are missed after three seconds in these worlds. */
const BEYOND_SESSION_MS = 5_000;
const ENDS_WITHIN_MS = 90_000;
const LATE_STEPS: readonly Step[] = ['after-journal', 'half-announced', 'before-commit', 'after-commit'];

export const killWorkers: Scenario = {
  name: 'kill-workers',
  does: 'kill -9 of workers of both services at random moments',
  brokers: 1,
  workers: 2,
  recoversWithinMs: 90_000,
  async inject(world, { rounds }) {
    for (let round = 0; round < rounds; round++) {
      const service = world.random.pick(SERVICES);
      await world.fleet.kill(world.random.pick(world.fleet.running(service)));
      await world.fleet.start(service);
      // Sometimes the next one dies while the group still settles, sometimes it works again by then.
      await world.pause(200, 6_000);
    }
    await world.fleet.untilReady();
    return rounds;
  },
};

export const killAtSteps: Scenario = {
  name: 'kill-at-steps',
  does: 'kill -9 at each step of a batch: fetch, load, journal, announcing, commit',
  brokers: 1,
  workers: 1,
  recoversWithinMs: 90_000,
  async inject(world, { rounds }) {
    const all: [ServiceName, Step][] = [
      ...STEPS.map((step): [ServiceName, Step] => ['user-stream', step]),
      ...ITEM_STEPS.map((step): [ServiceName, Step] => ['item-stream', step]),
    ];
    // The later steps of the users' batches are where something has been said already: never left out.
    const late = all.filter(([service, step]) => service === 'user-stream' && LATE_STEPS.includes(step));
    const chosen = rounds >= all.length ? all : late.slice(0, rounds);
    for (const [service, step] of chosen) {
      for (const worker of world.fleet.running(service)) await world.fleet.kill(worker);
      const doomed = await world.fleet.start(service, { env: failpoint({ FAULTS_DIE_AT: `${step}:${world.random.between(1, 12)}` }) });
      await world.fleet.untilEnded(doomed, ENDS_WITHIN_MS);
      await world.fleet.start(service);
      await world.fleet.untilReady();
      await world.pause(0, 1_000);
    }
    return chosen.length;
  },
};

export const lostCommitReplies: Scenario = {
  name: 'lost-commit-replies',
  does: 'every seventh commit is carried out and its reply lost',
  brokers: 1,
  workers: 1,
  recoversWithinMs: 90_000,
  async begin(world) {
    for (const service of SERVICES) await world.fleet.start(service, { env: failpoint({ FAULTS_LOSE_COMMIT_REPLY: '7' }) });
    await world.fleet.untilReady();
  },
  async inject(_world, { rounds }) {
    await sleep(1_500 * rounds);
    return rounds;
  },
};

export const zombies: Scenario = {
  name: 'zombies',
  does: 'SIGSTOP of a worker until another has its shards, then SIGCONT',
  brokers: 1,
  workers: 2,
  recoversWithinMs: 90_000,
  async inject(world, { rounds }) {
    for (let round = 0; round < rounds; round++) {
      const { process } = world.random.pick(world.fleet.running(SERVICES[(round + 1) % 2]!)).process;
      process.signal('SIGSTOP');
      await world.pause(BEYOND_SESSION_MS, BEYOND_SESSION_MS + 2_000);
      process.signal('SIGCONT');
      await world.pause(500, 4_000);
    }
    return rounds;
  },
};

export const blockedEventLoop: Scenario = {
  name: 'blocked-event-loop',
  does: 'the only worker of each service does nothing for 20 s',
  brokers: 1,
  workers: 1,
  recoversWithinMs: 90_000,
  async inject(world) {
    const workers = SERVICES.flatMap((service) => world.fleet.running(service));
    for (const { process } of workers) process.process.signal('SIGSTOP');
    await sleep(20_000);
    for (const { process } of workers) process.process.signal('SIGCONT');
    return workers.length;
  },
};

export const rebalanceStorm: Scenario = {
  name: 'rebalance-storm',
  does: 'every second a worker joins or leaves',
  brokers: 1,
  workers: 2,
  recoversWithinMs: 120_000,
  async inject(world, { rounds }) {
    const changes = 3 * rounds;
    const leaving: Promise<void>[] = [];
    for (let change = 0; change < changes; change++) {
      const service = world.random.pick(SERVICES);
      const running = world.fleet.running(service).filter(({ mayEnd }) => !mayEnd);
      if (running.length >= 3 || (running.length === 2 && world.random.chance(0.5))) leaving.push(world.fleet.stop(world.random.pick(running)));
      else await world.fleet.start(service);
      await sleep(1_000);
    }
    await Promise.all(leaving);
    await world.fleet.untilReady();
    return changes;
  },
};

export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  does: 'every worker is replaced, one after the other',
  brokers: 1,
  workers: 2,
  recoversWithinMs: 90_000,
  async inject(world, { rounds }) {
    const replaceAll = async (): Promise<number> => {
      const old = SERVICES.flatMap((service) => world.fleet.running(service));
      for (const worker of old) {
        await world.fleet.start(worker.service);
        await world.fleet.stop(worker);
        await world.fleet.untilReady();
      }
      return old.length;
    };
    let replaced = 0;
    for (let round = 0; round < Math.ceil(rounds / 4); round++) replaced += await replaceAll();
    return replaced;
  },
};

export const wrongClocks: Scenario = {
  name: 'wrong-clocks',
  does: 'the clocks of two hosts are wrong, one by an hour ahead and one by an hour behind; kills besides',
  brokers: 1,
  workers: 2,
  recoversWithinMs: 90_000,
  async begin(world) {
    for (const service of SERVICES) {
      for (const shift of ['3600000', '-3600000']) await world.fleet.start(service, { env: failpoint({ FAULTS_CLOCK_SHIFT_MS: shift }) });
    }
    await world.fleet.untilReady();
  },
  async inject(world: World, { rounds }) {
    for (let round = 0; round < rounds; round++) {
      const service = world.random.pick(SERVICES);
      await world.fleet.kill(world.random.pick(world.fleet.running(service)));
      await world.fleet.start(service, { env: failpoint({ FAULTS_CLOCK_SHIFT_MS: world.random.pick(['3600000', '-3600000']) }) });
      await world.pause(500, 5_000);
    }
    await world.fleet.untilReady();
    return rounds;
  },
};
