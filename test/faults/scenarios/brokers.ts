import { setTimeout as sleep } from 'node:timers/promises';
import { pipelineTopics } from '@millrace/pipeline';
import { createTopics } from '@millrace/stream/kafka/index';
import { withAdmin } from '@millrace/stream/kafka/kafka-connection';
import { SERVICES } from '@millrace/testkit/pipeline/service-processes';
import { SHARDS } from '../harness/world.ts';
import { readWorkerLogs } from '../oracle/worker-logs.ts';
import type { Scenario } from './scenario.ts';

const AWAY_MS = 10_000;
const ALARM_WITHIN_MS = 90_000;

export const brokerRestart: Scenario = {
  name: 'broker-restart',
  does: 'kill -9 of the only broker, which is away for 10 s',
  brokers: 1,
  workers: 1,
  recoversWithinMs: 120_000,
  async inject(world, { rounds }) {
    const [node] = world.kafka.kafka.nodes;
    const times = Math.ceil(rounds / 6);
    for (let round = 0; round < times; round++) {
      node!.process().signal('SIGKILL');
      await node!.process().exited;
      await sleep(AWAY_MS);
      await node!.restart();
      await world.pause(1_000, 3_000);
    }
    return times;
  },
};

export const leaderKills: Scenario = {
  name: 'leader-kills',
  does: 'kill -9 of the broker that leads a journal partition, while workers publish',
  brokers: 3,
  workers: 1,
  recoversWithinMs: 120_000,
  async inject(world, { rounds }) {
    const times = Math.ceil(rounds / 3);
    const { connection, kafka } = world.kafka;
    for (let round = 0; round < times; round++) {
      await connection.cluster.refresh();
      const leader = connection.cluster.leaderOf(world.wire.topics.journal, round % SHARDS);
      const node = kafka.nodes.find(({ id }) => id === leader) ?? kafka.nodes[round % kafka.nodes.length]!;
      node.process().signal('SIGKILL');
      await node.process().exited;
      await world.pause(3_000, 6_000);
      await node.restart();
      await world.pause(2_000, 4_000);
    }
    return times;
  },
};

export const journalCreatedAnew: Scenario = {
  name: 'journal-created-anew',
  does: 'the journal topic is deleted and created anew; workers are restarted on it',
  brokers: 1,
  workers: 1,
  recoversWithinMs: 90_000,
  expectations: {
    alarms: ['journal-lost-records', 'journal-differs', 'topic-missing', 'kafka-topic-missing'],
    isStandingStill: true,
  },
  async inject(world) {
    const { connection } = world.kafka;
    const { journal } = world.wire.topics;
    await withAdmin(connection, (admin) => admin.deleteTopics({ topics: [journal], timeout: 30_000 }));
    const prefix = journal.slice(0, -'user-journal'.length);
    // A deleted name is free again a moment later.
    await sleep(3_000);
    const specs = pipelineTopics({ shards: SHARDS, prefix, replicationFactor: 1 }).filter(({ topic }) => topic === journal);
    await createTopics(connection, specs);
    await world.untilAlarm('journal-lost-records', ALARM_WITHIN_MS, () => readWorkerLogs(world.fleet.all).alarms);
    // A new process knows nothing of the old journal but what Redis tells it.
    for (const service of SERVICES) {
      for (const worker of world.fleet.running(service)) await world.fleet.kill(worker);
      await world.fleet.start(service);
    }
    await sleep(10_000);
    return 1;
  },
};
