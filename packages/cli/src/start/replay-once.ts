import { setTimeout as sleep } from 'node:timers/promises';
import { avroRecords, describeShop, fillTopics, SendLedger, sendPaced, shopEvents, type WireEvent } from '@millrace/testkit';
import { topicOnBroker } from '@millrace/events';
import { describeList } from './describe-list.ts';
import { ListReader } from './list-reader.ts';
import { reportState } from './memory-report.ts';
import { Window } from './percentiles.ts';
import type { CpuSeconds, RunningPipeline } from './running-pipeline.ts';

/** The last line of `npm start -- --once`. */
export interface OnceSummary {
  readonly events: number;
  readonly catchUpEvents: number;
  readonly eventsPerSecond: number;
  /** User and system time of each process from the shards' claim to lag 0, per event; 0 for servers that are not ours. */
  readonly cpuMicrosecondsPerEvent: CpuSeconds & { readonly total: number };
  /** From an event's scheduled sending to its list being read, in the live part, milliseconds. */
  readonly latencyMs: { readonly p50: number | null; readonly p99: number | null; readonly lists: number; readonly eventsPerSecond: number };
  readonly users: number;
  readonly items: number;
  readonly bytesPerUser: number;
  readonly bytesPerItem: number;
  readonly recommendations: number;
  readonly digest: string;
}

/** The end of the part is sent at the pace of a live shop, so that latency is measured and not the queue of a catch-up. */
const LIVE_EVENTS = 5_000;
const LIVE_EVENTS_PER_SECOND = 500;
const LARGEST_LIVE_SHARE = 0.2;
const POLL_MS = 50;
const PROGRESS_EVERY_MS = 1_000;
const LATENCY_WINDOW = 100_000;
const SHOWN_LISTS = 3;
const TICKS_OFF = { MILLRACE_CLOCK_TICK_EVERY_MS: '0' } as const;

/** Fills the topics, lets the services catch up, then sends the rest live; waits until everything is folded. */
export async function replayOnce(pipeline: RunningPipeline, signal: AbortSignal, say: (line: string) => void): Promise<OnceSummary> {
  const { options, log, wire } = pipeline;
  const liveEvents = Math.min(LIVE_EVENTS, Math.floor(options.events * LARGEST_LIVE_SHARE));
  const shop = new Counted(shopEvents({ seed: options.seed, maxEvents: options.events }));
  const encode = avroRecords(wire.encoder);
  const topicName = (topic: WireEvent['topic']): string => topicOnBroker(topic, options.prefix);
  say(`Filling the topics with ${options.events - liveEvents} events (orders of the UCI Online Retail shop; its click stream is simulated) …`);
  const progress = everySoOften(PROGRESS_EVERY_MS);
  await fillTopics(log, shop.until(options.events - liveEvents), {
    partitions: options.shards,
    encode,
    topicName,
    signal,
    onProgress: ({ events }) => progress(() => say(`  ${events} events in the topics`)),
  });
  const window = new Window(LATENCY_WINDOW);
  const ledger = new SendLedger();
  const names = describeShop();
  const nameOf = (item: string): string => names.get(item) ?? item;
  let samples: string[] = [];
  const reader = new ListReader(log, wire.encoder, (list, readAtMs) => {
    const latencyMs = ledger.answered(list.cause.eventId, readAtMs);
    if (latencyMs !== undefined) window.add(latencyMs);
    samples = [...samples.slice(1 - SHOWN_LISTS), describeList(list, nameOf)];
  });
  await reader.start(wire.topics.recommendations, options.shards);
  const reading = new AbortController();
  const readingDone = reader.run(reading.signal);
  say('Starting item-stream and user-stream …');
  await pipeline.startServices(TICKS_OFF);
  const before = pipeline.cpuSeconds();
  const beganMs = Date.now();
  await waitUntilFolded(pipeline, signal, say);
  const seconds = (Date.now() - beganMs) / 1_000;
  const after = pipeline.cpuSeconds();
  const catchUpEvents = shop.events;
  say(`Caught up: ${catchUpEvents} events in ${seconds.toFixed(1)} s. Sending ${liveEvents} more at ${LIVE_EVENTS_PER_SECOND} a second …`);
  await sendPaced(shop.until(options.events), {
    eventsPerSecond: LIVE_EVENTS_PER_SECOND,
    ledger,
    stampTimes: false,
    signal,
    send: (events) => fillTopics(log, events, { partitions: options.shards, encode, topicName }),
  });
  await waitUntilFolded(pipeline, signal, say);
  reading.abort();
  await readingDone;
  pipeline.note(shop.records);
  if (samples.length > 0) say(`Some of the lists:\n${samples.join('\n')}`);
  const state = await reportState(pipeline.store, options.shards);
  const summary: OnceSummary = {
    events: shop.events,
    catchUpEvents,
    eventsPerSecond: Math.round(catchUpEvents / seconds),
    cpuMicrosecondsPerEvent: cpuPerEvent(before, after, catchUpEvents),
    latencyMs: {
      p50: rounded(window.percentile(0.5)),
      p99: rounded(window.percentile(0.99)),
      lists: window.size,
      eventsPerSecond: LIVE_EVENTS_PER_SECOND,
    },
    recommendations: reader.count,
    ...state,
  };
  describe(summary, say);
  return summary;
}

/** Hands out a stream in parts, and counts what went out. */
class Counted {
  readonly #source: Iterator<WireEvent>;
  events = 0;
  records = 0;

  constructor(source: Iterator<WireEvent>) {
    this.#source = source;
  }

  /** On until so many events have gone out in all. */
  *until(events: number): Generator<WireEvent> {
    while (this.events < events) {
      const next = this.#source.next();
      if (next.done === true) return;
      this.events += next.value.events;
      this.records++;
      yield next.value;
    }
  }
}

async function waitUntilFolded(pipeline: RunningPipeline, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const progress = everySoOften(PROGRESS_EVERY_MS);
  const ended = pipeline.serviceEnded();
  while (!signal.aborted) {
    const lag = await pipeline.lag();
    if (lag.users + lag.items === 0) return;
    progress(() => say(`  ${lag.users} records to fold, ${lag.items} of evidence`));
    const sentence = await Promise.race([ended, sleep(POLL_MS)]);
    if (typeof sentence === 'string') throw new Error(sentence);
  }
}

function cpuPerEvent(before: CpuSeconds, after: CpuSeconds, events: number): OnceSummary['cpuMicrosecondsPerEvent'] {
  const per = (name: keyof CpuSeconds): number => Number((((after[name] - before[name]) * 1e6) / events).toFixed(1));
  const [userStream, itemStream, kafka, redis] = [per('userStream'), per('itemStream'), per('kafka'), per('redis')];
  const total = Number((userStream + itemStream + kafka + redis).toFixed(1));
  return { userStream, itemStream, kafka, redis, total };
}

function describe(summary: OnceSummary, say: (line: string) => void): void {
  const { cpuMicrosecondsPerEvent: cpu, latencyMs } = summary;
  say(`
  events                ${summary.events} (one click, or one line of an order)
  catching up           ${summary.eventsPerSecond} events/s
  CPU per event         ${cpu.total} µs (user-stream ${cpu.userStream}, item-stream ${cpu.itemStream}, Kafka ${cpu.kafka}, Redis ${cpu.redis})
  event to list, live   p50 ${latencyMs.p50 ?? '–'} ms, p99 ${latencyMs.p99 ?? '–'} ms (${latencyMs.lists} lists at ${latencyMs.eventsPerSecond} events/s)
  lists published       ${summary.recommendations}
  state                 ${summary.users} users of ${summary.bytesPerUser} bytes, ${summary.items} items of ${summary.bytesPerItem} bytes
  digest                ${summary.digest}

  npx millrace verify   folds everything again from the log and compares
`);
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 10) / 10;
}

function everySoOften(periodMs: number): (action: () => void) => void {
  let lastMs = Date.now();
  return (action) => {
    if (Date.now() - lastMs < periodMs) return;
    lastMs = Date.now();
    action();
  };
}
