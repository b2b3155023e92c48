import { describe, expect, test } from 'vitest';
import { SeededRandom } from './seeded-random.ts';

const draw = (random: SeededRandom, count: number): number[] => Array.from({ length: count }, () => random.bits());

describe('the seeded generator', () => {
  test('gives these numbers for this seed, on every machine', () => {
    expect(draw(new SeededRandom(1, '536365'), 4)).toEqual([1286812, 327398706, 808474754, 189960184]);
  });

  test('gives the same sequence for the same seed and another for another', () => {
    expect(draw(new SeededRandom('a', 7), 20)).toEqual(draw(new SeededRandom('a', 7), 20));
    expect(draw(new SeededRandom('a', 7), 20)).not.toEqual(draw(new SeededRandom('a', 8), 20));
    expect(draw(new SeededRandom('a', 'bc'), 20)).not.toEqual(draw(new SeededRandom('ab', 'c'), 20));
  });

  test('is even over its range', () => {
    const random = new SeededRandom(3);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i += 1) counts[random.between(0, 9)]! += 1;
    // Nine degrees of freedom: chi squared is above 27.9 once in a thousand seeds.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.9);
  });

  test('keeps within its bounds', () => {
    const random = new SeededRandom(4);
    for (let i = 0; i < 1_000; i += 1) {
      expect(random.fraction()).toBeLessThan(1);
      expect([5, 6, 7]).toContain(random.between(5, 7));
    }
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
    expect(() => random.pick([])).toThrow(RangeError);
  });
});
