import type { EventEncoder, WireRecommendations } from '@millrace/events';
import { RetryableError } from '@millrace/stream/errors';
import type { FetchPosition, Log } from '@millrace/stream/log';

const WAIT_MS = 100;
const MAX_BYTES = 1_048_576;
const RETRY_PAUSE_MS = 200;

/** Reads the recommendations topic as a downstream service would, from its present end on. */
export class ListReader {
  readonly #log: Log;
  readonly #encoder: EventEncoder;
  readonly #onList: (list: WireRecommendations, readAtMs: number) => void;
  #positions: FetchPosition[] = [];
  #count = 0;

  constructor(log: Log, encoder: EventEncoder, onList: (list: WireRecommendations, readAtMs: number) => void) {
    this.#log = log;
    this.#encoder = encoder;
    this.#onList = onList;
  }

  /** Lists read so far, duplicates included. */
  get count(): number {
    return this.#count;
  }

  async start(topic: string, partitions: number): Promise<void> {
    const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    const bounds = await this.#log.bounds(places);
    this.#positions = places.map((place, i) => ({ ...place, offset: bounds[i]!.next, maxBytes: MAX_BYTES }));
  }

  /** Until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#readOnce();
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }

  async #readOnce(): Promise<void> {
    const answers = await this.#log.fetch(this.#positions, WAIT_MS);
    const readAtMs = performance.timeOrigin + performance.now();
    this.#positions = this.#positions.map((position, i) => ({ ...position, offset: answers[i]!.nextOffset }));
    for (const { value } of answers.flatMap(({ records }) => records)) {
      // An empty value is the tombstone of somebody who was erased.
      if (value === null) continue;
      this.#count++;
      this.#onList(this.#encoder.decodeRecommendations(value), readAtMs);
    }
  }
}
