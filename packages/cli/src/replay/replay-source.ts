import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { EventEncoder } from '@millrace/events';
import type { NewRecord } from '@millrace/stream/log';
import { avroRecords } from '@millrace/testkit/load/index';
import { SHOP_FIRST_DAY_MS, shopEvents } from '@millrace/testkit/shop/index';
import { UsageError } from '../command/usage-error.ts';

/** One record to be appended. */
export interface ReplayRecord {
  readonly topic: ReplayTopic;
  readonly key: string;
  readonly record: NewRecord;
  /** Event time, epoch milliseconds; undefined for facts, which are sent as soon as they come. */
  readonly timeMs: number | undefined;
  /** What it counts for: a click is 1, an order the number of its lines, a fact 0. */
  readonly events: number;
}

export const REPLAY_TOPICS = ['clickstream', 'purchases', 'customers', 'catalog'] as const;
export type ReplayTopic = (typeof REPLAY_TOPICS)[number];

export interface ReplaySelection {
  /** Events before it are left out; facts are not. */
  readonly fromMs: number | undefined;
  /** Stop with the event that reaches this number. */
  readonly limitEvents: number | undefined;
}

const DAY_MS = 86_400_000;
/** The clicks that "npm start" makes up, too. */
const SHOP_SEED = 1;

/** The shop's year, as Avro. */
export function* shopRecords(encoder: EventEncoder, { fromMs, limitEvents }: ReplaySelection): Generator<ReplayRecord> {
  const encode = avroRecords(encoder);
  const fromDay = fromMs === undefined ? 0 : Math.max(0, Math.floor((fromMs - SHOP_FIRST_DAY_MS) / DAY_MS));
  for (const event of shopEvents({ seed: SHOP_SEED, fromDay, maxEvents: limitEvents })) {
    const { topic, key, timeMs, events } = event;
    yield { topic, key, record: encode(event), timeMs: events > 0 ? timeMs : undefined, events };
  }
}

/**
 * Records of a file of JSON lines, `{"topic": …, "key": …, "payload": …}`; the payload goes out as the JSON that it is, so
 * that the pipeline judges it. A payload of null is a tombstone.
 *
 * @throws UsageError that names the line; what came before it has been handed out.
 */
export async function* fileRecords(path: string, { fromMs, limitEvents }: ReplaySelection): AsyncGenerator<ReplayRecord> {
  const stream = createReadStream(path, 'utf8');
  let number = 0;
  let events = 0;
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      number++;
      if (line.trim() === '') continue;
      const record = parseReplayLine(line, `line ${number} of ${path}`);
      if (fromMs !== undefined && record.timeMs !== undefined && record.timeMs < fromMs) continue;
      if (limitEvents !== undefined && events >= limitEvents) return;
      events += record.events;
      yield record;
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && number === 0) {
      throw new UsageError(`${path} cannot be read (${error.code}): give a file of JSON lines, or the name of a dataset.`);
    }
    throw error;
  } finally {
    stream.destroy();
  }
}

/** @param place for the message: `line 7 of events.jsonl`. @throws UsageError */
export function parseReplayLine(line: string, place: string): ReplayRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new UsageError(`${capital(place)} is not JSON.`);
  }
  const { topic, key, payload } = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>;
  const known = REPLAY_TOPICS.find((name) => name === topic);
  if (known === undefined) throw new UsageError(`${capital(place)} has no topic of ${REPLAY_TOPICS.join(', ')}.`);
  if (typeof key !== 'string' || key === '') throw new UsageError(`${capital(place)} has no key: the user's or the item's id.`);
  if (typeof payload !== 'object' || Array.isArray(payload)) throw new UsageError(`${capital(place)} has no payload that is an object or null.`);
  const { timeMs, lines } = (payload ?? {}) as Record<string, unknown>;
  const isEvent = known === 'clickstream' || known === 'purchases';
  const record = { key: Buffer.from(key), value: payload === null ? null : Buffer.from(JSON.stringify(payload)) };
  return {
    topic: known,
    key,
    record,
    timeMs: isEvent && typeof timeMs === 'number' ? timeMs : undefined,
    events: known === 'clickstream' ? 1 : known === 'purchases' && Array.isArray(lines) ? lines.length : 0,
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
