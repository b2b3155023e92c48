/**
 * The rules that every event has to pass, field by field. A broken rule throws a {@link Refusal}, which the decoder
 * turns into a dead letter; it never leaves this package. Details name field and rule, never the value.
 */
import {
  idFault,
  MAX_AHEAD_CLAMP_MS,
  MAX_AHEAD_MS,
  MAX_AMOUNT_UNITS,
  MAX_ID_BYTES,
  MAX_TEXT_UNITS,
  MAX_TIME_MS,
} from './limits.ts';
import type { OnNote } from './notes.ts';
import { partitionOf } from './partition.ts';
import type { DeadLetterReason } from './types.ts';

/** Why a record becomes a dead letter. Not an Error: a flood of bad records must not pay for stack traces. */
export class Refusal {
  readonly reason: DeadLetterReason;
  readonly detail: string;

  constructor(reason: DeadLetterReason, detail: string) {
    this.reason = reason;
    this.detail = detail;
  }
}

/** The parts of a record, and of the decoder, that the checks of one event need. */
export interface RecordContext {
  readonly key: Buffer | null;
  readonly timestampMs: number;
  readonly partition: number;
  /** Partition count of the topic. */
  readonly partitions: number;
  readonly note: OnNote;
}

/** Event time: a whole number of milliseconds since 1970, at most 10 minutes past the record's own timestamp. */
export function checkTime(timeMs: number, context: RecordContext): number {
  if (!Number.isInteger(timeMs) || timeMs < 0 || timeMs > MAX_TIME_MS) {
    throw new Refusal('time-invalid', 'timeMs: not a whole number of milliseconds since 1970');
  }
  const aheadMs = timeMs - context.timestampMs;
  if (aheadMs <= MAX_AHEAD_CLAMP_MS) return timeMs;
  if (aheadMs > MAX_AHEAD_MS) {
    throw new Refusal('from-the-future', "timeMs: over a day past the record's timestamp; check the writer's clock and unit");
  }
  context.note('time-clamped');
  return context.timestampMs + MAX_AHEAD_CLAMP_MS;
}

/** An id that must be there. */
export function checkId(id: string, field: string): string {
  const fault = idFault(id);
  if (fault !== undefined) throw new Refusal(fault, `${field}: ${describeFault(fault)}`);
  return id;
}

/** An id that may be absent; an empty string says the same. */
export function checkOptionalId(id: string | null | undefined, field: string): string | undefined {
  return id === null || id === undefined || id === '' ? undefined : checkId(id, field);
}

function describeFault(fault: 'id-too-long' | 'id-malformed'): string {
  return fault === 'id-too-long' ? `over ${MAX_ID_BYTES} bytes` : 'empty, or not well-formed Unicode';
}

/** The record's key is the id of its subject, and the partition is the one that Java's murmur2 chooses for it. */
export function checkKey(id: string, context: RecordContext): void {
  const key = context.key;
  if (key === null || key.length === 0) throw new Refusal('missing-key', 'key: missing');
  if (!isUtf8Of(key, id)) throw new Refusal('key-mismatch', 'key: differs from the id in the payload');
  if (partitionOf(key, context.partitions) !== context.partition) {
    throw new Refusal(
      'wrong-partition',
      `partition ${context.partition}: not the one that Java's murmur2 chooses for the key (librdkafka: partitioner=murmur2_random)`,
    );
  }
}

/** Are these the UTF-8 bytes of the text? No copy for ASCII. */
function isUtf8Of(bytes: Buffer, text: string): boolean {
  if (bytes.length < text.length) return false;
  if (bytes.length > text.length) return bytes.equals(Buffer.from(text, 'utf8'));
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // A character beyond ASCII takes more bytes than units, and then the lengths could not be equal.
    if (code !== bytes[i] || code >= 0x80) return false;
  }
  return true;
}

/** The user of an event: the known user's id, else the visitor's id. At least one must be there. */
export function checkUser(userId: string | undefined, visitorId: string | undefined): string {
  const user = userId ?? visitorId;
  if (user === undefined) throw new Refusal('schema-violation', 'userId, visitorId: one of them is needed');
  return user;
}

/**
 * Whole currency units to hundredths. `undefined` when the price is not known, which 0 means too.
 *
 * @throws Refusal `value-out-of-range` when it is not finite, negative or above the limit.
 */
export function checkPrice(price: number | null | undefined, field: string): number | undefined {
  if (price === null || price === undefined) return undefined;
  const minor = toMinor(price, field);
  return minor === 0 ? undefined : minor;
}

/** An amount in whole currency units as hundredths. */
export function toMinor(amount: number, field: string): number {
  if (!(amount >= 0 && amount <= MAX_AMOUNT_UNITS)) {
    throw new Refusal('value-out-of-range', `${field}: not a number from 0 to ${MAX_AMOUNT_UNITS}`);
  }
  return Math.round(amount * 100);
}

/** A whole number inside its range, both ends included. */
export function checkWhole(value: number, field: string, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Refusal('value-out-of-range', `${field}: not a whole number from ${least} to ${most}`);
  }
  return value;
}

/** Free text: cut at the limit, mended where half a character was left; empty is absent. */
export function checkText(
  text: string | null | undefined,
  note: OnNote,
  maxUnits: number = MAX_TEXT_UNITS,
): string | undefined {
  if (text === null || text === undefined || text === '') return undefined;
  let kept = text;
  if (kept.length > maxUnits) {
    note('text-cut');
    const lastUnit = kept.charCodeAt(maxUnits - 1);
    const splitsPair = lastUnit >= 0xd800 && lastUnit <= 0xdbff;
    kept = kept.slice(0, splitsPair ? maxUnits - 1 : maxUnits);
  }
  if (kept.isWellFormed()) return kept;
  note('text-mended');
  return kept.toWellFormed();
}

const CURRENCY = /^[A-Z]{3}$/;

/** A three-letter currency code. */
export function checkCurrency(currency: string): string {
  if (!CURRENCY.test(currency)) throw new Refusal('schema-violation', 'currency: not a three-letter ISO 4217 code');
  return currency;
}
