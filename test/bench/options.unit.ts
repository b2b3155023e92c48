import { expect, test } from 'vitest';
import { parseBenchOptions } from './options.ts';
import { PARTS } from './result.ts';

test('without arguments everything is measured with its defaults', () => {
  expect(parseBenchOptions([], '/repo')).toEqual({
    only: PARTS,
    events: 300_000,
    rate: 2_000,
    steadySeconds: 25,
    seed: 1,
    dataDir: '/repo/.millrace/bench',
    isProfiled: false,
    printsJson: false,
    compare: undefined,
  });
});

test('options are read, and parts run in their own order', () => {
  const args = ['--only', 'steady,coalesced', '--events', '20000', '--rate', '500', '--seconds', '10', '--seed', '7', '--data-dir', '/elsewhere', '--profile', '--json', '--compare', 'old.json'];
  expect(parseBenchOptions(args, '/repo')).toEqual({
    only: ['coalesced', 'steady'],
    events: 20_000,
    rate: 500,
    steadySeconds: 10,
    seed: 7,
    dataDir: '/elsewhere',
    isProfiled: true,
    printsJson: true,
    compare: 'old.json',
  });
});

test('help is asked for', () => {
  expect(parseBenchOptions(['--help'], '/repo')).toBe('help');
});

test.each([
  [['--only', 'steady,fast'], /--only names "fast"; the parts are coalesced, every-event/],
  [['--events', '1e99'], /--events is "1e99"; it must be a whole number from 1000 to/],
  [['--rate', ''], /--rate is ""; it must be a whole number from 1/],
  [['--seconds', '1.5'], /--seconds is "1.5"/],
  [['--faster'], /--faster.*--help lists the options/s],
])('%j is refused, and the message says what is allowed', (args, message) => {
  expect(() => parseBenchOptions(args, '/repo')).toThrow(message);
});
