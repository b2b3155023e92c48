import { expect, test } from 'vitest';
import { selfTimes, timesByPlace, type CpuProfile } from './cpu-profile.ts';

function node(id: number, functionName: string, url = '', lineNumber = 0): CpuProfile['nodes'][number] {
  return { id, callFrame: { functionName, url, lineNumber } };
}

/** Samples at 1,010, 1,030, 1,060, 1,100 and 1,150 µs. */
const profile: CpuProfile = {
  nodes: [
    node(1, '(idle)'),
    node(2, 'fold', 'file:///repo/packages/stream/src/fold.ts', 9),
    node(3, '(garbage collector)'),
    node(4, '', 'file:///repo/node_modules/@scope/lib/a.js', 4),
  ],
  startTime: 1_000,
  samples: [2, 1, 3, 2, 4],
  timeDeltas: [10, 20, 30, 40, 50],
};
const ALL = { fromUs: 0, toUs: 10_000 };

test('a sample stands until the next one; idle time is left out', () => {
  expect(selfTimes(profile, ALL, '/repo')).toEqual([
    { where: 'fold packages/stream/src/fold.ts:10', selfMs: 0.07, share: 70 / 110 },
    { where: '(garbage collector)', selfMs: 0.04, share: 40 / 110 },
  ]);
});

test('only what lies within the window counts, cut at its edges', () => {
  const [gc, fold] = selfTimes(profile, { fromUs: 1_020, toUs: 1_105 }, '/repo');
  expect(gc).toEqual({ where: '(garbage collector)', selfMs: 0.04, share: 40 / 55 });
  expect(fold?.selfMs).toBe(0.015);
});

test('a function without a name is anonymous, and still has its place', () => {
  const [first] = selfTimes({ ...profile, samples: [4, 1], timeDeltas: [0, 7] }, ALL, '/repo');
  expect(first?.where).toBe('(anonymous) node_modules/@scope/lib/a.js:5');
});

test('times are added up by folder, library and part of Node', () => {
  const time = (where: string) => ({ where, selfMs: 1, share: 0.1 });
  const places = timesByPlace([
    time('a packages/stream/src/x.ts:1'),
    time('b packages/stream/src/y.ts:2'),
    time('get a packages/stream/src/z.ts:3'),
    time('c node_modules/ioredis/built/Redis.js:3'),
    time('d node_modules/ioredis/built/Command.js:3'),
    time('(anonymous) node_modules/@scope/lib/a.js:5'),
    time('e node:buffer:12'),
    time('writeBuffer'),
    time('(garbage collector)'),
  ]);
  expect(places.map(({ where, selfMs }) => [where, selfMs])).toEqual([
    ['packages/stream/src', 3],
    ['ioredis', 2],
    ['@scope/lib', 1],
    ['node:buffer', 1],
    ['(native functions)', 1],
    ['(garbage collector)', 1],
  ]);
});
