import type { EngineParts } from './engine.ts';
import { Feed } from './feed.ts';
import { ShardRunner, type RunnerState } from './shard-runner.ts';

interface Running<E> {
  readonly runner: ShardRunner<E>;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** A shard and what this worker is doing with it. */
export interface ShardStatus {
  readonly shard: number;
  readonly state: RunnerState;
  /** Next offset of each input as last committed; empty before the first claim. */
  readonly positions: readonly number[];
}

/**
 * The shards that one process works on: starts and stops runners as the assignment changes, and owns the fetch loop.
 * Nothing here makes anything exact; two workers that both believe they own a shard are sorted out by its journal.
 */
export class ShardWorker<E> {
  readonly #parts: EngineParts<E>;
  readonly #feed: Feed;
  readonly #stop = new AbortController();
  readonly #running = new Map<number, Running<E>>();
  #wanted: ReadonlySet<number> = new Set();
  #feeding: Promise<void> = Promise.resolve();
  #fail: (error: unknown) => void = () => undefined;

  /** Rejects when a runner meets a bug; the process should then exit. Never resolves. */
  readonly failed: Promise<never>;

  constructor(parts: EngineParts<E>) {
    this.#parts = parts;
    this.#feed = new Feed(parts.log, parts.clock, parts.handler.spec.inputs, parts.options);
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => undefined);
  }

  start(): void {
    this.#feeding = this.#feed.run(this.#stop.signal).catch((error: unknown) => this.#fail(error));
  }

  /** From now on exactly these shards are ours. Shards that were taken away finish their batch first. */
  assign(shards: readonly number[]): void {
    if (this.#stop.signal.aborted) return;
    this.#wanted = new Set(shards);
    for (const [number, running] of this.#running) {
      if (!this.#wanted.has(number)) running.stop.abort();
    }
    for (const number of this.#wanted) {
      // One that was told to stop and has not yet begins again as soon as it has: see #launch.
      if (!this.#running.has(number)) this.#launch(number);
    }
  }

  status(): ShardStatus[] {
    const all = [...this.#running.values()].map(({ runner }) => ({
      shard: runner.shard.number,
      state: runner.state,
      positions: runner.positions,
    }));
    return all.sort((a, b) => a.shard - b.shard);
  }

  /** Every runner finishes its batch; resolves when all have. */
  async stop(): Promise<void> {
    this.#wanted = new Set();
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    this.#stop.abort();
    await this.#feeding;
  }

  #launch(number: number): void {
    const shard = { kind: this.#parts.handler.spec.kind, number };
    const runner = new ShardRunner<E>(this.#parts, this.#feed, shard);
    const stop = new AbortController();
    const done = runner
      .run(stop.signal)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#running.delete(number);
        // Taken away and given back while it finished its batch.
        if (this.#wanted.has(number) && !this.#stop.signal.aborted && stop.signal.aborted) this.#launch(number);
      });
    this.#running.set(number, { runner, stop, done });
  }
}
