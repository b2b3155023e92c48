import { setTimeout as sleep } from 'node:timers/promises';
import { topicOnBroker } from '@millrace/events';
import { avroRecords, describeShop, fillTopics, SendLedger, sendPaced, shopEvents, type WireEvent } from '@millrace/testkit';
import { describeList } from './describe-list.ts';
import { ListReader } from './list-reader.ts';
import { Window } from './percentiles.ts';
import type { RunningPipeline } from './running-pipeline.ts';

const STATUS_EVERY_MS = 2_000;
const NOTE_EVERY_RECORDS = 500;
const LATENCY_WINDOW = 5_000;
const LISTS_EVERY_STATUSES = 5;
/** The shop's year is long past: only its own event times move the clock. */
const TICKS_OFF = { MILLRACE_CLOCK_TICK_EVERY_MS: '0' } as const;

/** Streams the shop's year at the given speed until it ends or Ctrl-C comes, and shows what happens. */
export async function streamShop(pipeline: RunningPipeline, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const { options, log, wire } = pipeline;
  say('Starting item-stream and user-stream …');
  await pipeline.startServices(TICKS_OFF);
  const window = new Window(LATENCY_WINDOW);
  const ledger = new SendLedger();
  const names = describeShop();
  let newest: string | undefined;
  const reader = new ListReader(log, wire.encoder, (list, readAtMs) => {
    const latencyMs = ledger.answered(list.cause.eventId, readAtMs);
    if (latencyMs !== undefined) window.add(latencyMs);
    newest = describeList(list, (item) => names.get(item) ?? item);
  });
  await reader.start(wire.topics.recommendations, options.shards);
  const ended = new AbortController();
  const reading = reader.run(AbortSignal.any([signal, ended.signal]));
  const progress = new ShopProgress(pipeline);
  const skipped = await progress.skip(signal);
  say(skipped > 0 ? `Going on after the first ${skipped} records of the shop's year.` : 'Streaming the shop (its click stream is simulated from its real orders).');
  const sending = send(pipeline, progress, ledger, signal, log, wire);
  const serviceEnded = pipeline.serviceEnded();
  for (let round = 1; !signal.aborted; round++) {
    const state = await Promise.race([sleep(STATUS_EVERY_MS, 'waiting' as const), sending, serviceEnded]);
    const lag = await pipeline.lag();
    say(await statusLine(pipeline, progress, window, reader, lag));
    if (newest !== undefined && (round === 1 || round % LISTS_EVERY_STATUSES === 0)) say(newest);
    if (state === 'sent' && !signal.aborted && lag.users + lag.items === 0) {
      say("The shop's year has ended.");
      break;
    }
    if (state !== 'waiting' && state !== 'sent') throw new Error(state);
  }
  ended.abort();
  await Promise.all([reading, signal.aborted ? sending.catch(() => undefined) : sending]);
  progress.note();
}

async function send(
  pipeline: RunningPipeline,
  progress: ShopProgress,
  ledger: SendLedger,
  signal: AbortSignal,
  log: RunningPipeline['log'],
  wire: RunningPipeline['wire'],
): Promise<'sent'> {
  const { shards, prefix, speed } = pipeline.options;
  const encode = avroRecords(wire.encoder);
  const topicName = (topic: WireEvent['topic']): string => topicOnBroker(topic, prefix);
  const append = async (events: Iterable<WireEvent>): Promise<void> => {
    const filled = await fillTopics(log, events, { partitions: shards, encode, topicName, signal });
    progress.appended(filled.records, filled.events);
  };
  if (Number.isFinite(speed)) {
    await sendPaced(progress.events(), { eventsPerSecond: speed, ledger, stampTimes: false, signal, send: append });
  } else {
    await append(progress.events());
  }
  return 'sent';
}

/** How much of the year is in the topics, kept in the data directory for the next start. */
class ShopProgress {
  readonly #pipeline: RunningPipeline;
  readonly #source: Iterator<WireEvent>;
  #records = 0;
  #noted = 0;
  #asked = { events: 0, atMs: Date.now() };
  /** Events appended in this run. */
  sentEvents = 0;

  constructor(pipeline: RunningPipeline) {
    this.#pipeline = pipeline;
    this.#source = shopEvents({ seed: pipeline.options.seed });
  }

  /** Passes over what earlier starts have sent. An event that was sent and not noted is sent again: its id makes it a duplicate. */
  async skip(signal: AbortSignal): Promise<number> {
    const wanted = this.#pipeline.replayedRecords;
    while (this.#records < wanted && !signal.aborted) {
      if (this.#source.next().done === true) break;
      this.#records++;
      // Lets signals and sockets have their turn during the tens of thousands.
      if (this.#records % 20_000 === 0) await sleep(0);
    }
    this.#noted = this.#records;
    return this.#records;
  }

  *events(): Generator<WireEvent> {
    for (let next = this.#source.next(); next.done !== true; next = this.#source.next()) yield next.value;
  }

  appended(records: number, events: number): void {
    this.#records += records;
    this.sentEvents += events;
    if (this.#records - this.#noted >= NOTE_EVERY_RECORDS) this.note();
  }

  /** Since it was last asked. */
  eventsPerSecond(): number {
    const atMs = Date.now();
    const rate = ((this.sentEvents - this.#asked.events) * 1_000) / Math.max(1, atMs - this.#asked.atMs);
    this.#asked = { events: this.sentEvents, atMs };
    return Math.round(rate);
  }

  note(): void {
    this.#noted = this.#records;
    this.#pipeline.note(this.#records);
  }
}

async function statusLine(
  pipeline: RunningPipeline,
  progress: ShopProgress,
  window: Window,
  reader: ListReader,
  lag: { users: number; items: number },
): Promise<string> {
  const perSecond = progress.eventsPerSecond();
  const p99 = window.percentile(0.99);
  const megabytes = (await pipeline.redisBytes()) / 1e6;
  return [
    `${String(perSecond).padStart(7)} events/s`,
    `lag ${lag.users + lag.items}`,
    `event to list p99 ${p99 === undefined ? '–' : `${p99.toFixed(1)} ms`}`,
    `${reader.count} lists`,
    `Redis ${megabytes.toFixed(1)} MB`,
  ].join('  ·  ');
}
