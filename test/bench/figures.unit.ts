import { describe, expect, test } from 'vitest';
import { figuresOf } from './figures.ts';
import type { CatchUpResult, SteadyResult } from './result.ts';
import { countersOf } from './service-counters.ts';

const counters = countersOf([]);
const common = {
  title: '',
  events: 1_000,
  records: 1_000,
  env: {},
  seconds: 1,
  redisPerEvent: { operations: 1, operationsByCommand: {}, bytesIn: 2, bytesOut: 3 },
  redisVersion: '7',
  services: { 'user-stream': { ...counters, lists: 250 }, 'item-stream': counters },
  residentBytes: { 'user-stream': 1, 'item-stream': 1 },
  invalid: [],
};

function catchUp(all: number, memory?: CatchUpResult['memory']): CatchUpResult {
  const cpuUsPerEvent = { userStream: all, itemStream: 0, kafka: 0, redis: 0, all };
  return { kind: 'catch-up', ...common, cpuUsPerEvent, countedEvents: 1_000, eventsPerSecond: 1_000, memory };
}

const steady: SteadyResult = {
  kind: 'steady',
  ...common,
  cpuUsPerEvent: { userStream: 1, itemStream: 2, kafka: 3, redis: 4, all: 10 },
  eventsPerSecond: 2_000,
  latency: { count: 750, p50Ms: 15, p90Ms: 20, p99Ms: 61, p999Ms: 90, maxMs: 100 },
  unanswered: 250,
  worstSendDelayMs: 2,
  loadGeneratorCores: 0.1,
};

/** Value and target of one figure. */
function find(parts: Parameters<typeof figuresOf>[0], part: string, name: string) {
  const found = figuresOf(parts).find((figure) => figure.part === part && figure.name === name);
  return found === undefined ? undefined : [found.value, found.target];
}

describe('targets', () => {
  test('75 µs of CPU an event with lists coalesced, 95 µs with a list for every event', () => {
    const parts = { coalesced: catchUp(75), 'every-event': catchUp(95.1) };
    expect(find(parts, 'coalesced', 'CPU per event')).toEqual([75, { atMost: 75, isMet: true }]);
    expect(find(parts, 'every-event', 'CPU per event')).toEqual([95.1, { atMost: 95, isMet: false }]);
  });

  test('dense baskets cost at most twice as much as sessions', () => {
    expect(find({ coalesced: catchUp(50), 'dense-baskets': catchUp(101) }, 'dense-baskets', 'CPU per event against sessions')).toEqual([2.02, { atMost: 2, isMet: false }]);
  });

  test('without the sessions there is nothing to hold dense baskets against', () => {
    expect(find({ 'dense-baskets': catchUp(101) }, 'dense-baskets', 'CPU per event against sessions')).toBeUndefined();
  });

  test('1 KB a user and 2 KB an item, where memory was measured', () => {
    const parts = { coalesced: catchUp(1, { users: 1, items: 1, keys: 2, bytesPerUser: 1_024, bytesPerItem: 2_049 }), 'every-event': catchUp(1) };
    expect(find(parts, 'coalesced', 'memory per user')).toEqual([1_024, { atMost: 1_024, isMet: true }]);
    expect(find(parts, 'coalesced', 'memory per item')).toEqual([2_049, { atMost: 2_048, isMet: false }]);
    expect(find(parts, 'every-event', 'memory per user')).toBeUndefined();
  });

  test('15 ms for half the lists and 60 ms for all but one in a hundred', () => {
    expect(find({ steady }, 'steady', 'latency p50')).toEqual([15, { atMost: 15, isMet: true }]);
    expect(find({ steady }, 'steady', 'latency p99')).toEqual([61, { atMost: 60, isMet: false }]);
  });
});

test('lists are shared out to the events', () => {
  expect(find({ coalesced: catchUp(1) }, 'coalesced', 'lists published')).toEqual([0.25, undefined]);
  expect(find({ steady }, 'steady', 'events with a list')).toEqual([75, undefined]);
});

test('parts stand in their order, those that were not run are left out', () => {
  const parts = figuresOf({ steady, 'every-event': catchUp(1), coalesced: catchUp(1) }).map(({ part }) => part);
  expect([...new Set(parts)]).toEqual(['coalesced', 'every-event', 'steady']);
});
