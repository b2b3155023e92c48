import { topicOnBroker } from '@millrace/events';
import { systemClock } from '@millrace/stream/clock';
import { defineCommand } from '../command/command.ts';
import { EXIT } from '../command/exit-codes.ts';
import { wholeNumber } from '../command/parse-options.ts';
import { UsageError } from '../command/usage-error.ts';
import { CONNECTION_OPTIONS, findPipeline } from '../connection/addresses.ts';
import { openPipeline } from '../connection/open-pipeline.ts';
import { fileRecords, shopRecords } from './replay-source.ts';
import { sendRecords, type Sent } from './send-records.ts';

const DATASET = 'online-retail';
const PROGRESS_EVERY_MS = 1_000;
const MAX_EVENTS = 1_000_000_000;

export const replayCommand = defineCommand({
  name: 'replay',
  summary: 'write events from a file or a dataset into the topics',
  usage: `FILE | ${DATASET}`,
  about: `Appends recorded events to the input topics, as an app would: each to the partition that its key belongs to, in the order of the file. It writes to the topics only; services that run take it from there.

FILE holds JSON lines, {"topic": "clickstream", "key": "user-1", "payload": {…}}, with topics clickstream, purchases, customers and catalog and payloads as schemas/ describe them; they are appended as JSON. ${DATASET} is the shop that "npm start" streams, as Avro: its orders are real, its clicks are simulated.

By default it goes as fast as the log takes it. With --speed event time passes so many times as fast as real time: 1 is as it happened, 3600 an hour a second. Replaying the same events twice counts them twice, unless their ids come again within a day of event time.`,
  examples: [
    ['millrace replay events.jsonl', 'a file, as fast as it goes'],
    [`millrace replay ${DATASET} --from 2011-03-01 --limit 50000`, 'a part of the shop'],
    [`millrace replay ${DATASET} --speed 3600`, 'an hour of the shop each second'],
  ],
  exitCodes: [[EXIT.ok, 'everything was appended and acknowledged']],
  options: {
    speed: { type: 'string', value: 'N|max', doc: 'Seconds of event time a second; max (default): no waiting.' },
    from: { type: 'string', value: 'TIME', doc: 'Leave out earlier events: 2011-03-01 or 2011-03-01T12:00:00Z. The dataset begins with whole days.' },
    limit: { type: 'string', value: 'N', doc: 'Stop after so many events; an order counts its lines.' },
    ...CONNECTION_OPTIONS,
  },
  words: [1, 1],
  async run({ options, positionals, env, output, signal }) {
    const source = positionals[0]!;
    const speed = parseSpeed(options.speed);
    const selection = { fromMs: parseTime(options.from), limitEvents: wholeNumber('limit', options.limit, 1, MAX_EVENTS) };
    const pipeline = await openPipeline(findPipeline(options, env), output.progress);
    try {
      const { wire, shards, prefix, log } = pipeline;
      const records = source === DATASET ? shopRecords(wire.encoder, selection) : fileRecords(source, selection);
      const beganMs = performance.now();
      let shownMs = beganMs;
      const sent = await sendRecords(log, records, {
        partitions: shards,
        topicName: (topic) => topicOnBroker(topic, prefix),
        speed,
        signal,
        clock: systemClock,
        onProgress: (soFar) => {
          if (performance.now() - shownMs < PROGRESS_EVERY_MS) return;
          shownMs = performance.now();
          output.progress(describe(soFar, shownMs - beganMs));
        },
      });
      const seconds = (performance.now() - beganMs) / 1_000;
      output.object({ records: sent.records, events: sent.events, seconds, untilMs: sent.timeMs, interrupted: signal.aborted });
      output.text(describe(sent, seconds * 1_000));
      signal.throwIfAborted();
      return EXIT.ok;
    } finally {
      await pipeline.close();
    }
  },
});

function describe({ records, events, timeMs }: Sent, elapsedMs: number): string {
  const rate = Math.round((events * 1_000) / Math.max(1, elapsedMs));
  const until = timeMs === undefined ? '' : `, up to ${new Date(timeMs).toISOString()}`;
  return `${records} records with ${events} events in ${(elapsedMs / 1_000).toFixed(1)} s (${rate} events/s)${until}`;
}

/** @throws UsageError */
export function parseSpeed(text: string | undefined): number {
  if (text === undefined || text === 'max') return Number.POSITIVE_INFINITY;
  const speed = Number(text);
  if (/^\d*\.?\d+$/.test(text) && speed > 0) return speed;
  throw new UsageError(`--speed is "${text}", allowed is a number above 0, or max.`);
}

/** Epoch milliseconds; a date alone is its midnight in UTC. @throws UsageError */
export function parseTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const timeMs = /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new UsageError(`--from is "${text}", allowed is a date or a time such as 2011-03-01 or 2011-03-01T12:00:00Z.`);
}
