import type { Clock } from '@millrace/stream/clock';
import type { Random } from './random.ts';

interface Step {
  readonly worker: string;
  readonly run: () => void;
}

interface Sleeper {
  readonly worker: string;
  readonly dueMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/**
 * Decides what happens next in a simulated world. Everything that the code under test awaits is a step here; between
 * two steps anything else may happen: another worker's step, a crash, a pause, time passing.
 */
export class Scheduler {
  readonly #random: Random;
  #steps: Step[] = [];
  #sleepers: Sleeper[] = [];
  readonly #dead = new Set<string>();
  readonly #paused = new Set<string>();
  #order = 0;
  nowMs: number;

  constructor(random: Random, startMs: number) {
    this.#random = random;
    this.nowMs = startMs;
  }

  /** Runs `action` at some later step of the world, unless the worker has died by then. */
  step<T>(worker: string, action: () => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#dead.has(worker)) return;
      this.#steps.push({
        worker,
        run: () => {
          Promise.resolve()
            .then(action)
            .then(resolve, reject);
        },
      });
    });
  }

  clockOf(worker: string): Clock {
    return {
      nowMs: () => this.nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) return resolve();
          if (this.#dead.has(worker)) return;
          const sleeper: Sleeper = { worker, dueMs: this.nowMs + ms, order: this.#order++, wake: resolve };
          this.#sleepers.push(sleeper);
          signal?.addEventListener('abort', () => {
            this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
            resolve();
          });
        }),
    };
  }

  /** The worker is killed: nothing of it happens any more, whatever it was waiting for. */
  kill(worker: string): void {
    this.#dead.add(worker);
    this.#steps = this.#steps.filter((step) => step.worker !== worker);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.worker !== worker);
  }

  pause(worker: string): void {
    this.#paused.add(worker);
  }

  resumeAll(): void {
    this.#paused.clear();
  }

  /** Lets one thing happen. False when nothing can. */
  async turn(): Promise<boolean> {
    const ready = this.#paused.size === 0 ? this.#steps : this.#steps.filter((step) => !this.#paused.has(step.worker));
    if (ready.length > 0 && !(this.#sleepers.length > 0 && this.#random.chance(0.05))) {
      const step = this.#random.pick(ready);
      this.#steps.splice(this.#steps.indexOf(step), 1);
      step.run();
    } else if (!this.#wakeNext()) {
      return false;
    }
    // Lets every promise that this step settled run as far as it can.
    await new Promise<void>((resolve) => setImmediate(resolve));
    return true;
  }

  #wakeNext(): boolean {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (this.#paused.has(sleeper.worker)) continue;
      if (next === undefined || sleeper.dueMs < next.dueMs || (sleeper.dueMs === next.dueMs && sleeper.order < next.order)) {
        next = sleeper;
      }
    }
    if (next === undefined) return false;
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
    this.nowMs = Math.max(this.nowMs, next.dueMs);
    next.wake();
    return true;
  }
}
