import { describe, expect, test } from 'vitest';
import type { WireEvent } from '../shop/wire-event.ts';
import { generatedLoad } from './bench-loads.ts';
import { PaceSchedule, SendLedger, sendPaced, type PaceClock } from './pace.ts';

/** A clock that stands still but for its sleeps, each of which may last longer than it was asked to. */
function fakeClock(startMs: number, overrunMs: (sleeps: number) => number = () => 0): PaceClock {
  let nowMs = startMs;
  let sleeps = 0;
  return {
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms + overrunMs(sleeps);
      sleeps += 1;
      await Promise.resolve();
    },
  };
}

const load = (events: number): WireEvent[] => [...generatedLoad({ users: 50, items: 200, events, seed: 1 })];
const idOf = (event: WireEvent): string => ('eventId' in event.payload ? event.payload.eventId : '');

describe('the schedule', () => {
  test('spaces events evenly from its start, without drift', () => {
    const schedule = new PaceSchedule(2_000, 1_000);
    expect([0, 1, 2, 2_000, 7_200_000].map((count) => schedule.dueAtMs(count))).toEqual([1_000, 1_000.5, 1_001, 2_000, 3_601_000]);
    expect(schedule.isDue(2, 1_000.9)).toBe(false);
    expect(schedule.isDue(2, 1_001)).toBe(true);
  });

  test('refuses a rate that is none', () => {
    for (const rate of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => new PaceSchedule(rate, 0)).toThrow(RangeError);
  });
});

describe('the ledger', () => {
  test('counts latency from the scheduled time, for the first answer only', () => {
    const ledger = new SendLedger();
    ledger.record('a', 100);
    expect(ledger.waiting).toBe(1);
    expect(ledger.answered('a', 112.5)).toBe(12.5);
    expect(ledger.answered('a', 120)).toBeUndefined();
    expect(ledger.answered('b', 120)).toBeUndefined();
    expect(ledger.waiting).toBe(0);
  });
});

describe('sending at a steady rate', () => {
  test('sends everything in order at its time, and says when each was scheduled', async () => {
    const sent: WireEvent[] = [];
    const ledger = new SendLedger();
    const events = load(500);
    const paced = await sendPaced(events, {
      eventsPerSecond: 1_000, ledger, clock: fakeClock(5_000),
      send: async (due) => {
        sent.push(...due);
      },
    });
    expect(sent.map(idOf)).toEqual(events.map(idOf));
    expect(paced).toMatchObject({ records: events.length, startMs: 5_000, worstSendDelayMs: 0 });
    let before = 0;
    for (const event of sent) {
      expect(event.timeMs).toBe(5_000 + before);
      expect(event.payload.timeMs).toBe(event.timeMs);
      expect(ledger.answered(idOf(event), 6_000)).toBe(1_000 - before);
      before += event.events;
    }
    expect(paced.events).toBe(before);
  });

  test('keeps the scheduled times when the sender is held up, and owns up to it', async () => {
    const ledger = new SendLedger();
    const batches: number[] = [];
    const events = load(300);
    const paced = await sendPaced(events, {
      eventsPerSecond: 1_000, ledger, clock: fakeClock(0, (sleeps) => (sleeps === 10 ? 100 : 0)),
      send: async (due) => {
        batches.push(due.length);
      },
    });
    expect(paced.worstSendDelayMs).toBeGreaterThanOrEqual(99);
    expect(Math.max(...batches)).toBeGreaterThan(50);
    let before = 0;
    for (const event of events) {
      expect(ledger.answered(idOf(event), 1_000)).toBe(1_000 - before);
      before += event.events;
    }
  });

  test('does not wait for an answer before it sends on', async () => {
    let release = (): void => undefined;
    const answer = new Promise<void>((resolve) => {
      release = resolve;
    });
    let sends = 0;
    const events = load(50);
    const paced = await sendPaced(events, {
      eventsPerSecond: 1_000, clock: fakeClock(0),
      send: () => {
        sends += 1;
        if (sends === 20) release();
        return answer;
      },
    });
    expect(paced.records).toBe(events.length);
    expect(sends).toBeGreaterThanOrEqual(20);
  });

  test('stops with an error when the log does not keep up, when a send fails, and quietly on a signal', async () => {
    const never = (): Promise<void> => new Promise(() => undefined);
    await expect(
      sendPaced(load(100), { eventsPerSecond: 1_000, clock: fakeClock(0), send: never, maxSendsUnderWay: 5 }),
    ).rejects.toThrow(/5 sends are under way/);
    await expect(
      sendPaced(load(100), { eventsPerSecond: 1_000, clock: fakeClock(0), send: async () => Promise.reject(new Error('gone')) }),
    ).rejects.toThrow('gone');
    const stopped = new AbortController();
    const paced = await sendPaced(load(100), {
      eventsPerSecond: 1_000, clock: fakeClock(0), signal: stopped.signal,
      send: async (due) => {
        if (due.some((event) => event.timeMs >= 20)) stopped.abort();
      },
    });
    expect(paced.records).toBeLessThan(40);
  });

  test('leaves the event times alone when asked to', async () => {
    const sent: WireEvent[] = [];
    const events = load(20);
    await sendPaced(events, {
      eventsPerSecond: 1_000, clock: fakeClock(0), stampTimes: false,
      send: async (due) => {
        sent.push(...due);
      },
    });
    expect(sent).toEqual(events);
  });
});
