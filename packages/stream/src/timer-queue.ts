import type { Timer } from './state-store.ts';

/**
 * The timers of one batch: those of the store that fall due in it, and those that the batch itself sets, moves and
 * cancels. They fire in the order (due, name), interleaved with the records by the shard's clock.
 */
export class TimerQueue {
  /** What the batch changed: new due time, or null when cancelled or fired. */
  readonly #changes = new Map<string, number | null>();
  readonly #stored: Map<string, number>;
  readonly #untilMs: number;
  #waiting: Timer[];

  /**
   * @param stored all timers of the store that are due within the batch, in order.
   * @param untilMs the shard's clock at the end of the batch: what is set for later cannot fire in it.
   */
  constructor(stored: readonly Timer[], untilMs: number) {
    this.#untilMs = untilMs;
    this.#stored = new Map(stored.map((timer) => [timer.name, timer.dueMs]));
    this.#waiting = [...stored];
  }

  set(name: string, dueMs: number): void {
    this.#changes.set(name, dueMs);
    if (dueMs > this.#untilMs) return;
    const timer = { name, dueMs };
    let at = this.#waiting.length;
    while (at > 0 && compareTimers(this.#waiting[at - 1]!, timer) > 0) at--;
    this.#waiting.splice(at, 0, timer);
  }

  cancel(name: string): void {
    this.#changes.set(name, null);
  }

  /** The next timer due at or before `clockMs`; it counts as fired. */
  takeDue(clockMs: number): Timer | undefined {
    for (let timer = this.#waiting[0]; timer !== undefined && timer.dueMs <= clockMs; timer = this.#waiting[0]) {
      this.#waiting.shift();
      const changed = this.#changes.get(timer.name);
      const dueMs = changed === undefined ? this.#stored.get(timer.name) : changed;
      // Whoever was moved or cancelled meanwhile stands in the queue twice; only the last word counts.
      if (dueMs !== timer.dueMs) continue;
      this.#changes.set(timer.name, null);
      return timer;
    }
    return undefined;
  }

  /** What the commit has to write. */
  changes(): { set: Timer[]; cancelled: string[] } {
    const set: Timer[] = [];
    const cancelled: string[] = [];
    for (const [name, dueMs] of this.#changes) {
      if (dueMs === null) cancelled.push(name);
      else set.push({ name, dueMs });
    }
    return { set, cancelled };
  }
}

function compareTimers(a: Timer, b: Timer): number {
  return a.dueMs - b.dueMs || compareUtf8(a.name, b.name);
}

/** Order of the UTF-8 bytes, which is the order of code points: UTF-16 units differ from it above U+FFFF. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    if (x >= 0xd800 && y >= 0xd800) {
      // Surrogates stand for code points above all others, so they go behind U+E000 … U+FFFF.
      x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
      y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    }
    return x - y;
  }
  return a.length - b.length;
}
