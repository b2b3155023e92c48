import { setTimeout as sleep } from 'node:timers/promises';
import { rebuildShard } from '@millrace/cli/rebuild/rebuild-shard';
import { allShards } from '@millrace/cli/verify/state-digest';
import { failpoint } from '../harness/steps.ts';
import { SHARDS, type World } from '../harness/world.ts';
import { readWorkerLogs } from '../oracle/worker-logs.ts';
import type { Scenario } from './scenario.ts';

const ALARM_WITHIN_MS = 60_000;
const ENDS_WITHIN_MS = 90_000;

export const redisLosesTail: Scenario = {
  name: 'redis-loses-tail',
  does: 'kill -9 of Redis; it comes back without the end of its append-only file',
  brokers: 1,
  workers: 1,
  recoversWithinMs: 90_000,
  async inject(world, { rounds }) {
    world.watch.allowGoingBack();
    for (let round = 0; round < rounds; round++) {
      await world.redis.kill();
      world.redis.loseTail(world.random.fraction() * 0.3);
      await world.pause(100, 2_000);
      await world.redis.restart();
      await world.pause(1_000, 4_000);
    }
    return rounds;
  },
};

export const redisGoesBack: Scenario = {
  name: 'redis-goes-back',
  does: 'Redis is set back to what its files were seconds ago, while the workers run',
  brokers: 1,
  workers: 2,
  recoversWithinMs: 90_000,
  async inject(world, { rounds }) {
    world.watch.allowGoingBack();
    for (let round = 0; round < rounds; round++) {
      world.redis.saveFiles(`round-${round}`);
      await world.pause(1_000, 6_000);
      await world.redis.kill();
      // Now and then it goes back further than last time.
      world.redis.putBackFiles(`round-${world.random.between(0, round)}`);
      await world.redis.restart();
      await world.pause(500, 3_000);
    }
    return rounds;
  },
};

/** Until a worker says that the state is gone; then what an operator does. */
async function rebuildAll(world: World): Promise<void> {
  await world.untilAlarm('state-missing', ALARM_WITHIN_MS, () => readWorkerLogs(world.fleet.all).alarms);
  for (const shard of allShards(SHARDS)) {
    const { outcome } = await rebuildShard({ ...world, shards: SHARDS }, shard, { write: true, replace: false });
    if (outcome !== 'written') throw new Error(`Shard ${shard.kind}${shard.number} could not be rebuilt: ${outcome}.`);
  }
}

async function emptyRedis(world: World): Promise<void> {
  world.watch.allowGoingBack();
  await world.redisAdmin.run('emptying', () => world.redisAdmin.client.flushall());
}

export const redisEmptied: Scenario = {
  name: 'redis-emptied',
  does: 'FLUSHALL; the alarm comes, nothing is counted anew, rebuild brings the state back',
  brokers: 1,
  workers: 1,
  recoversWithinMs: 90_000,
  expectations: { alarms: ['state-missing'] },
  async inject(world) {
    await emptyRedis(world);
    await sleep(2_000);
    await rebuildAll(world);
    return 1;
  },
};

export const redisEmptiedInBatch: Scenario = {
  name: 'redis-emptied-in-batch',
  does: 'a worker dies between journal and announcing, and Redis is emptied; then rebuild',
  brokers: 1,
  workers: 1,
  recoversWithinMs: 90_000,
  expectations: { alarms: ['state-missing'] },
  async inject(world, { rounds }) {
    const times = Math.ceil(rounds / 4);
    for (let round = 0; round < times; round++) {
      for (const worker of world.fleet.running('user-stream')) await world.fleet.kill(worker);
      const doomed = await world.fleet.start('user-stream', { env: failpoint({ FAULTS_DIE_AT: `after-journal:${world.random.between(3, 9)}` }) });
      await world.fleet.untilEnded(doomed, ENDS_WITHIN_MS);
      await emptyRedis(world);
      await world.fleet.start('user-stream');
      await rebuildAll(world);
      await world.untilFolded(ENDS_WITHIN_MS);
    }
    return times;
  },
};

export const redisFull: Scenario = {
  name: 'redis-full',
  does: 'maxmemory is reached, and raised seconds later',
  brokers: 1,
  workers: 1,
  recoversWithinMs: 90_000,
  async inject(world, { rounds }) {
    const { client } = world.redisAdmin;
    for (let round = 0; round < rounds; round++) {
      const used = Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
      await client.config('SET', 'maxmemory', String(used + 1_024 * world.random.between(0, 64)));
      await world.pause(2_000, 5_000);
      await client.config('SET', 'maxmemory', '0');
      await world.pause(500, 2_000);
    }
    return rounds;
  },
};

export const redisHangs: Scenario = {
  name: 'redis-hangs',
  does: 'Redis stops answering for longer than a command waits, without closing a connection',
  brokers: 1,
  workers: 1,
  recoversWithinMs: 90_000,
  async inject(world, { rounds }) {
    const times = Math.ceil(rounds / 2);
    for (let round = 0; round < times; round++) {
      world.redis.pause(true);
      await world.pause(6_000, 9_000);
      world.redis.pause(false);
      await world.pause(500, 3_000);
    }
    return times;
  },
};
