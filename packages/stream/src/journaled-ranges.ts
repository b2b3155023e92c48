import { ShardInbox, type InputRecord } from './aligned-merge.ts';
import type { EngineParts } from './engine.ts';
import { AlarmError } from './errors.ts';
import type { Decoded } from './handler.ts';
import { readLog, type JournalEntry } from './journal.ts';
import type { LogRecord } from './log.ts';
import type { ShardId } from './state-store.ts';

/** Decodes a record of a shard's input; the engine's own markers are skipped. */
export function decodeRecord<E>(
  parts: Pick<EngineParts<E>, 'handler' | 'journalCodec'>,
  shard: ShardId,
  input: number,
  record: LogRecord,
): Decoded<E> {
  const isOwnLog = input === 0 && parts.handler.spec.journal === null;
  if (isOwnLog && parts.journalCodec.isEntry(record.value)) return { kind: 'skip' };
  return parts.handler.decode(input, record, shard.number);
}

/** The records of a journaled batch in the order of their fold: the same merge, over exactly the same ranges. */
export async function readJournaledRanges<E>(
  parts: Pick<EngineParts<E>, 'handler' | 'log'>,
  shard: ShardId,
  entry: JournalEntry,
  decode: (input: number, record: LogRecord) => Decoded<E>,
): Promise<readonly InputRecord<E>[]> {
  const { inputs } = parts.handler.spec;
  const inbox = new ShardInbox<E>(entry.ranges.map(({ first }) => first), decode, true);
  let total = 0;
  for (const [input, { first, count }] of entry.ranges.entries()) {
    const topic = inputs[input]!;
    const to = first + count;
    const records = count === 0 ? [] : await readLog(parts.log, topic, shard.number, first, to);
    total += records.length;
    const part = { topic, partition: shard.number, offset: first, records, nextOffset: to, endOffset: to, outOfRange: false };
    inbox.deliver(input, part);
  }
  const merged: InputRecord<E>[] = [];
  while (merged.length < total) {
    merged.push(...inbox.take(total - merged.length).records);
    const schemaId = inbox.awaitedSchemaId;
    if (schemaId === undefined) continue;
    if (!(await parts.handler.learnSchema(schemaId))) {
      throw new AlarmError(
        'schema-unknown',
        `A journaled record was written with schema id ${schemaId}, which the registry does not know (any more).`,
      );
    }
    inbox.retryDecoding();
  }
  return merged;
}
