import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareUtf8, TimerQueue } from './timer-queue.ts';
import type { Timer } from './state-store.ts';

const UNTIL_MS = 20;
const name = fc.constantFrom<string>('a', 'b', 'c', 'd');
const dueMs = fc.nat(UNTIL_MS + 5);
const anyStep = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), name, dueMs }),
  fc.record({ kind: fc.constant('cancel' as const), name }),
  fc.record({ kind: fc.constant('advance' as const), byMs: fc.nat(6) }),
);

/** The same with one map and a search, as the words say it. */
class Model {
  readonly timers: Map<string, number>;
  constructor(stored: readonly Timer[]) {
    this.timers = new Map(stored.map((timer) => [timer.name, timer.dueMs]));
  }
  takeDue(clockMs: number): Timer | undefined {
    const due = [...this.timers].map(([of, at]) => ({ name: of, dueMs: at })).filter((timer) => timer.dueMs <= clockMs);
    const [first] = due.sort((a, b) => a.dueMs - b.dueMs || compareUtf8(a.name, b.name));
    if (first !== undefined) this.timers.delete(first.name);
    return first;
  }
}

describe('the timers of a batch', () => {
  test('fire and are written as if they stood in one sorted list, wherever they came from', () => {
    const stored = fc.uniqueArray(fc.record({ name, dueMs: fc.nat(UNTIL_MS) }), { selector: (timer) => timer.name });
    fc.assert(
      fc.property(stored, fc.array(anyStep, { maxLength: 25 }), (before, steps) => {
        const inOrder = [...before].sort((a, b) => a.dueMs - b.dueMs || compareUtf8(a.name, b.name));
        const queue = new TimerQueue(inOrder, UNTIL_MS);
        const model = new Model(inOrder);
        let clockMs = 0;
        for (const step of steps) {
          if (step.kind === 'set') {
            queue.set(step.name, step.dueMs);
            model.timers.set(step.name, step.dueMs);
          } else if (step.kind === 'cancel') {
            queue.cancel(step.name);
            model.timers.delete(step.name);
          } else {
            clockMs = Math.min(clockMs + step.byMs, UNTIL_MS);
            for (;;) {
              const fired = queue.takeDue(clockMs);
              expect(fired).toEqual(model.takeDue(clockMs));
              if (fired === undefined) break;
            }
          }
        }
        const after = new Map(before.map((timer) => [timer.name, timer.dueMs]));
        const { set, cancelled } = queue.changes();
        for (const timer of set) after.set(timer.name, timer.dueMs);
        for (const gone of cancelled) after.delete(gone);
        expect([...after].sort()).toEqual([...model.timers].sort());
      }),
    );
  });
});

describe('the order of names', () => {
  test('is the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    );
  });

  test('puts what lies beyond the basic plane last, where UTF-16 would not', () => {
    expect(compareUtf8('\u{1F6D2}', '\uFF5E')).toBeGreaterThan(0);
    expect('\u{1F6D2}' < '\uFF5E').toBe(true);
  });
});
