import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { partitionOf } from '@millrace/events/partition';
import type { Append, NewRecord } from '@millrace/stream/log';
import { avroRecords, interleavedSessions, SendLedger, sendPaced } from '@millrace/testkit/load/index';
import type { WireEvent } from '@millrace/testkit/shop/wire-event';
import { BenchPipeline, SHARDS } from './bench-pipeline.ts';
import type { BenchRun } from './bench-run.ts';
import type { ProfileWindow } from './cpu-profile.ts';
import { summarizeLatencies, type LatencySummary } from './latencies.ts';
import { ListSubscriber } from './list-subscriber.ts';
import { reportProfiles } from './profile-report.ts';
import { between, type Reading } from './reading.ts';
import type { SteadyResult } from './result.ts';
import { countersOf, samplesBetween } from './service-counters.ts';

export interface SteadyPart {
  readonly ratePerSecond: number;
  /** Measured time, without the warm-up. */
  readonly seconds: number;
  /** Events that the pipeline has learned from before, at most {@link MOST_LEARNED}. */
  readonly events: number;
  readonly seed: number;
  readonly open: number;
}

const WARM_UP_MS = 5_000;
const MOST_LEARNED = 100_000;
/** Event time from one event to the next while learning: 2,000 open sessions come round in 800 s. */
const LEARNED_STEP_MS = 400;
/** Lists may be under way when the last event was sent; one that takes longer was not given. */
const LAST_LISTS_MS = 2_000;
const LAG_POLL_MS = 200;
/** A second's worth of events may be under way at either end of 25 s. */
const KEPT_UP_SHARE = 0.95;

/**
 * Sends events at a steady rate to a pipeline that has learned, and reads its lists. The sessions of the learning go on:
 * their users are known, and have lists from before.
 */
export async function runSteady(part: SteadyPart, run: BenchRun): Promise<SteadyResult> {
  const profileDir = run.isProfiled ? join(run.benchDir, 'profiles', 'steady') : undefined;
  const { signal, say } = run;
  const pipeline = await BenchPipeline.open({ dataDir: join(run.benchDir, 'steady'), env: {}, profileDir, signal, say });
  const ended = new AbortController();
  let measured;
  try {
    const events = await learn(pipeline, part, say);
    measured = await measureSteady(pipeline, part, events, AbortSignal.any([signal, ended.signal]), say);
  } finally {
    // Sender and subscriber must not go on asking a Kafka that is being stopped.
    ended.abort();
    await pipeline.stop();
  }
  const { result, window } = measured;
  if (profileDir !== undefined) reportProfiles(profileDir, window, result.cpuUsPerEvent, say);
  return result;
}

/** @returns the events that go on where the learned ones ended */
async function learn(pipeline: BenchPipeline, part: SteadyPart, say: (line: string) => void): Promise<Generator<WireEvent, void, undefined>> {
  const learned = learnedEvents(part);
  const sent = Math.ceil(part.ratePerSecond * (part.seconds + WARM_UP_MS / 1_000));
  // What is learned lies in the hours before now, so that it counts and its sessions are still open.
  const startMs = Date.now() - learned * LEARNED_STEP_MS;
  const events = interleavedSessions({ open: part.open, events: learned + sent, seed: part.seed, startMs, stepMs: LEARNED_STEP_MS });
  say('Filling the topics with what the pipeline learns first …');
  await pipeline.fill(firstOf(events, learned));
  await pipeline.start('item-stream');
  await pipeline.untilReady('item-stream');
  await pipeline.start('user-stream');
  await pipeline.untilNoLag(LAG_POLL_MS);
  return events;
}

async function measureSteady(
  pipeline: BenchPipeline,
  part: SteadyPart,
  events: Iterable<WireEvent>,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<{ result: SteadyResult; window: ProfileWindow }> {
  const { ratePerSecond, seconds } = part;
  const subscriber = new ListSubscriber(pipeline.log);
  await subscriber.start(pipeline.wire.topics.recommendations, SHARDS);
  const reading = subscriber.run(signal);
  const ledger = new SendLedger();
  const encode = avroRecords(pipeline.wire.encoder);
  say(`Sending ${ratePerSecond} events a second: ${WARM_UP_MS / 1_000} s to warm up, then ${seconds} s …`);
  const sending = sendPaced(events, { eventsPerSecond: ratePerSecond, ledger, signal, send: (due) => pipeline.log.append(appendsOf(due, encode)) });
  // Failures are thrown where the promises are awaited; until then they must not count as unhandled.
  reading.catch(() => undefined);
  sending.catch(() => undefined);
  await sleep(WARM_UP_MS, undefined, { signal });
  const before = await pipeline.read();
  const ownBefore = process.cpuUsage();
  const measuredFromMs = performance.timeOrigin + performance.now();
  const paced = await sending;
  signal.throwIfAborted();
  const own = process.cpuUsage(ownBefore);
  const after = await pipeline.read();
  await Promise.race([sleep(LAST_LISTS_MS, undefined, { signal }), reading]);

  const dueEvents = Math.round(((after.atUs - before.atUs) / 1e6) * ratePerSecond);
  const foldedEvents = foldedBetween(before, after);
  const latency = latenciesOf(subscriber, ledger, pipeline, measuredFromMs);
  // What was sent and still waits has not cost anything yet.
  const measured = between(before, after, foldedEvents);
  return {
    result: {
      kind: 'steady',
      title: `${ratePerSecond} events a second, after learning from ${learnedEvents(part)}`,
      events: foldedEvents,
      records: paced.records,
      env: {},
      ...measured,
      invalid: [...measured.invalid, ...keepingUpFaults(dueEvents, foldedEvents)],
      eventsPerSecond: ratePerSecond,
      latency,
      unanswered: Math.max(0, dueEvents - latency.count),
      worstSendDelayMs: paced.worstSendDelayMs,
      loadGeneratorCores: (own.user + own.system) / 1e6 / measured.seconds,
    },
    window: { fromUs: before.atUs, toUs: after.atUs },
  };
}

/** Records that the user shards committed; this load has one event a record. */
function foldedBetween(before: Reading, after: Reading): number {
  return countersOf(samplesBetween(before.samples['user-stream'], after.samples['user-stream'])).records;
}

/** A rate that is not kept up has no latency of its own: it grows as long as the test lasts. */
export function keepingUpFaults(dueEvents: number, foldedEvents: number): string[] {
  if (foldedEvents >= KEPT_UP_SHARE * dueEvents) return [];
  return [`user-stream folded ${foldedEvents} of the ${dueEvents} events that were due: it did not keep up with the rate`];
}

/** Of the events that were due after a moment: when the warm-up was over. */
function latenciesOf(subscriber: ListSubscriber, ledger: SendLedger, { wire }: BenchPipeline, dueFromMs: number): LatencySummary {
  const latencies: number[] = [];
  for (const { eventId, readAtMs } of subscriber.causes(wire.encoder)) {
    const latencyMs = ledger.answered(eventId, readAtMs);
    if (latencyMs !== undefined && readAtMs - latencyMs >= dueFromMs) latencies.push(latencyMs);
  }
  return summarizeLatencies(latencies);
}

function learnedEvents({ events }: SteadyPart): number {
  return Math.min(events, MOST_LEARNED);
}

/** Takes so many events and leaves the iterator open for what follows. */
function* firstOf(events: Iterator<WireEvent>, count: number): Generator<WireEvent, void, undefined> {
  for (let made = 0; made < count; ) {
    const next = events.next();
    if (next.done === true) return;
    made += next.value.events;
    yield next.value;
  }
}

function appendsOf(events: readonly WireEvent[], encode: (event: WireEvent) => NewRecord): Append[] {
  const byPlace = new Map<string, { topic: string; partition: number; records: NewRecord[] }>();
  for (const event of events) {
    const partition = partitionOf(event.key, SHARDS);
    const place = `${event.topic}/${partition}`;
    const append = byPlace.get(place) ?? { topic: event.topic, partition, records: [] };
    byPlace.set(place, append);
    append.records.push(encode(event));
  }
  return [...byPlace.values()];
}
