import type { EventEncoder } from '@millrace/events';
import type { NewRecord } from '@millrace/stream/log';
import { avroRecords, generatedLoad, jsonRecord, SeededRandom, type WireEvent } from '@millrace/testkit';

/** One record to be, and the key that chooses its partition. */
export interface LoadRecord {
  readonly topic: WireEvent['topic'];
  readonly key: string;
  readonly record: NewRecord;
  /** The event that it brings; undefined for one that nobody can read. */
  readonly eventId: string | undefined;
}

export interface LoadOptions {
  readonly seed: number;
  /** Part of the records that come a second time, a few records later. Default 0.03. */
  readonly duplicates?: number | undefined;
  /** Part of the records that come after some that are younger. Default 0.05. */
  readonly disorder?: number | undefined;
  /** Part of the records that belong to dead letters. Default 0.004. */
  readonly poison?: number | undefined;
  /** Part of the records that are views of one user. Default 0. */
  readonly hot?: number | undefined;
}

/** Every id of a person in the load ends so: what must never be found in logs, metrics and headers. */
export const PERSONAL_MARK = '@person.example';

/** The whole load happens within one hour of event time: one session a user, no decay, nothing late. */
const START_MS = Date.UTC(2015, 4, 3, 10);
const STEP_MS = 10;
const MAX_EVENTS = 150_000;
const USERS = 1_000;
const ITEMS = 300;
const LONGEST_DELAY_RECORDS = 20;
const JSON_SHARE = 0.2;
const HOT_USER = `hot${PERSONAL_MARK}`;

/**
 * Sessions with orders by 1,000 users, partly as JSON, some records twice, some out of order, some broken. The same seed
 * gives the same records. What they must come to is for the oracle to say, from what it reads in the topics.
 */
export function* knownLoad(encoder: EventEncoder, options: LoadOptions): Generator<LoadRecord, void, undefined> {
  const { seed, duplicates = 0.03, disorder = 0.05, poison = 0.004, hot = 0 } = options;
  const random = new SeededRandom('known-load', seed);
  const avro = avroRecords(encoder);
  const held: { record: LoadRecord; left: number }[] = [];
  let number = 0;
  const hold = (record: LoadRecord): void => void held.push({ record, left: random.between(1, LONGEST_DELAY_RECORDS) });
  for (const made of generatedLoad({ users: USERS, items: ITEMS, events: MAX_EVENTS, seed, startMs: START_MS, stepMs: STEP_MS })) {
    number += 1;
    const event = random.chance(hot) ? hotView(made, number) : withPerson(made);
    const encoded = random.chance(JSON_SHARE) ? jsonRecord(event) : avro(event);
    const record = { topic: event.topic, key: event.key, record: encoded, eventId: 'eventId' in event.payload ? event.payload.eventId : undefined };
    if (random.chance(duplicates)) hold(record);
    if (random.chance(disorder)) hold(record);
    else yield record;
    if (random.chance(poison)) yield poisoned(record, random);
    for (const waiting of held) waiting.left -= 1;
    for (let i = 0; i < held.length; i++) if (held[i]!.left <= 0) yield held.splice(i--, 1)[0]!.record;
  }
}

function withPerson(event: WireEvent): WireEvent {
  if (event.topic === 'catalog') return event;
  const user = `${event.key}${PERSONAL_MARK}`;
  return { ...event, key: user, payload: { ...event.payload, userId: user } } as WireEvent;
}

function hotView(event: WireEvent, number: number): WireEvent {
  const itemId = `i${String(number % ITEMS).padStart(7, '0')}`;
  const payload = { eventId: `hot-${number}`, timeMs: event.timeMs, kind: 'view', channel: 'app', userId: HOT_USER, itemId } as const;
  return { topic: 'clickstream', key: HOT_USER, timeMs: event.timeMs, events: 1, payload };
}

/** A record of the same person that nobody can take: no event at all, cut off, from before 1970, or under another's key. */
function poisoned({ topic, key, record }: LoadRecord, random: SeededRandom): LoadRecord {
  const value = record.value!;
  const kind = random.between(0, 3);
  const bad = [
    Buffer.from(`no event of ${key}`),
    value.subarray(0, Math.floor(value.length / 2)),
    Buffer.from(JSON.stringify({ eventId: 'e', timeMs: -1, kind: 'view', channel: 'web', userId: key, itemId: 'i0000001' })),
    Buffer.from(JSON.stringify({ eventId: 'e', timeMs: START_MS, kind: 'view', channel: 'web', userId: 'somebody else', itemId: 'i0000001' })),
  ][kind]!;
  // The last two are clicks in form.
  return { topic: kind >= 2 ? 'clickstream' : topic, key, record: { key: record.key, value: bad }, eventId: undefined };
}
