import { describe, expect, test } from 'vitest';
import { LOAD_START_MS, interleave, type LoadSession } from './interleave.ts';

/** Sessions of 1 to 7 views by users u0, u1 …; every third ends in an order. */
function* sessions(count: number): Generator<LoadSession> {
  for (let number = 0; number < count; number += 1) {
    const itemIds = Array.from({ length: 1 + (number % 7) }, (_, at) => `i${number}-${at}`);
    yield { user: `u${number}`, itemIds, bought: number % 3 === 0 ? itemIds.slice(0, 1) : [] };
  }
}

describe('interleaved sessions', () => {
  test('keep every session whole and in its order', () => {
    const seen = new Map<string, string[]>();
    const events = [...interleave(sessions(60), { open: 8, events: 10_000, seed: 1 })];
    for (const event of events) {
      if (event.topic === 'clickstream') seen.set(event.key, [...(seen.get(event.key) ?? []), event.payload.itemId!]);
      if (event.topic === 'purchases') seen.set(event.key, [...(seen.get(event.key) ?? []), 'order']);
    }
    expect(seen.size).toBe(60);
    for (const { user, itemIds, bought } of sessions(60)) {
      expect(seen.get(user)).toEqual(bought.length > 0 ? [...itemIds, 'order'] : itemIds);
    }
    expect(new Set(events.map((event) => 'eventId' in event.payload && event.payload.eventId)).size).toBe(events.length);
  });

  test('keep the given number of sessions open, in changing order', () => {
    const events = [...interleave(sessions(1_000), { open: 50, events: 2_000, seed: 1 })];
    const firstRounds = [0, 1, 2].map((round) => events.slice(round * 50, round * 50 + 50).map((event) => event.key));
    for (const round of firstRounds) expect(new Set(round).size).toBe(50);
    expect(firstRounds[1]).not.toEqual(firstRounds[0]);
    expect([...interleave(sessions(1_000), { open: 50, events: 2_000, seed: 1 })]).toEqual(events);
    expect([...interleave(sessions(1_000), { open: 50, events: 2_000, seed: 2 })]).not.toEqual(events);
  });

  test('never let a session pause for as long as would end it', () => {
    const last = new Map<string, number>();
    let longestMs = 0;
    for (const { key, timeMs } of interleave(sessions(5_000), { open: 200, events: 15_000, seed: 3 })) {
      longestMs = Math.max(longestMs, timeMs - (last.get(key) ?? timeMs));
      last.set(key, timeMs);
    }
    expect(longestMs).toBeGreaterThan(800_000);
    expect(longestMs).toBeLessThan(30 * 60_000);
  });

  test('move the time on by a step a record and stop at the number of events', () => {
    const events = [...interleave(sessions(100), { open: 4, events: 25, seed: 1, startMs: 1_000, stepMs: 10 })];
    expect(events.map((event) => event.timeMs)).toEqual(events.map((_, index) => 1_000 + 10 * index));
    expect(events.reduce((sum, event) => sum + event.events, 0)).toBe(25);
    expect([...interleave(sessions(1), { open: 4, events: 25, seed: 1 })][0]?.timeMs).toBe(LOAD_START_MS);
  });

  test('refuse no open session', () => {
    expect(() => interleave(sessions(1), { open: 0, events: 1, seed: 1 }).next()).toThrow(/open is 0/);
  });
});
