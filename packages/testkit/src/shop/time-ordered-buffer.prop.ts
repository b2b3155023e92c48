import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TimeOrderedBuffer } from './time-ordered-buffer.ts';

const HOUR_MS = 3_600_000;

describe('the time-ordered buffer', () => {
  test('hands out everything once, in the order of time and, among equal times, of adding', () => {
    // Each round: times ahead of the round's watermark, then the watermark moves on.
    const rounds = fc.array(fc.record({ ahead: fc.array(fc.integer({ min: 0, max: 5 * HOUR_MS })), step: fc.integer({ min: 0, max: 3 * HOUR_MS }) }));
    fc.assert(
      fc.property(rounds, (steps) => {
        const buffer = new TimeOrderedBuffer<{ timeMs: number; number: number }>();
        const added: { timeMs: number; number: number }[] = [];
        const out: { timeMs: number; number: number }[] = [];
        let watermarkMs = 0;
        for (const { ahead, step } of steps) {
          for (const aheadMs of ahead) {
            const item = { timeMs: watermarkMs + aheadMs, number: added.length };
            added.push(item);
            buffer.add(item);
          }
          watermarkMs += step;
          out.push(...buffer.drainBefore(watermarkMs));
          expect(out.every((item) => item.timeMs < watermarkMs)).toBe(true);
        }
        out.push(...buffer.drain());
        expect(buffer.size).toBe(0);
        expect(out).toEqual(added.sort((a, b) => a.timeMs - b.timeMs || a.number - b.number));
      }),
    );
  });

  test('refuses what would come out of order', () => {
    const buffer = new TimeOrderedBuffer<{ timeMs: number }>();
    expect([...buffer.drainBefore(2 * HOUR_MS)]).toEqual([]);
    expect(() => buffer.add({ timeMs: 2 * HOUR_MS - 1 })).toThrow(RangeError);
    buffer.add({ timeMs: 2 * HOUR_MS });
    expect([...buffer.drain()]).toEqual([{ timeMs: 2 * HOUR_MS }]);
    expect(() => buffer.add({ timeMs: 9 * HOUR_MS })).toThrow(RangeError);
  });
});
