/**
 * Sending at a steady rate, to measure latency honestly.
 *
 * The load is open: each event has its time by the schedule, and goes out then, whether or not those before it have been
 * acknowledged. Latency is counted from the *scheduled* time. If it were counted from the real sending, or if a slow answer
 * held back what follows, the slow moments would be left out of the measurement ("coordinated omission", Gil Tene).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { atTime, type WireEvent } from '../shop/wire-event.ts';

/** When each event is due. Pure. */
export class PaceSchedule {
  readonly startMs: number;
  readonly eventsPerSecond: number;

  /** @throws RangeError unless the rate is a positive number */
  constructor(eventsPerSecond: number, startMs: number) {
    if (!(eventsPerSecond > 0) || !Number.isFinite(eventsPerSecond)) {
      throw new RangeError(`The rate is ${eventsPerSecond} events a second; it must be a positive number.`);
    }
    this.eventsPerSecond = eventsPerSecond;
    this.startMs = startMs;
  }

  /** Due time of the event before which so many have gone, epoch milliseconds with fractions. */
  dueAtMs(eventsBefore: number): number {
    return this.startMs + (eventsBefore * 1_000) / this.eventsPerSecond;
  }

  /** Is the event due that comes after so many? */
  isDue(eventsBefore: number, nowMs: number): boolean {
    return this.dueAtMs(eventsBefore) <= nowMs;
  }
}

/** When each event was to be sent, by event id, until its answer comes. */
export class SendLedger {
  readonly #scheduledMs = new Map<string, number>();

  /** Events that wait for an answer. */
  get waiting(): number {
    return this.#scheduledMs.size;
  }

  record(eventId: string, scheduledMs: number): void {
    this.#scheduledMs.set(eventId, scheduledMs);
  }

  /** Latency of the first answer to an event, milliseconds; undefined for an unknown event and for a further answer. */
  answered(eventId: string, atMs: number): number | undefined {
    const scheduledMs = this.#scheduledMs.get(eventId);
    if (scheduledMs === undefined) return undefined;
    this.#scheduledMs.delete(eventId);
    return atMs - scheduledMs;
  }
}

/** Time as the sender sees it; a test has its own. */
export interface PaceClock {
  /** Epoch milliseconds, with fractions. */
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

const SYSTEM_CLOCK: PaceClock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  sleep: async (ms) => {
    await sleep(ms);
  },
};

export interface PacedOptions {
  readonly eventsPerSecond: number;
  /** Sends what has become due, in its order; is not waited for before the next. */
  readonly send: (events: readonly WireEvent[]) => Promise<unknown>;
  /** Gets the scheduled time of every event that has an id. */
  readonly ledger?: SendLedger | undefined;
  /** Give events their scheduled time as event time. Default true; the data's own times are long past, or run too fast. */
  readonly stampTimes?: boolean | undefined;
  /** Sends under way at once; more is an error, because the log does not keep up. Default 1,000. */
  readonly maxSendsUnderWay?: number | undefined;
  readonly clock?: PaceClock | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Paced {
  readonly records: number;
  readonly events: number;
  readonly startMs: number;
  /** The last send was acknowledged. */
  readonly endMs: number;
  /** The longest that an event went out after its time: how far the sender itself can be trusted. */
  readonly worstSendDelayMs: number;
}

/** Between two looks at the clock: a timer of Node is no finer. */
const WAKE_MS = 1;

/**
 * Sends events at a steady rate until they end or the signal comes.
 *
 * @throws what `send` throws; Error when the log does not keep up
 */
export async function sendPaced(events: Iterable<WireEvent>, options: PacedOptions): Promise<Paced> {
  const { eventsPerSecond, send, ledger, stampTimes = true, maxSendsUnderWay = 1_000, clock = SYSTEM_CLOCK, signal } = options;
  const schedule = new PaceSchedule(eventsPerSecond, clock.nowMs());
  const source = events[Symbol.iterator]();
  const underWay = new Set<Promise<unknown>>();
  const failures: unknown[] = [];
  const totals = { records: 0, events: 0, worstSendDelayMs: 0 };

  let next = source.next();
  while (next.done !== true && signal?.aborted !== true && failures.length === 0) {
    const nowMs = clock.nowMs();
    const due: WireEvent[] = [];
    while (next.done !== true && schedule.isDue(totals.events, nowMs)) {
      const scheduledMs = schedule.dueAtMs(totals.events);
      const event = stampTimes ? atTime(next.value, Math.floor(scheduledMs)) : next.value;
      if ('eventId' in event.payload) ledger?.record(event.payload.eventId, scheduledMs);
      totals.worstSendDelayMs = Math.max(totals.worstSendDelayMs, nowMs - scheduledMs);
      totals.events += event.events;
      totals.records += 1;
      due.push(event);
      next = source.next();
    }
    if (due.length > 0) {
      if (underWay.size >= maxSendsUnderWay) {
        throw new Error(`${underWay.size} sends are under way: the log does not keep up with ${eventsPerSecond} events a second.`);
      }
      const sending = send(due)
        .catch((error: unknown) => failures.push(error))
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
    }
    await clock.sleep(WAKE_MS);
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
  return { ...totals, startMs: schedule.startMs, endMs: clock.nowMs() };
}
