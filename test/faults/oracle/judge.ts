import { verifyPipeline } from '@millrace/cli/verify/verify-pipeline';
import { PERSONAL_MARK } from '../harness/known-load.ts';
import { SHARDS, type World } from '../harness/world.ts';
import { compareState } from './compare-state.ts';
import { expectedOf } from './expected.ts';
import { judgeDeadLetters, judgeLists } from './outputs.ts';
import { readInputs, readLists, readTopic } from './read-topics.ts';
import { readStored } from './stored.ts';
import { hasBegun, readWorkerLogs } from './worker-logs.ts';

/** What a scenario expects that is not what every world must come to. */
export interface Expectations {
  /** Alarms that the fault is to raise; any other is a problem. */
  readonly alarms?: readonly string[] | undefined;
  /** Event ids that the fold was made to choke on: they go to dead letters instead of the state. */
  readonly quarantined?: ((eventId: string) => boolean) | undefined;
  /**
   * The log that the state follows from is gone, so the state stands where it stood: nothing may be doubled, and what
   * came after is missing until somebody has acted. `verify` has nothing to walk.
   */
  readonly isStandingStill?: boolean | undefined;
}

export interface Verdict {
  /** Distinct events in the topics. */
  readonly events: number;
  readonly lists: number;
  readonly deadLetters: number;
  readonly lost: number;
  readonly doubled: number;
  readonly problems: readonly string[];
}

/** Resident memory that no worker of these small worlds comes near unless something grows without bound. */
const MEMORY_LIMIT_BYTES = 700 * 1024 * 1024;

/** Compares everything that the pipeline left behind with what the topics say. The workers still run. */
export async function judge(world: World, expectations: Expectations = {}): Promise<Verdict> {
  const { feeder, fleet, log, store, watch, wire } = world;
  const { quarantined = () => false, isStandingStill = false } = expectations;
  const problems: string[] = [];
  const inputs = await readInputs(log, wire.topics, SHARDS);
  const inLog = new Set(inputs.events.map(({ eventId }) => eventId));
  const notInLog = [...feeder.acknowledged].filter((eventId) => !inLog.has(eventId)).length;
  if (notInLog > 0) problems.push(`${notInLog} events that the log acknowledged are not in it`);

  const folded = inputs.events.filter(({ eventId }) => !quarantined(eventId));
  const expected = expectedOf(folded, SHARDS);
  const state = compareState(expected, await readStored(store, SHARDS));
  const letters = await readTopic(log, wire.topics.deadLetters, SHARDS);
  const brokersName = (event: { topic: 'clickstream' | 'purchases' }): string => wire.topics[event.topic];
  const alsoDead = inputs.events
    .filter(({ eventId }) => quarantined(eventId))
    .map((event) => ({ ...event, topic: brokersName(event) }));
  const dead = judgeDeadLetters(inputs.unreadable, letters, alsoDead);
  const allLists = await readLists(log, wire.topics.recommendations, SHARDS);
  const prefix = wire.topics.clickstream.slice(0, -'clickstream'.length);
  const lists = judgeLists(folded, allLists, prefix);
  if (allLists.length === 0) problems.push('no list was ever published');

  if (isStandingStill) {
    if (state.doubled > 0) problems.push(...state.problems);
    problems.push(...lists.problems);
  } else {
    problems.push(...state.problems, ...dead.problems, ...lists.problems);
    problems.push(...(await verifyProblems(world)));
  }
  problems.push(...watch.wentBack, ...fleet.surprises);
  for (const { name, process } of fleet.all) {
    if (process.process.residentBytes() > MEMORY_LIMIT_BYTES) problems.push(`${name} holds ${process.process.residentBytes()} bytes of memory`);
  }
  for (const text of await fleet.metrics()) if (text.includes(PERSONAL_MARK)) problems.push('metrics name a person');
  return {
    events: expected.events,
    lists: new Set(allLists.map(({ id }) => id)).size,
    deadLetters: inputs.unreadable.length + alsoDead.length,
    lost: isStandingStill ? 0 : state.lost + dead.lost + notInLog,
    doubled: state.doubled + dead.doubled + lists.doubled,
    problems,
  };
}

/** What the workers' logs say, and how they ended; after the stop. */
export function judgeEnd({ fleet }: World, { alarms = [] }: Expectations = {}): string[] {
  const logs = readWorkerLogs(fleet.all);
  const problems = [...logs.problems];
  for (const code of new Set(logs.alarms)) if (!alarms.includes(code)) problems.push(`a shard stopped with the alarm ${code}`);
  for (const worker of fleet.all) {
    const { name, exit } = worker;
    // Before its own code ran, a process ends as any does that is told to.
    if (exit === undefined || exit === 'exit code 0' || (exit === 'signal SIGTERM' && !hasBegun(worker))) continue;
    problems.push(`${name} was stopped and ended with ${exit}`);
  }
  return problems;
}

async function verifyProblems({ log, store, wire }: World): Promise<string[]> {
  const verification = await verifyPipeline({ log, store, wire, shards: SHARDS });
  if (verification.equal) return [];
  const differences = verification.shards.flatMap((shard) => shard.differences.map(({ key, kind }) => `${shard.shard} ${key.slice(0, 2)} ${kind}`));
  return [`verify finds differences: ${differences.slice(0, 5).join(', ')}; evidence equal: ${verification.evidence?.equal}`];
}
