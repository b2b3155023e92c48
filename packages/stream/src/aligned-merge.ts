import type { Decoded } from './handler.ts';
import type { FetchedRecords, FetchPosition, LogRecord } from './log.ts';

/** A record of one of a shard's inputs, decoded. */
export interface InputRecord<E> {
  readonly input: number;
  readonly record: LogRecord;
  decoded: Decoded<E>;
}

/** What a batch takes: records in the order of their fold, and where each input stands afterwards. */
export interface Taken<E> {
  readonly records: readonly InputRecord<E>[];
  /** Next offset of each input before and after. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

interface InputQueue<E> {
  readonly records: InputRecord<E>[];
  /** Index of the oldest record not yet taken. */
  at: number;
  /** Next offset that no batch has taken. */
  position: number;
  /** Next offset to fetch. */
  fetchOffset: number;
  /** End of the partition when last seen; unknown before the first answer. */
  endOffset: number;
}

/**
 * The records of one shard that were fetched and not yet taken, one queue an input, and the rule that makes a batch of
 * them: oldest event time first, ties by the order of the topics, the order within a topic stays. A queue that is dry
 * while its partition holds more stops the batch: otherwise a small topic would run ahead while catching up, and a
 * year of the other one would be late. How far a batch goes may depend on the moment, because it is journaled; what it
 * holds, given how far it goes, may not.
 */
export class ShardInbox<E> {
  readonly #queues: InputQueue<E>[];
  readonly #decode: (input: number, record: LogRecord) => Decoded<E>;
  readonly #isAligned: boolean;

  /**
   * @param positions next offset of each input.
   * @param isAligned false for a shard whose inputs do not share a clock: then each queue is taken as it comes.
   */
  constructor(
    positions: readonly number[],
    decode: (input: number, record: LogRecord) => Decoded<E>,
    isAligned: boolean,
  ) {
    this.#queues = positions.map((position) => ({
      records: [],
      at: 0,
      position,
      fetchOffset: position,
      endOffset: Number.POSITIVE_INFINITY,
    }));
    this.#decode = decode;
    this.#isAligned = isAligned;
  }

  /** Where to read on, for the inputs that have room: fewer than `roomRecords` waiting. */
  wanted(topics: readonly string[], partition: number, roomRecords: number, maxBytes: number): FetchPosition[] {
    const wanted: FetchPosition[] = [];
    this.#queues.forEach((queue, input) => {
      if (queue.records.length - queue.at >= roomRecords) return;
      wanted.push({ topic: topics[input]!, partition, offset: queue.fetchOffset, maxBytes });
    });
    return wanted;
  }

  /** Takes in what was fetched. An answer to an older question is ignored. */
  deliver(input: number, fetched: FetchedRecords): void {
    const queue = this.#queues[input]!;
    if (fetched.offset !== queue.fetchOffset) return;
    for (const record of fetched.records) {
      queue.records.push({ input, record, decoded: this.#decode(input, record) });
    }
    queue.fetchOffset = fetched.nextOffset;
    queue.endOffset = fetched.endOffset;
  }

  /** At most `limitRecords` records that may be folded now; empty when there are none or the inputs must be read on. */
  take(limitRecords: number): Taken<E> {
    const from = this.#queues.map((queue) => queue.position);
    const records: InputRecord<E>[] = [];
    while (records.length < limitRecords) {
      const queue = this.#next();
      if (queue === undefined) break;
      const oldest = queue.records[queue.at]!;
      if (oldest.decoded.kind === 'wait') break;
      records.push(oldest);
      queue.at++;
      queue.position = oldest.record.offset + 1;
    }
    for (const queue of this.#queues) {
      if (queue.at === 0) continue;
      queue.records.splice(0, queue.at);
      queue.at = 0;
    }
    return { records, from, to: this.#queues.map((queue) => queue.position) };
  }

  /** The schema that the next record waits for, when one does. */
  get awaitedSchemaId(): number | undefined {
    const decoded = this.#next()?.records[0]?.decoded;
    return decoded?.kind === 'wait' ? decoded.schemaId : undefined;
  }

  /** Decodes again what waited for a schema. */
  retryDecoding(): void {
    for (const queue of this.#queues) {
      for (const entry of queue.records) {
        if (entry.decoded.kind === 'wait') entry.decoded = this.#decode(entry.input, entry.record);
      }
    }
  }

  /** Records between the position and the end of each input when last seen; 0 for an input not yet seen. */
  lag(): number[] {
    return this.#queues.map(({ endOffset, position }) => (Number.isFinite(endOffset) ? endOffset - position : 0));
  }

  /** Every input was read to its end when last seen, and everything was taken. */
  get isCaughtUp(): boolean {
    return this.#queues.every((queue) => queue.records.length === 0 && queue.fetchOffset >= queue.endOffset);
  }

  /** Timestamp of the oldest record that waits, undefined when none does. */
  get oldestTimestampMs(): number | undefined {
    let oldest: number | undefined;
    for (const { records } of this.#queues) {
      const timestampMs = records[0]?.record.timestampMs;
      if (timestampMs !== undefined && (oldest === undefined || timestampMs < oldest)) oldest = timestampMs;
    }
    return oldest;
  }

  /** The queue whose oldest record is next, or undefined when nothing may be taken. */
  #next(): InputQueue<E> | undefined {
    let best: InputQueue<E> | undefined;
    let bestTimeMs = 0;
    for (const queue of this.#queues) {
      const oldest = queue.records[queue.at];
      if (oldest === undefined) {
        if (this.#isAligned && queue.fetchOffset < queue.endOffset) return undefined;
        continue;
      }
      const timeMs = timeOf(oldest.decoded);
      // Strictly older only: of equal times the topic that comes first stays.
      if (best === undefined || timeMs < bestTimeMs) {
        best = queue;
        bestTimeMs = timeMs;
      }
    }
    return best;
  }
}

/** What has no time of its own holds nothing up: it goes first. */
function timeOf(decoded: Decoded<unknown>): number {
  return decoded.kind === 'event' ? decoded.timeMs : Number.NEGATIVE_INFINITY;
}
