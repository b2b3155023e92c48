import { describe, expect, test, vi } from 'vitest';
import { Bell, systemClock, type Clock } from './clock.ts';

/** A clock on which time passes when a test says so. */
function handClock(): Clock & { pass(): void; readonly sleepers: number } {
  let sleeping: (() => void)[] = [];
  return {
    nowMs: () => 0,
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        sleeping.push(resolve);
        signal?.addEventListener('abort', () => {
          sleeping = sleeping.filter((other) => other !== resolve);
          resolve();
        });
      }),
    pass: () => sleeping.forEach((wake) => wake()),
    get sleepers() {
      return sleeping.length;
    },
  };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('a bell', () => {
  test('wakes who waits, and leaves no sleeper behind', async () => {
    const clock = handClock();
    const bell = new Bell();
    const waiting = bell.wait(clock, 1_000);
    expect(await isSettled(waiting)).toBe(false);
    bell.ring();
    await waiting;
    expect(clock.sleepers).toBe(0);
  });

  test('rung while nobody waits is heard by the next, once', async () => {
    const bell = new Bell();
    bell.ring();
    bell.ring();
    await bell.wait(handClock(), 1_000);
    expect(await isSettled(bell.wait(handClock(), 1_000))).toBe(false);
  });

  test('that nobody rings lets go at the limit', async () => {
    const clock = handClock();
    const waiting = new Bell().wait(clock, 1_000);
    expect(await isSettled(waiting)).toBe(false);
    clock.pass();
    await waiting;
  });

  test('lets go when the wait is called off, before or during it', async () => {
    const stop = new AbortController();
    const waiting = new Bell().wait(handClock(), 1_000, stop.signal);
    expect(await isSettled(waiting)).toBe(false);
    stop.abort();
    await waiting;
    await new Bell().wait(handClock(), 1_000, stop.signal);
  });
});

describe('the clock of the system', () => {
  test('sleeps for as long as it was told, or until it is called off', async () => {
    vi.useFakeTimers();
    try {
      const whole = systemClock.sleep(1_000);
      await vi.advanceTimersByTimeAsync(1_000);
      await whole;
      const stop = new AbortController();
      const cut = systemClock.sleep(1_000, stop.signal);
      stop.abort();
      await cut;
      expect(vi.getTimerCount()).toBe(0);
      await systemClock.sleep(1_000, stop.signal);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
