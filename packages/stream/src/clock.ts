/** The only way in which the engine learns the time or waits; a simulation puts its own behind it. */
export interface Clock {
  /** Epoch milliseconds. */
  nowMs(): number;
  /** Resolves after `ms`, or at once when `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    }),
};

const OVER = 'over';

/** A door bell: one side rings, the other waits for it, with a limit. A ring that nobody waited for is not lost. */
export class Bell {
  #isRung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** Waits for a ring since the last wait, at most `limitMs`. */
  async wait(clock: Clock, limitMs: number, signal?: AbortSignal): Promise<void> {
    if (!this.#isRung && signal?.aborted !== true) {
      const limit = new AbortController();
      const rung = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      signal?.addEventListener('abort', this.#onAbort, { once: true });
      await Promise.race([rung, clock.sleep(limitMs, limit.signal)]);
      // A reason of its own, because the default one is an exception with a stack, made for nobody.
      limit.abort(OVER);
      signal?.removeEventListener('abort', this.#onAbort);
      this.#wake = undefined;
    }
    this.#isRung = false;
  }

  readonly #onAbort = (): void => this.#wake?.();
}
