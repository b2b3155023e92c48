import { expect, test } from 'vitest';
import { keepingUpFaults } from './steady.ts';

test('a rate that was kept up is no fault, though some events are always under way', () => {
  expect(keepingUpFaults(50_000, 47_500)).toEqual([]);
  expect(keepingUpFaults(50_000, 50_900)).toEqual([]);
});

test('a rate that was not kept up spoils the measurement', () => {
  expect(keepingUpFaults(50_000, 47_499)).toEqual([
    'user-stream folded 47499 of the 50000 events that were due: it did not keep up with the rate',
  ]);
});
