import type { EventEncoder } from '@millrace/events';
import { RetryableError } from '@millrace/stream/errors';
import type { FetchPosition, Log } from '@millrace/stream/log';

const WAIT_MS = 100;
const MAX_BYTES = 1_048_576;

/** A list as it came, with the moment in which it was in hand. */
interface ReceivedList {
  readonly value: Buffer;
  readonly readAtMs: number;
}

/**
 * Reads the recommendations topic as a downstream service would. What a list says is looked at only afterwards: decoding
 * it at once would make the next one wait, and would be measured as the pipeline's latency.
 */
export class ListSubscriber {
  readonly #log: Log;
  readonly #received: ReceivedList[] = [];
  #positions: FetchPosition[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  get count(): number {
    return this.#received.length;
  }

  /** Reads from the present end of the topic on. */
  async start(topic: string, partitions: number): Promise<void> {
    const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    const bounds = await this.#log.bounds(places);
    this.#positions = places.map((place, i) => ({ ...place, offset: bounds[i]!.next, maxBytes: MAX_BYTES }));
  }

  /** Until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const answers = await this.#log.fetch(this.#positions, WAIT_MS);
        const readAtMs = performance.timeOrigin + performance.now();
        this.#positions = this.#positions.map((position, i) => ({ ...position, offset: answers[i]!.nextOffset }));
        for (const { records } of answers) {
          // What a fetch hands out is a view of a larger buffer, which would be kept whole.
          for (const { value } of records) if (value !== null) this.#received.push({ value: Buffer.from(value), readAtMs });
        }
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
      }
    }
  }

  /** The events that caused the lists, in the order in which these came. */
  *causes(encoder: EventEncoder): Generator<{ readonly eventId: string; readonly readAtMs: number }, void, undefined> {
    for (const { value, readAtMs } of this.#received) yield { eventId: encoder.decodeRecommendations(value).cause.eventId, readAtMs };
  }
}
