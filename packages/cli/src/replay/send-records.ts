import { partitionOf } from '@millrace/events';
import type { Append, Log, NewRecord } from '@millrace/stream/log';
import type { ReplayRecord, ReplayTopic } from './replay-source.ts';

/** What has been appended so far. */
export interface Sent {
  readonly records: number;
  readonly events: number;
  /** Event time of the newest event; undefined before the first. */
  readonly timeMs: number | undefined;
}

export interface SendOptions {
  readonly partitions: number;
  readonly topicName: (topic: ReplayTopic) => string;
  /** Event time passes this many times as fast as real time; Infinity: no waiting at all. */
  readonly speed: number;
  readonly onProgress: (sent: Sent) => void;
  readonly signal: AbortSignal;
  /** Real time, and how to let it pass. */
  readonly clock: ReplayClock;
}

export interface ReplayClock {
  nowMs(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const BATCH_BYTES = 4 << 20;
/** A broker refuses a batch of one partition over 1 MiB unless told otherwise. */
const PARTITION_BYTES = 768 << 10;
/** What is due within this time goes out together. */
const GATHER_MS = 10;

/**
 * Appends records in their order, each to the partition that Java's murmur2 chooses for its key. With a finite speed, an
 * event goes out when its time has come, counted from the first event; facts go out as soon as they come.
 *
 * @throws what `log.append` throws; what was appended before stays
 */
export async function sendRecords(
  log: Log,
  records: Iterable<ReplayRecord> | AsyncIterable<ReplayRecord>,
  options: SendOptions,
): Promise<Sent> {
  const { clock, onProgress, partitions, signal, speed, topicName } = options;
  let sent: Sent = { records: 0, events: 0, timeMs: undefined };
  let batch = new Batch();
  let begin: { readonly realMs: number; readonly eventMs: number } | undefined;

  const flush = async (): Promise<void> => {
    if (batch.records === 0) return;
    const { appends, events, records: count, timeMs } = batch;
    batch = new Batch();
    await log.append(appends);
    sent = { records: sent.records + count, events: sent.events + events, timeMs: timeMs ?? sent.timeMs };
    onProgress(sent);
  };

  for await (const record of records) {
    if (signal.aborted) break;
    if (Number.isFinite(speed) && record.timeMs !== undefined) {
      begin ??= { realMs: clock.nowMs(), eventMs: record.timeMs };
      const dueMs = begin.realMs + (record.timeMs - begin.eventMs) / speed;
      if (dueMs > clock.nowMs() + GATHER_MS) {
        await flush();
        await clock.sleep(dueMs - clock.nowMs(), signal);
        if (signal.aborted) break;
      }
    }
    const largest = batch.add(record, topicName(record.topic), partitionOf(record.key, partitions));
    if (batch.bytes >= BATCH_BYTES || largest >= PARTITION_BYTES) await flush();
  }
  await flush();
  return sent;
}

/** Records that go out in one append, by topic and partition. */
class Batch {
  readonly #byPartition = new Map<string, { topic: string; partition: number; records: NewRecord[]; bytes: number }>();
  records = 0;
  events = 0;
  bytes = 0;
  timeMs: number | undefined;

  /** Answers the bytes of the partition that it went to. */
  add({ record, events, timeMs }: ReplayRecord, topic: string, partition: number): number {
    const name = `${topic}/${partition}`;
    let target = this.#byPartition.get(name);
    if (target === undefined) this.#byPartition.set(name, (target = { topic, partition, records: [], bytes: 0 }));
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    target.records.push(record);
    target.bytes += bytes;
    this.records++;
    this.events += events;
    this.bytes += bytes;
    this.timeMs = timeMs ?? this.timeMs;
    return target.bytes;
  }

  get appends(): Append[] {
    return [...this.#byPartition.values()].map(({ topic, partition, records }) => ({ topic, partition, records }));
  }
}
