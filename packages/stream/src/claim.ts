import { createHash } from 'node:crypto';
import type { EngineParts } from './engine.ts';
import { AlarmError, RetryableError } from './errors.ts';
import { chainFrom, NO_PARENT, readLog, TOKEN_BYTES, type JournalEntry, type JournaledEntry } from './journal.ts';
import type { TopicPartition } from './log.ts';
import { decodeHead, encodeHead, type ShardPosition } from './shard-head.ts';
import { HEAD_KEY, shardName, type ShardId } from './state-store.ts';

/** What a claim finds: where the state stands, and the journaled batches that have to be carried out again. */
export interface Claim {
  readonly position: ShardPosition;
  readonly redo: readonly JournaledEntry[];
  /** Offset that the shard's next journal entry gets if nobody else writes. */
  readonly journalNext: number;
}

/**
 * Takes a shard: reads head and positions from the store, proves that the journal has the head's entry with the head's
 * token, and reads what follows. A shard that never was gets its genesis.
 *
 * @throws AlarmError when state and journal do not belong together; nothing is repaired silently.
 */
export async function claimShard<E>(parts: EngineParts<E>, shard: ShardId): Promise<Claim> {
  await mustHaveDownstream(parts);
  await parts.store.own(shard, parts.workerName);
  const { head } = await parts.store.read(shard, []);
  const journal = journalOf(parts, shard);
  if (head === null) await genesis(parts, shard, journal);
  const position = head !== null ? decodeHead(head) : await headAfterGenesis(parts, shard);
  return parts.handler.spec.journal === null
    ? claimOfLog(parts, journal, position)
    : claimOfJournal(parts, journal, position);
}

/** @throws RetryableError until every shard that this stream writes to has begun. */
async function mustHaveDownstream<E>({ handler, store }: EngineParts<E>): Promise<void> {
  const { downstream } = handler.spec;
  if (downstream === null) return;
  const shards = Array.from({ length: downstream.shards }, (_, number) => ({ kind: downstream.kind, number }));
  const heads = await Promise.all(shards.map((shard) => store.peek(shard, [HEAD_KEY], 1)));
  const missing = shards.filter((_, i) => heads[i]![0] === null).map(shardName);
  if (missing.length === 0) return;
  throw new RetryableError(
    'downstream-not-begun',
    `The shards ${missing.join(', ')} have not begun yet: this stream waits for the one that reads from it to be started.`,
  );
}

/** The token of a shard whose first input is its journal: where it stands says which commit it is. */
export function tokenOfPositions(incarnation: Buffer, positions: readonly number[]): Buffer {
  const hash = createHash('sha256').update(incarnation).update(positions.join(','));
  return hash.digest().subarray(0, TOKEN_BYTES);
}

/** The entries of a stretch of the journal. */
export async function readEntries<E>(
  parts: Pick<EngineParts<E>, 'log' | 'journalCodec'>,
  journal: TopicPartition,
  from: number,
  to: number,
): Promise<JournaledEntry[]> {
  const records = await readLog(parts.log, journal.topic, journal.partition, from, to);
  return records.map((record) => ({ offset: record.offset, entry: parts.journalCodec.decode(record) }));
}

export function journalOf<E>(parts: Pick<EngineParts<E>, 'handler'>, shard: ShardId): TopicPartition {
  const { journal, inputs } = parts.handler.spec;
  return { topic: journal ?? inputs[0]!, partition: shard.number };
}

async function claimOfJournal<E>(parts: EngineParts<E>, journal: TopicPartition, position: ShardPosition): Promise<Claim> {
  const [bounds] = await parts.log.bounds([journal]);
  const place = `${journal.topic}/${journal.partition}`;
  if (bounds!.next <= position.journalOffset) {
    throw new AlarmError(
      'journal-lost-records',
      `${place} ends at ${bounds!.next}, but the state was committed by its entry ${position.journalOffset}: the journal has lost records or was created anew. See the runbook "journal and state do not match".`,
    );
  }
  if (bounds!.first > position.journalOffset) {
    throw new AlarmError(
      'journal-truncated',
      `${place} begins at ${bounds!.first}, after the entry ${position.journalOffset} that the state was committed by; what followed it is gone. Lengthen its retention; see the runbook "journal and state do not match".`,
    );
  }
  const entries = await readEntries(parts, journal, position.journalOffset, bounds!.next);
  const proof = entries[0];
  if (proof === undefined || proof.offset !== position.journalOffset || !proof.entry.token.equals(position.token)) {
    throw new AlarmError(
      'journal-differs',
      `The entry at ${place} offset ${position.journalOffset} is not the one that the state was committed by: the topic was created anew, or the state belongs to another log. See the runbook "journal and state do not match".`,
    );
  }
  const redo = chainFrom(position.token, entries.slice(1));
  for (const { offset, entry } of redo) {
    if (entry.foldVersion > parts.handler.spec.foldVersion) {
      throw new AlarmError(
        'fold-version-newer',
        `The entry at ${place} offset ${offset} was written by fold version ${entry.foldVersion}; this program has ${parts.handler.spec.foldVersion}. Start the newer program.`,
      );
    }
  }
  return { position, redo, journalNext: bounds!.next };
}

/** A shard whose first input is its journal has nothing to redo: it reads on where it stands. */
async function claimOfLog<E>(parts: EngineParts<E>, journal: TopicPartition, position: ShardPosition): Promise<Claim> {
  const [bounds] = await parts.log.bounds([journal]);
  const next = position.positions[0]!;
  if (next > bounds!.next || next < bounds!.first) {
    throw new AlarmError(
      'position-out-of-range',
      `${journal.topic}/${journal.partition} holds ${bounds!.first} to ${bounds!.next}, but this shard stands at ${next}: records are gone or the topic was created anew. See the runbook "position out of range".`,
    );
  }
  if (bounds!.first === 0) {
    const [first] = await readEntries(parts, journal, 0, 1);
    if (first !== undefined && !first.entry.token.equals(position.incarnation)) {
      throw new AlarmError(
        'journal-differs',
        `${journal.topic}/${journal.partition} begins with another incarnation than the one this state was folded from. See the runbook "journal and state do not match".`,
      );
    }
  }
  return { position, redo: [], journalNext: next };
}

/** Begins a shard that never was: the first genesis entry in the log is the one, for everybody. */
async function genesis<E>(parts: EngineParts<E>, shard: ShardId, journal: TopicPartition): Promise<void> {
  const [bounds] = await parts.log.bounds([journal]);
  if (bounds!.next === 0) {
    const inputs = parts.handler.spec.inputs.map((topic) => ({ topic, partition: shard.number }));
    const starts = await parts.log.bounds(inputs);
    const entry: JournalEntry = {
      token: parts.newToken(),
      parent: NO_PARENT,
      kind: 'genesis',
      foldVersion: parts.handler.spec.foldVersion,
      coalesced: false,
      ranges: starts.map(({ first }) => ({ first, count: 0 })),
      omissions: [],
    };
    await parts.log.append([{ ...journal, records: [{ key: null, value: parts.journalCodec.encode(entry) }] }]);
  }
  const position = await readGenesis(parts, journal);
  if (await hasMoreThanGenesis(parts, journal, position)) {
    // Another worker may have begun the shard since this one found it empty; then there is a state now.
    const { head } = await parts.store.read(shard, []);
    if (head !== null) return;
    throw new AlarmError(
      'state-missing',
      `The shard has no state, but ${journal.topic}/${journal.partition} shows that it had: Redis was emptied or is another one. Nothing is counted again by itself: run "millrace rebuild".`,
    );
  }
  await parts.store.commit(shard, { ...EMPTY_COMMIT, head: encodeHead(position) });
}

async function hasMoreThanGenesis<E>(
  parts: EngineParts<E>,
  journal: TopicPartition,
  genesis: ShardPosition,
): Promise<boolean> {
  const [bounds] = await parts.log.bounds([journal]);
  if (parts.handler.spec.journal !== null) {
    return chainFrom(genesis.token, await readEntries(parts, journal, 0, bounds!.next)).length > 0;
  }
  const records = await readLog(parts.log, journal.topic, journal.partition, 0, bounds!.next);
  return records.some((record) => !parts.journalCodec.isEntry(record.value));
}

/** The position that the genesis at the beginning of the journal gives. @throws AlarmError when it is gone. */
export async function readGenesis<E>(
  parts: Pick<EngineParts<E>, 'log' | 'journalCodec' | 'handler'>,
  journal: TopicPartition,
): Promise<ShardPosition> {
  const [bounds] = await parts.log.bounds([journal]);
  const found = bounds!.first > 0 ? [] : await readEntries(parts, journal, 0, 1);
  const first = found[0];
  if (first === undefined || first.entry.kind !== 'genesis') {
    throw new AlarmError(
      'genesis-missing',
      `${journal.topic}/${journal.partition} does not begin with its genesis entry: its beginning was removed by retention, or somebody else wrote to it.`,
    );
  }
  const { token, ranges } = first.entry;
  const positions = ranges.map((range) => range.first);
  if (parts.handler.spec.journal !== null) return { token, incarnation: token, journalOffset: 0, positions, clockMs: 0 };
  return { token: tokenOfPositions(token, positions), incarnation: token, journalOffset: -1, positions, clockMs: 0 };
}

async function headAfterGenesis<E>(parts: EngineParts<E>, shard: ShardId): Promise<ShardPosition> {
  const { head } = await parts.store.read(shard, []);
  if (head === null) {
    throw new AlarmError('state-missing', 'The store forgot the genesis that it had just taken: look for something that empties it.');
  }
  return decodeHead(head);
}

const EMPTY_COMMIT = {
  parentToken: null,
  puts: [],
  deletes: [],
  timersSet: [],
  timersCancelled: [],
  memos: [],
} as const;
