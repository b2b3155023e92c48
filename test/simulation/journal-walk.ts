import type { JournalEntry } from '@millrace/stream/journal';
import type { LogRecord } from '@millrace/stream/log';
import type { World } from './world.ts';

/** A record of a journaled batch. */
export interface WalkedRecord {
  /** Index of the input topic. */
  readonly input: number;
  readonly record: LogRecord;
  /** Left out by the entry. */
  readonly isOmitted: boolean;
}

export interface WalkedBatch {
  readonly journalOffset: number;
  readonly entry: JournalEntry;
  /** In the order in which they must be folded. */
  readonly records: readonly WalkedRecord[];
}

/**
 * The batches of a user shard as its journal tells them, worked out for an oracle with nothing of the engine but the
 * entry's codec: of all entries that name the same parent the first in the log is the next batch, and inside a batch
 * the oldest event comes first, ties by topic, each topic as it stands.
 *
 * @param timeOf event time of a record; -Infinity for what is no event and holds nobody up.
 */
export function walkJournal(
  world: World,
  shard: number,
  topics: { readonly journal: string; readonly inputs: readonly string[] },
  timeOf: (input: number, record: LogRecord) => number,
): { readonly genesis: JournalEntry; readonly batches: readonly WalkedBatch[] } {
  const entries = world.log.recordsOf(topics.journal, shard).map((record) => ({
    journalOffset: record.offset,
    entry: world.journalCodec.decode(record),
  }));
  const genesis = entries[0]!.entry;
  const batches: WalkedBatch[] = [];
  let last = genesis.token;
  for (const { journalOffset, entry } of entries.slice(1)) {
    if (!entry.parent.equals(last)) continue;
    last = entry.token;
    const queues = entry.ranges.map(({ first, count }, input) =>
      world.log
        .recordsOf(topics.inputs[input]!, shard)
        .slice(first, first + count)
        .map((record) => ({ input, record, timeMs: timeOf(input, record) })),
    );
    const records = mergeByTime(queues).map(({ input, record }) => {
      const isOmitted = entry.omissions.some((left) => left.input === input && left.offset === record.offset);
      return { input, record, isOmitted };
    });
    batches.push({ journalOffset, entry, records });
  }
  return { genesis, batches };
}

function mergeByTime<T extends { readonly timeMs: number }>(queues: readonly T[][]): T[] {
  const merged: T[] = [];
  for (;;) {
    const open = queues.filter((queue) => queue.length > 0);
    if (open.length === 0) return merged;
    const oldestMs = Math.min(...open.map(([head]) => head!.timeMs));
    merged.push(open.find(([head]) => head!.timeMs === oldestMs)!.shift()!);
  }
}
