import { AvroReader, AvroWriter } from './avro-bytes.ts';
import { AlarmError } from './errors.ts';
import type { Log, LogRecord } from './log.ts';

/** Bytes of a token: the name of one commit of one shard. */
export const TOKEN_BYTES = 8;
export const NO_PARENT: Buffer = Buffer.alloc(TOKEN_BYTES);

/** What a batch took from one input topic: `count` offsets from `first` on (gaps and omitted ones included). */
export interface JournalRange {
  readonly first: number;
  readonly count: number;
}

/** An offset inside a range that is left out for everybody: its record goes to dead letters instead. */
export interface Omission {
  /** Index of the input topic. */
  readonly input: number;
  readonly offset: number;
  readonly reason: string;
}

/**
 * One entry of a shard's journal: what the next batch is, written down before anything follows from it. Of all entries
 * that name the same parent, the first in the log is the next batch of the shard, for everybody.
 */
export interface JournalEntry {
  readonly token: Buffer;
  readonly parent: Buffer;
  readonly kind: 'genesis' | 'batch';
  readonly foldVersion: number;
  readonly coalesced: boolean;
  /** One a topic, in the order of the shard's inputs. A genesis entry gives the first position of each. */
  readonly ranges: readonly JournalRange[];
  readonly omissions: readonly Omission[];
}

/** An entry and where it stands. */
export interface JournaledEntry {
  readonly offset: number;
  readonly entry: JournalEntry;
}

const KINDS = ['genesis', 'batch'] as const;

/**
 * Writes and reads entries as Avro (schemas/journal-entry.avsc) behind the registry's prefix: a zero byte and the
 * schema's id. An ordinary entry of four inputs is at most 64 bytes.
 */
export class JournalCodec {
  readonly #prefix: Buffer;

  constructor(schemaId: number) {
    this.#prefix = Buffer.alloc(5);
    this.#prefix.writeInt32BE(schemaId, 1);
  }

  encode(entry: JournalEntry): Buffer {
    const writer = new AvroWriter().fixed(this.#prefix).fixed(entry.token).fixed(entry.parent);
    writer.long(KINDS.indexOf(entry.kind)).long(entry.foldVersion).boolean(entry.coalesced);
    if (entry.ranges.length > 0) writer.long(entry.ranges.length);
    for (const range of entry.ranges) writer.long(range.first).long(range.count);
    writer.long(0);
    if (entry.omissions.length > 0) writer.long(entry.omissions.length);
    for (const { input, offset, reason } of entry.omissions) writer.long(input).long(offset).string(reason);
    return writer.long(0).finish();
  }

  /** Is this a journal entry at all? A log that is its own journal begins with one, among records of another kind. */
  isEntry(value: Buffer | null): boolean {
    return value !== null && value.subarray(0, this.#prefix.length).equals(this.#prefix);
  }

  /** @throws AlarmError `journal-unreadable` when the record is no journal entry. */
  decode(record: LogRecord): JournalEntry {
    const value = record.value;
    if (value === null || !this.isEntry(value)) throw unreadable(record, 'its schema is another one');
    try {
      const reader = new AvroReader(value, 5);
      const token = reader.fixed(TOKEN_BYTES);
      const parent = reader.fixed(TOKEN_BYTES);
      const kind = KINDS[reader.long()];
      if (kind === undefined) throw new RangeError('unknown kind of entry');
      const foldVersion = reader.long();
      const coalesced = reader.boolean();
      const ranges = readArray(reader, () => ({ first: reader.long(), count: reader.long() }));
      const omissions = readArray(reader, () => ({
        input: reader.long(),
        offset: reader.long(),
        reason: reader.string(),
      }));
      return { token, parent, kind, foldVersion, coalesced, ranges, omissions };
    } catch (error) {
      if (error instanceof RangeError) throw unreadable(record, error.message);
      throw error;
    }
  }
}

function readArray<T>(reader: AvroReader, element: () => T): T[] {
  const elements: T[] = [];
  for (let count = reader.long(); count !== 0; count = reader.long()) {
    if (count < 0 || count > 100_000) throw new RangeError(`an array block of ${count}`);
    for (let i = 0; i < count; i++) elements.push(element());
  }
  return elements;
}

function unreadable(record: LogRecord, why: string): AlarmError {
  return new AlarmError(
    'journal-unreadable',
    `The journal record at offset ${record.offset} is no journal entry (${why}). Somebody else writes to this topic; find out who before going on.`,
  );
}

/** Reads a partition from `from` to its present end (or `to`, exclusive) in short reads. */
export async function readLog(
  log: Log,
  topic: string,
  partition: number,
  from: number,
  to: number,
  maxBytes = 1_048_576,
): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  let offset = from;
  while (offset < to) {
    const [part] = await log.fetch([{ topic, partition, offset, maxBytes }], 0);
    if (part === undefined || part.outOfRange) {
      throw new AlarmError(
        'log-range-lost',
        `${topic}/${partition} no longer holds offset ${offset}, which this shard must read again (up to ${to}). Keep inputs, journals and evidence equally long.`,
      );
    }
    for (const record of part.records) if (record.offset < to) records.push(record);
    if (part.nextOffset === offset && part.endOffset <= offset) {
      throw new AlarmError(
        'log-range-lost',
        `${topic}/${partition} ends at ${part.endOffset}, before offset ${to}, which was there when it was journaled: the log has lost something.`,
      );
    }
    offset = Math.max(offset, part.nextOffset);
  }
  return records;
}

/**
 * The batches that follow `token`: walking the log, an entry whose parent is the last one taken is next; every other
 * one lost its race and is ignored.
 */
export function chainFrom(token: Buffer, entries: readonly JournaledEntry[]): JournaledEntry[] {
  const chain: JournaledEntry[] = [];
  let last = token;
  for (const journaled of entries) {
    if (!journaled.entry.parent.equals(last)) continue;
    // A producer's duplicate of the entry just taken names that entry's parent, not its token, so it never gets here.
    chain.push(journaled);
    last = journaled.entry.token;
  }
  return chain;
}
