import type { InputRecord } from './aligned-merge.ts';
import { journalOf, readEntries, readGenesis, tokenOfPositions } from './claim.ts';
import { ClaimedShard } from './claimed-shard.ts';
import type { EngineParts } from './engine.ts';
import { AlarmError } from './errors.ts';
import { chainFrom, readLog, type JournalEntry } from './journal.ts';
import type { Append } from './log.ts';
import { MemoryStateStore } from './memory-state-store.ts';
import { silentObserver } from './observer.ts';
import { encodeHead, type ShardPosition } from './shard-head.ts';
import { decodeRecord, readJournaledRanges } from './journaled-ranges.ts';
import type { ShardId } from './state-store.ts';

/** What a replay reads from; it writes to memory only. */
export type ReplayParts<E> = Pick<EngineParts<E>, 'handler' | 'log' | 'journalCodec'>;

/** One batch, folded again. */
export interface ReplayedBatch {
  readonly journalOffset: number;
  readonly records: number;
  /** What the batch must have announced (lists excepted: they look at the moment). */
  readonly announcements: readonly Append[];
}

/** Records of an item shard's log that are folded in one step of a replay. */
const STEP_RECORDS = 1_000;

/**
 * Folds a shard again from its genesis, along its journal, into memory. The same walk gives the state of any earlier
 * moment, the state that `verify` compares with the store, and the state that `rebuild` writes.
 */
export class ShardReplay<E> {
  readonly store = new MemoryStateStore();
  readonly shard: ShardId;
  readonly #parts: ReplayParts<E>;
  readonly #claimed: ClaimedShard<E>;
  #batches = 0;
  #records = 0;

  private constructor(parts: ReplayParts<E>, shard: ShardId, claimed: (store: MemoryStateStore) => ClaimedShard<E>) {
    this.#parts = parts;
    this.shard = shard;
    this.#claimed = claimed(this.store);
  }

  /** @throws AlarmError `genesis-missing` when the log no longer reaches back to the shard's beginning. */
  static async begin<E>(parts: ReplayParts<E>, shard: ShardId): Promise<ShardReplay<E>> {
    const genesis = await readGenesis(parts, journalOf(parts, shard));
    const claimed = (store: MemoryStateStore): ClaimedShard<E> =>
      new ClaimedShard<E>(
        { handler: parts.handler, store, observer: silentObserver, limitEntities: Number.MAX_SAFE_INTEGER },
        shard,
        genesis,
      );
    const replay = new ShardReplay<E>(parts, shard, claimed);
    await replay.store.commit(shard, {
      parentToken: null,
      head: encodeHead(genesis),
      puts: [],
      deletes: [],
      timersSet: [],
      timersCancelled: [],
      memos: [],
    });
    await replay.#claimed.loadShardKeys();
    return replay;
  }

  get position(): ShardPosition {
    return this.#claimed.position;
  }

  /** Batches and records folded so far. */
  get walked(): { readonly batches: number; readonly records: number } {
    return { batches: this.#batches, records: this.#records };
  }

  /**
   * Folds on until the shard stands where `target` stands; to the end of its log without one.
   *
   * @throws AlarmError `journal-differs` when the log does not lead there.
   */
  async advanceTo(target: ShardPosition | undefined, onBatch?: (batch: ReplayedBatch) => void): Promise<void> {
    if (this.#parts.handler.spec.journal === null) await this.#advanceAlongLog(target, onBatch);
    else await this.#advanceAlongJournal(target, onBatch);
    if (target === undefined || target.token.equals(this.position.token)) return;
    throw new AlarmError(
      'journal-differs',
      'The log does not lead to the commit that the store names: the state was folded from another log, or its head was damaged.',
    );
  }

  /**
   * Folds on to the last commit that is known to have been announced. A batch is journaled after its predecessor was
   * announced, so that is the last but one of the journal: whoever wrote the last one may have died right after it. A
   * state that is put here lets the worker that claims it announce the last batch again. A shard without a journal of
   * its own goes to the end of its log.
   */
  async advanceToLastAnnounced(): Promise<void> {
    if (this.#parts.handler.spec.journal === null) await this.#advanceAlongLog(undefined, undefined);
    else await this.#advanceAlongJournal(undefined, undefined, 1);
  }

  async #advanceAlongJournal(
    target: ShardPosition | undefined,
    onBatch: ((batch: ReplayedBatch) => void) | undefined,
    leftOut = 0,
  ): Promise<void> {
    const journal = journalOf(this.#parts, this.shard);
    const from = this.position.journalOffset + 1;
    const [bounds] = await this.#parts.log.bounds([journal]);
    const to = target === undefined ? bounds!.next : Math.min(target.journalOffset + 1, bounds!.next);
    const entries = await readEntries(this.#parts, journal, from, to);
    const chain = chainFrom(this.position.token, entries);
    for (const { offset, entry } of chain.slice(0, chain.length - leftOut)) {
      const records = await this.#recordsOf(entry);
      const positions = entry.ranges.map(({ first, count }) => first + count);
      await this.#foldBatch(records, entry, offset, entry.token, positions, onBatch);
    }
  }

  async #advanceAlongLog(target: ShardPosition | undefined, onBatch: ((batch: ReplayedBatch) => void) | undefined): Promise<void> {
    const { inputs } = this.#parts.handler.spec;
    const ends =
      target?.positions ??
      (await this.#parts.log.bounds(inputs.map((topic) => ({ topic, partition: this.shard.number })))).map(({ next }) => next);
    // The inputs of such a shard do not share state, so one after the other gives the same as any mixture.
    for (const [input, topic] of inputs.entries()) {
      for (let from = this.position.positions[input]!; from < ends[input]!; from = this.position.positions[input]!) {
        const to = Math.min(from + STEP_RECORDS, ends[input]!);
        const log = await readLog(this.#parts.log, topic, this.shard.number, from, to);
        const records: InputRecord<E>[] = [];
        for (const record of log) records.push({ input, record, decoded: await this.#decode(input, record) });
        const positions = this.position.positions.map((position, i) => (i === input ? to : position));
        const token = tokenOfPositions(this.position.incarnation, positions);
        await this.#foldBatch(records, undefined, -1, token, positions, onBatch);
      }
    }
  }

  async #decode(input: number, record: InputRecord<E>['record']): Promise<InputRecord<E>['decoded']> {
    const decoded = decodeRecord(this.#parts, this.shard, input, record);
    if (decoded.kind !== 'wait') return decoded;
    if (await this.#parts.handler.learnSchema(decoded.schemaId)) return decodeRecord(this.#parts, this.shard, input, record);
    throw new AlarmError('schema-unknown', `A record was written with schema id ${decoded.schemaId}, which the registry does not know.`);
  }

  #recordsOf(entry: JournalEntry): Promise<readonly InputRecord<E>[]> {
    const decode = (input: number, record: InputRecord<E>['record']): InputRecord<E>['decoded'] =>
      decodeRecord(this.#parts, this.shard, input, record);
    return readJournaledRanges(this.#parts, this.shard, entry, decode);
  }

  async #foldBatch(
    records: readonly InputRecord<E>[],
    entry: JournalEntry | undefined,
    journalOffset: number,
    token: Buffer,
    positions: readonly number[],
    onBatch: ((batch: ReplayedBatch) => void) | undefined,
  ): Promise<void> {
    await this.#claimed.load(records);
    this.#claimed.fold(records, {
      coalesced: entry?.coalesced ?? false,
      isRedo: true,
      omissions: entry?.omissions ?? [],
    });
    const announcements = this.#claimed.announcements({ journalOffset, incarnation: this.position.incarnation });
    await this.#claimed.commit(token, journalOffset, positions);
    this.#batches++;
    this.#records += records.length;
    onBatch?.({ journalOffset, records: records.length, announcements });
  }
}
