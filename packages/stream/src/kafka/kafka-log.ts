import { AlarmError, RetryableError } from '../errors.ts';
import type { Append, FetchedRecords, FetchPosition, Log, PartitionBounds, TopicPartition } from '../log.ts';
import { KafkaAppender } from './kafka-appender.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import { errorKind, responseError } from './kafka-errors.ts';
import { KafkaFetcher } from './kafka-fetcher.ts';
import { EARLIEST, LATEST, listOffsetsRequest } from './requests.ts';

export interface KafkaLogOptions {
  /** How long an append waits for others to share its request; 0: only for the current turn of the event loop. */
  readonly lingerMs?: number;
  /** Size of what one partition gets in one request; must stay below the topics' `max.message.bytes` (1 MiB by default). */
  readonly maxBatchBytes?: number;
  /** Size of one produce request. */
  readonly maxRequestBytes?: number;
  /** Size of one fetch response. */
  readonly maxResponseBytes?: number;
  /** How long an append is tried before its caller hears that Kafka cannot take it now. */
  readonly deliveryTimeoutMs?: number;
}

const BOUNDS_TRIES = 6;
const BOUNDS_PAUSE_MS = 100;

/**
 * The log on Kafka. One instance serves all shards of a process: their appends share requests, and one `fetch` reads for
 * all of them.
 *
 * - Keys, values and headers that `fetch` hands out are views of the response they came in: copy what is kept for long.
 * - `fetch` with `maxWaitMs` 0 reads what is there now, on a connection that never waits behind a fetch for news.
 * - With several leaders, `fetch` answers as soon as one has something. Where a leader has not answered yet, `endOffset`
 *   is the last one known; where it could not be asked, it is Infinity: more may be there, nobody knows. When nothing
 *   new was read and some partition could not be, it throws.
 */
export class KafkaLog implements Log {
  readonly #cluster: KafkaCluster;
  readonly #appender: KafkaAppender;
  readonly #fetcher: KafkaFetcher;

  constructor(connection: KafkaConnection, options: KafkaLogOptions = {}) {
    this.#cluster = connection.cluster;
    this.#appender = new KafkaAppender(connection.cluster, {
      lingerMs: options.lingerMs ?? 1,
      maxBatchBytes: options.maxBatchBytes ?? 900_000,
      maxRequestBytes: options.maxRequestBytes ?? 8_000_000,
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? 30_000,
      requestTimeoutMs: connection.requestTimeoutMs,
    });
    this.#fetcher = new KafkaFetcher(connection.cluster, { maxResponseBytes: options.maxResponseBytes ?? 32_000_000 });
  }

  append(requests: readonly Append[]): Promise<number[]> {
    return this.#appender.append(requests);
  }

  async fetch(positions: readonly FetchPosition[], maxWaitMs: number): Promise<FetchedRecords[]> {
    const fetched = await this.#fetcher.fetch(positions, maxWaitMs);
    if (!fetched.some((part) => part.outOfRange && part.endOffset === Infinity)) return fetched;
    // A broker that refuses an offset does not say what it has; the alarm that follows should.
    const bounds = await this.bounds(fetched);
    return fetched.map((part, i) => (part.outOfRange ? { ...part, endOffset: bounds[i]!.next } : part));
  }

  async bounds(partitions: readonly TopicPartition[]): Promise<PartitionBounds[]> {
    if (partitions.length === 0) return [];
    await this.#cluster.know(partitions);
    for (let tries = 1; ; tries++) {
      try {
        const [first, next] = await Promise.all([this.#offsets(partitions, EARLIEST), this.#offsets(partitions, LATEST)]);
        return partitions.map((_, i) => ({ first: first[i]!, next: next[i]! }));
      } catch (error) {
        if (!(error instanceof RetryableError) || error.code === 'kafka-closed' || tries === BOUNDS_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, BOUNDS_PAUSE_MS * tries));
        await this.#cluster.refresh();
      }
    }
  }

  /** Appends under way fail with a RetryableError; the connection itself is closed by whoever opened it. */
  close(): void {
    this.#appender.close();
  }

  async #offsets(partitions: readonly TopicPartition[], which: typeof EARLIEST | typeof LATEST): Promise<number[]> {
    const byLeader = new Map<number, TopicPartition[]>();
    for (const one of partitions) {
      const leader = this.#cluster.leaderOf(one.topic, one.partition);
      if (leader === undefined) throw new RetryableError('kafka-no-leader', `Partition ${one.partition} of ${one.topic} has no leader at the moment.`);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), one]);
    }
    const answers = await Promise.all(
      [...byLeader].map(([leader, ofLeader]) => this.#cluster.send(leader, 'read', listOffsetsRequest(ofLeader, which))),
    );
    const found = new Map<string, number>();
    for (const { topic, partition, errorCode, offset } of answers.flat()) {
      if (errorCode === 0) {
        found.set(`${topic}/${partition}`, offset);
        continue;
      }
      const error = responseError(errorCode, 'look up the offsets of', `partition ${partition} of ${topic}`);
      if (error instanceof AlarmError && errorKind(errorCode) !== 'unknown-topic') throw error;
      throw new RetryableError(error.code, error.message);
    }
    return partitions.map(({ topic, partition }) => {
      const offset = found.get(`${topic}/${partition}`);
      if (offset !== undefined) return offset;
      throw new RetryableError('kafka-unanswered', `The leader's answer does not mention partition ${partition} of ${topic}.`);
    });
  }
}
