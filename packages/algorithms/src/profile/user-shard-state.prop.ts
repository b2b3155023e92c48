import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_FOLD_PARAMETERS } from '../fold-parameters.ts';
import { learnRepeat } from '../pairs/repeat-prior.ts';
import { CorruptProfileError } from './packed-bytes.ts';
import {
  ageOrders,
  countOrderOfShard,
  decodeUserShardState,
  emptyUserShardState,
  encodeUserShardState,
} from './user-shard-state.ts';

describe('number of orders', () => {
  test('decays at every 15th day as the pair counts do', () => {
    const state = emptyUserShardState();
    countOrderOfShard(state, 14);
    countOrderOfShard(state, 14);
    expect(state).toMatchObject({ ordersTotal: 10_080, ordersDay: 14 });
    countOrderOfShard(state, 15);
    expect(state.ordersTotal).toBe(Math.floor((10_080 * 55_109) / 65_536) + 5_040);
    ageOrders(state, 3);
    expect(state.ordersDay).toBe(15);
  });

  test('an order of an earlier day is added aged and moves no day back', () => {
    const state = emptyUserShardState();
    countOrderOfShard(state, 30);
    countOrderOfShard(state, 20);
    expect(state).toMatchObject({ ordersTotal: 5_040 + Math.floor((5_040 * 55_109) / 65_536), ordersDay: 30 });
  });

  test('ageing in steps or at once is the same', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 45 }), fc.array(fc.nat({ max: 400 }), { minLength: 1 }), (total, days) => {
        const inSteps = { ...emptyUserShardState(), ordersTotal: total };
        const atOnce = { ...emptyUserShardState(), ordersTotal: total };
        const sorted = [...days].sort((a, b) => a - b);
        for (const day of sorted) ageOrders(inSteps, day);
        ageOrders(atOnce, sorted.at(-1)!);
        expect(inSteps).toEqual(atOnce);
      }),
    );
  });
});

describe('bytes of the state', () => {
  function someState(): ReturnType<typeof emptyUserShardState> {
    const state = emptyUserShardState();
    learnRepeat(state.repeatPrior, 'a', ['b', 'a', 'a']);
    countOrderOfShard(state, 20_000);
    state.parameters = { ...DEFAULT_FOLD_PARAMETERS, version: 3, lateDays: 7 };
    return state;
  }

  test('give the same state again', () => {
    expect(decodeUserShardState(encodeUserShardState(someState()))).toEqual(someState());
    expect(decodeUserShardState(encodeUserShardState(emptyUserShardState()))).toEqual(emptyUserShardState());
  });

  test('damaged, they are an error with its place, or another state', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 255 }), (at, value) => {
        const bytes = encodeUserShardState(someState());
        bytes[at % bytes.length] = value;
        try {
          decodeUserShardState(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptProfileError);
        }
      }),
      { numRuns: 500 },
    );
    const bytes = encodeUserShardState(someState());
    expect(() => decodeUserShardState(bytes.subarray(0, bytes.length - 1))).toThrow('user shard state: ends too early');
    expect(() => decodeUserShardState(Buffer.concat([bytes, bytes]))).toThrow(CorruptProfileError);
  });
});
