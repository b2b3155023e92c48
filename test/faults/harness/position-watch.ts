import { AlarmError, RetryableError } from '@millrace/stream/errors';
import { decodeHead } from '@millrace/stream/shard-head';
import { HEAD_KEY, shardName, type ShardId, type StateStore } from '@millrace/stream/state-store';

const EVERY_MS = 100;

/** Looks at the head of every shard all the time: positions may never go back, unless Redis itself did. */
export class PositionWatch {
  readonly #store: StateStore;
  readonly #shards: readonly ShardId[];
  readonly #seen = new Map<string, readonly number[]>();
  readonly #wentBack: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #mayGoBack = false;

  constructor(store: StateStore, shards: number) {
    this.#store = store;
    this.#shards = Array.from({ length: shards }, (_, number) => number).flatMap((number) => [
      { kind: 'u', number } as const,
      { kind: 'i', number } as const,
    ]);
  }

  /** Every time that a position went back, in words. */
  get wentBack(): readonly string[] {
    return this.#wentBack;
  }

  start(): void {
    const look = async (): Promise<void> => {
      await this.#look();
      if (this.#timer !== undefined) this.#timer = setTimeout(() => void look(), EVERY_MS);
    };
    this.#timer = setTimeout(() => void look(), EVERY_MS);
  }

  /** Redis goes back or loses something, now or from time to time: nothing can be said of positions. */
  allowGoingBack(): void {
    this.#mayGoBack = true;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    for (const shard of this.#shards) {
      try {
        const [head] = await this.#store.peek(shard, [HEAD_KEY]);
        if (head == null) continue;
        this.#compare(shardName(shard), decodeHead(head).positions);
      } catch (error) {
        // A Redis that is away cannot be looked at; that is the scenario's doing.
        if (!(error instanceof RetryableError) && !(error instanceof AlarmError)) throw error;
        return;
      }
    }
  }

  #compare(shard: string, positions: readonly number[]): void {
    const before = this.#seen.get(shard);
    this.#seen.set(shard, positions);
    if (this.#mayGoBack || before === undefined) return;
    positions.forEach((offset, input) => {
      if (offset < before[input]!) this.#wentBack.push(`${shard} went back from ${before[input]} to ${offset} on input ${input}.`);
    });
  }
}
