/** Filling topics as fast as the log takes it: before a benchmark, for a replay, for a demo. */
import { partitionOf } from '@millrace/events/partition';
import type { Append, Log, NewRecord } from '@millrace/stream/log';
import type { WireEvent } from '../shop/wire-event.ts';

export interface FillOptions {
  /** Partitions of the topics, the same for all. */
  readonly partitions: number;
  /** Key, value and headers of an event's record. The partition follows from `event.key`, so the record's key must be it. */
  readonly encode: (event: WireEvent) => NewRecord;
  /** The broker's name of a topic. Default: the same. */
  readonly topicName?: ((topic: WireEvent['topic']) => string) | undefined;
  /** Called after each append with what is in the log by then. */
  readonly onProgress?: ((filled: Filled) => void) | undefined;
  /** Stops between two appends. */
  readonly signal?: AbortSignal | undefined;
}

/** What was appended, counted as in {@link WireEvent.events}. */
export interface Filled {
  readonly records: number;
  readonly events: number;
  /** Keys and values, before compression. */
  readonly bytes: number;
  /** Records by topic, by our names. */
  readonly recordsByTopic: ReadonlyMap<WireEvent['topic'], number>;
}

/** All partitions together in one append. */
const APPEND_BYTES = 4 << 20;
/** One partition in one append: a broker refuses a batch over `message.max.bytes`, 1 MiB unless told otherwise. */
const PARTITION_BYTES = 768 << 10;

/**
 * Appends all events, each to the partition that Java's murmur2 chooses for its key, in their order within a partition.
 * While one append is under way the next is encoded.
 *
 * @throws what `log.append` throws; some events are in the log then and some are not, perhaps twice
 */
export async function fillTopics(log: Log, events: Iterable<WireEvent>, options: FillOptions): Promise<Filled> {
  const { partitions, encode, topicName = (topic) => topic, onProgress, signal } = options;
  const total = { records: 0, events: 0, bytes: 0, recordsByTopic: new Map<WireEvent['topic'], number>() };
  let pending = new Batch();
  let underWay: Promise<void> = Promise.resolve();

  const flush = async (): Promise<void> => {
    const batch = pending;
    pending = new Batch();
    // One append at a time keeps the order within a partition.
    await underWay;
    if (batch.records === 0) return;
    underWay = log.append(batch.requests).then(() => {
      total.records += batch.records;
      total.events += batch.events;
      total.bytes += batch.bytes;
      for (const [topic, records] of batch.recordsByTopic) {
        total.recordsByTopic.set(topic, (total.recordsByTopic.get(topic) ?? 0) + records);
      }
      onProgress?.({ ...total, recordsByTopic: new Map(total.recordsByTopic) });
    });
    // The error is thrown where the promise is awaited; until then it must not count as unhandled.
    underWay.catch(() => undefined);
  };

  for (const event of events) {
    if (signal?.aborted === true) break;
    const record = encode(event);
    const largest = pending.add(event, record, topicName(event.topic), partitionOf(event.key, partitions));
    if (pending.bytes >= APPEND_BYTES || largest >= PARTITION_BYTES) await flush();
  }
  await flush();
  await underWay;
  return total;
}

/** Records that go out in one append, by topic and partition. */
class Batch {
  readonly #byPartition = new Map<string, { topic: string; partition: number; records: NewRecord[]; bytes: number }>();
  readonly recordsByTopic = new Map<WireEvent['topic'], number>();
  records = 0;
  events = 0;
  bytes = 0;

  /** @returns bytes of the partition that it went to */
  add(event: WireEvent, record: NewRecord, topic: string, partition: number): number {
    const name = `${topic}/${partition}`;
    let target = this.#byPartition.get(name);
    if (target === undefined) {
      target = { topic, partition, records: [], bytes: 0 };
      this.#byPartition.set(name, target);
    }
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    target.records.push(record);
    target.bytes += bytes;
    this.recordsByTopic.set(event.topic, (this.recordsByTopic.get(event.topic) ?? 0) + 1);
    this.records += 1;
    this.events += event.events;
    this.bytes += bytes;
    return target.bytes;
  }

  get requests(): Append[] {
    return [...this.#byPartition.values()].map(({ topic, partition, records }) => ({ topic, partition, records }));
  }
}
