import { brokerRestart, journalCreatedAnew, leaderKills } from './brokers.ts';
import { dirtyInput, hotUser, killingRecord, throwingFold } from './input.ts';
import { cutFromKafka, cutFromRedis } from './network.ts';
import { redisEmptied, redisEmptiedInBatch, redisFull, redisGoesBack, redisHangs, redisLosesTail } from './redis.ts';
import type { Scenario } from './scenario.ts';
import {
  blockedEventLoop,
  killAtSteps,
  killWorkers,
  lostCommitReplies,
  rebalanceStorm,
  rollingRestart,
  wrongClocks,
  zombies,
} from './workers.ts';

/** Every scenario, in the order in which `npm run faults` goes through them: those on three brokers last. */
export const SCENARIOS: readonly Scenario[] = [
  killWorkers,
  killAtSteps,
  lostCommitReplies,
  redisLosesTail,
  redisGoesBack,
  zombies,
  rebalanceStorm,
  rollingRestart,
  brokerRestart,
  redisEmptied,
  redisEmptiedInBatch,
  journalCreatedAnew,
  redisFull,
  redisHangs,
  cutFromRedis,
  cutFromKafka,
  dirtyInput,
  throwingFold,
  killingRecord,
  hotUser,
  blockedEventLoop,
  wrongClocks,
  leaderKills,
];
