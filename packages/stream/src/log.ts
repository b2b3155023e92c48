/**
 * The log as the engine sees it: partitions of bytes with positions. Kafka and its in-memory twin implement it.
 *
 * Offsets are JavaScript numbers: exact to 2^53, which a partition at a million records a second reaches after 285
 * years; the Kafka adapter refuses anything larger.
 */

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface LogRecord {
  readonly offset: number;
  /** The record's own timestamp (`LogAppendTime`), epoch milliseconds. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>> | undefined;
}

export interface NewRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string>> | undefined;
}

/** Records for one partition, appended next to each other and in this order. */
export interface Append extends TopicPartition {
  readonly records: readonly NewRecord[];
}

export interface FetchPosition extends TopicPartition {
  readonly offset: number;
  readonly maxBytes: number;
}

export interface FetchedRecords extends TopicPartition {
  /** The position asked for. */
  readonly offset: number;
  /** Records at or after `offset`, in order; empty when there is nothing new. */
  readonly records: readonly LogRecord[];
  /** Where to read on: one past the last record, or past a gap that holds none; `offset` when nothing was read. */
  readonly nextOffset: number;
  /**
   * One past the last record of the partition at the moment of the answer (high watermark). Infinity when the partition
   * could not be asked this time while others had something: more may be there, nobody knows.
   */
  readonly endOffset: number;
  /** The log no longer (or does not yet) hold `offset`: never reset silently, the shard stops with an alarm. */
  readonly outOfRange: boolean;
}

export interface PartitionBounds {
  /** Offset of the oldest record that is still there. */
  readonly first: number;
  /** Offset that the next record will get. */
  readonly next: number;
}

export interface Log {
  /**
   * Appends everything and waits until all in-sync replicas have it. Answers the offset of the first record of each
   * request, in the order of the requests. When it throws, any of the requests may have been written, also twice, and of
   * each one any number of records from its beginning (never a later record without those before it): callers are
   * built for duplicates.
   *
   * @throws RetryableError when the log could not take it now.
   */
  append(requests: readonly Append[]): Promise<number[]>;

  /**
   * Reads each position once. Answers as soon as one partition has something, at the latest after `maxWaitMs`.
   *
   * @throws RetryableError when the log could not be read now.
   */
  fetch(positions: readonly FetchPosition[], maxWaitMs: number): Promise<FetchedRecords[]>;

  /** First and next offset of each partition, in the order asked. @throws RetryableError */
  bounds(partitions: readonly TopicPartition[]): Promise<PartitionBounds[]>;
}
