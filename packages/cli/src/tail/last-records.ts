import { readLog } from '@millrace/stream/journal';
import type { FetchPosition, Log, LogRecord } from '@millrace/stream/log';

/** A record and the partition that it was read from. */
export interface TailedRecord extends LogRecord {
  readonly partition: number;
}

/** Where each partition is to be read on. */
export interface Tail {
  readonly records: readonly TailedRecord[];
  readonly next: readonly number[];
}

/** Compaction leaves gaps, so the stretch that is looked at grows until it holds enough. */
const GROWTH = 8;
const FETCH_BYTES = 1_048_576;
const FETCH_WAIT_MS = 500;

/** The newest records of a topic by their timestamps, oldest first. @throws RetryableError, AlarmError */
export async function lastRecords(log: Log, topic: string, partitions: number, count: number): Promise<Tail> {
  const numbers = Array.from({ length: partitions }, (_, partition) => partition);
  const bounds = await log.bounds(numbers.map((partition) => ({ topic, partition })));
  const found = await Promise.all(
    numbers.map(async (partition) => {
      const { first, next } = bounds[partition]!;
      for (let length = count; ; length *= GROWTH) {
        const from = Math.max(first, next - length);
        const records = await readLog(log, topic, partition, from, next);
        if (records.length >= count || from === first) return records.slice(-count).map((record) => ({ ...record, partition }));
      }
    }),
  );
  const records = found.flat().sort(byTime).slice(-count);
  return { records: count === 0 ? [] : records, next: bounds.map(({ next }) => next) };
}

/** What is appended from now on, until the signal comes. @throws RetryableError, AlarmError */
export async function* followRecords(log: Log, topic: string, next: readonly number[], signal: AbortSignal): AsyncGenerator<TailedRecord> {
  const positions = new Map(next.map((offset, partition) => [partition, offset]));
  while (!signal.aborted) {
    const asked: FetchPosition[] = [...positions].map(([partition, offset]) => ({ topic, partition, offset, maxBytes: FETCH_BYTES }));
    const fetched = await log.fetch(asked, FETCH_WAIT_MS);
    const records = fetched.flatMap((part) => part.records.map((record) => ({ ...record, partition: part.partition })));
    for (const { partition, nextOffset } of fetched) positions.set(partition, nextOffset);
    yield* records.sort(byTime);
  }
}

function byTime(a: TailedRecord, b: TailedRecord): number {
  return a.timestampMs - b.timestampMs || a.partition - b.partition || a.offset - b.offset;
}
