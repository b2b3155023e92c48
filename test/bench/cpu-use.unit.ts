import { expect, test } from 'vitest';
import { cpuPerEvent, type CpuSeconds } from './cpu-use.ts';

const before: CpuSeconds = { userStream: 1, itemStream: 2, kafka: 10, redis: 0.5 };

test('the cost of an event is the CPU time between two readings, in microseconds, process by process and in all', () => {
  const after = { userStream: 1.5, itemStream: 2.25, kafka: 10.125, redis: 0.5 };
  expect(cpuPerEvent(before, after, 10_000)).toEqual({ userStream: 50, itemStream: 25, kafka: 12.5, redis: 0, all: 87.5 });
});

test('a process that was started anew between two readings spoils the measurement', () => {
  expect(() => cpuPerEvent(before, { ...before, kafka: 9 }, 100)).toThrow(/kafka used -1 s of CPU.*started anew/);
});

test.each([0, -1, Number.NaN])('nothing can be shared out to %d events', (events) => {
  expect(() => cpuPerEvent(before, before, events)).toThrow(RangeError);
});
