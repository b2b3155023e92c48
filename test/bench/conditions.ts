import { spawnSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { sessionSource } from '@millrace/testkit/load/index';
import { kafkaVersion } from '@millrace/testkit/servers/kafka-jars';
import { repositoryRoot } from '@millrace/testkit/servers/maven';
import { SHARDS } from './bench-pipeline.ts';
import type { BenchOptions } from './options.ts';
import { OPEN_SESSIONS } from './parts.ts';
import type { Conditions } from './result.ts';

const METHOD = {
  cpu: 'user and system time of both services, Kafka and Redis from the moment when every user shard is claimed until all topics, evidence too, are folded; filling, start-up and load generator excluded',
  event: 'one click or one order line',
  latency: 'from the scheduled sending to the list in a subscriber\'s hands, events after the warm-up that got a list',
  memory: 'MEMORY USAGE of all keys of the shards, divided by users and items, after one view of every item on the next day',
  redis: 'commands of INFO commandstats, those inside scripts too, and total_net_*_bytes; the bench\'s own looks at the shards, ten rounds a second, are in it',
} as const;

/** What is known before the first part; the version of Redis comes with it. */
export function conditionsBefore(options: BenchOptions): Omit<Conditions, 'redis'> {
  const git = (...args: string[]): string | null => {
    const answer = spawnSync('git', args, { cwd: repositoryRoot, encoding: 'utf8' });
    return answer.status === 0 ? answer.stdout.trim() : null;
  };
  return {
    startedAt: new Date().toISOString(),
    commit: git('rev-parse', 'HEAD'),
    isDirty: git('status', '--porcelain', '--untracked-files=no') !== '',
    cores: cpus().length,
    cpuModel: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    loadBefore: loadavg(),
    node: process.version,
    kafka: kafkaVersion(),
    shards: SHARDS,
    seed: options.seed,
    openSessions: OPEN_SESSIONS,
    sessionSource: sessionSource(),
    isProfiled: options.isProfiled,
    method: METHOD,
  };
}

/** The conditions that a reader of the table must know. */
export function describeConditions(conditions: Conditions): string {
  const { commit, isDirty, cores, cpuModel, loadBefore, node, kafka, redis, sessionSource: source, isProfiled } = conditions;
  return [
    `commit ${commit?.slice(0, 10) ?? 'unknown'}${isDirty ? ' with changes' : ''}; ${cores} cores (${cpuModel}), load before ${loadBefore.map((load) => load.toFixed(1)).join(' ')}`,
    `Node ${node.slice(1)}, Kafka ${kafka}, Redis ${redis}; sessions of ${source === 'retailrocket' ? 'Retailrocket' : 'the shop\'s simulated views'}, ${conditions.openSessions} open at a time, ${conditions.shards} shards, seed ${conditions.seed}`,
    ...(isProfiled ? ['A profiler ran inside the services: their figures are higher than without it.'] : []),
    ...((loadBefore[0] ?? 0) > cores / 2 ? ['The machine was busy before the bench began: times mean little, CPU per event is too high by some.'] : []),
  ].join('\n');
}
