import { join } from 'node:path';
import type { WireEvent } from '@millrace/testkit/shop/wire-event';
import { BenchPipeline, SHARDS } from './bench-pipeline.ts';
import type { BenchRun } from './bench-run.ts';
import type { ProfileWindow } from './cpu-profile.ts';
import { LoadNotes, measureMemory, nextDayViews } from './memory.ts';
import { reportProfiles } from './profile-report.ts';
import { between } from './reading.ts';
import type { CatchUpResult } from './result.ts';

/** The first reading is to be taken as soon as all shards have begun; the last one can wait a little. */
const CLAIM_POLL_MS = 20;
const LAG_POLL_MS = 100;

export interface CatchUpPart {
  readonly name: string;
  readonly title: string;
  readonly load: () => Iterable<WireEvent>;
  readonly env: Readonly<Record<string, string>>;
  readonly measuresMemory: boolean;
}

/** Fills the topics, starts the services, and measures from the moment when all shards are claimed until nothing waits. */
export async function runCatchUp(part: CatchUpPart, run: BenchRun): Promise<CatchUpResult> {
  const profileDir = run.isProfiled ? join(run.benchDir, 'profiles', part.name) : undefined;
  const { signal, say } = run;
  const pipeline = await BenchPipeline.open({ dataDir: join(run.benchDir, part.name), env: part.env, profileDir, signal, say });
  let measured;
  try {
    measured = await measureCatchUp(pipeline, part, say);
  } finally {
    await pipeline.stop();
  }
  const { result, window } = measured;
  if (profileDir !== undefined) reportProfiles(profileDir, window, result.cpuUsPerEvent, say);
  return result;
}

async function measureCatchUp(
  pipeline: BenchPipeline,
  { title, env, load, measuresMemory }: CatchUpPart,
  say: (line: string) => void,
): Promise<{ result: CatchUpResult; window: ProfileWindow }> {
  say('Filling the topics …');
  const notes = new LoadNotes();
  const { events, records } = await pipeline.fill(notes.passing(load()));
  say(`${events} events in ${records} records. Starting the services …`);
  await pipeline.start('item-stream');
  await pipeline.untilReady('item-stream');
  await pipeline.start('user-stream');
  const first = await pipeline.untilLag(({ users }) => users.begun === SHARDS, CLAIM_POLL_MS);
  const before = await pipeline.read();
  say('Catching up …');
  await pipeline.untilNoLag(LAG_POLL_MS);
  const after = await pipeline.read();
  // What was folded between the first claim and the first reading is not in the reading, so it is not counted either.
  const countedEvents = events * Math.min(1, first.users.lagRecords / records);
  const measured = between(before, after, countedEvents);
  const memory = measuresMemory ? { memory: await memoryAfterDayBoundary(pipeline, notes, say) } : {};
  const eventsPerSecond = countedEvents / measured.seconds;
  return {
    result: { kind: 'catch-up', title, events, records, env, ...measured, countedEvents: Math.round(countedEvents), eventsPerSecond, ...memory },
    window: { fromUs: before.atUs, toUs: after.atUs },
  };
}

async function memoryAfterDayBoundary(pipeline: BenchPipeline, notes: LoadNotes, say: (line: string) => void): Promise<CatchUpResult['memory']> {
  say(`Touching ${notes.items.size} items on the next day, then measuring memory …`);
  await pipeline.fill(nextDayViews(notes));
  await pipeline.untilNoLag(LAG_POLL_MS);
  return measureMemory(pipeline.store, SHARDS);
}
