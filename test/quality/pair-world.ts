import { partitionOf } from '@millrace/events/partition';
import { DEFAULT_FOLD_PARAMETERS } from '@millrace/algorithms/fold-parameters';
import {
  applyEvidence,
  ByteWriter,
  decodeEvidence,
  emptyFoldNotes,
  emptyRepeatPrior,
  encodeRow,
  EvidenceWriter,
  ItemInterner,
  ItemRow,
  learnRepeat,
  NeighbourCache,
  ownedItems,
  REPEAT_WINDOW,
  TopLists,
} from '@millrace/algorithms/pairs/index';

const SHARDS = 8;
const EVENTS_PER_BATCH = 500;
const MAX_PART_BYTES = 512 * 1024;
const INCARNATION = Buffer.alloc(8, 7);

interface ItemShard {
  readonly rows: Map<number, ItemRow>;
  readonly topLists: TopLists;
}

/**
 * Item shards that learn from sessions and orders as the pipeline does, without its stores: evidence is written in
 * batches, decoded from its bytes and folded; a ranking reads the encoded rows.
 */
export class PairWorld {
  readonly notes = emptyFoldNotes();
  readonly prior = emptyRepeatPrior();
  private readonly writer = new EvidenceWriter(SHARDS, (item) => partitionOf(item, SHARDS));
  /** One for all shards of the process, as in a worker. */
  private readonly interner = new ItemInterner();
  readonly shards: readonly ItemShard[] = Array.from({ length: SHARDS }, () => {
    return { rows: new Map<number, ItemRow>(), topLists: new TopLists(this.interner) };
  });
  private pending = 0;
  private journalOffset = 0n;

  /** One view of a session that is at its `trail`: raw views newest first and positions newest first. */
  view(day: number, item: string, session: SessionTrail): void {
    learnRepeat(this.prior, item, session.raw);
    if (session.positions[0] !== item) this.writer.view(day, item, session.positions);
    session.push(item);
    this.count();
  }

  basket(day: number, items: readonly string[]): void {
    this.writer.basket(day, items);
    this.count();
  }

  flush(): void {
    const origin = { sourceShard: 0, incarnation: INCARNATION, journalOffset: this.journalOffset++, ordersTotal: 0, ordersDay: 0 };
    for (const { shard, parts } of this.writer.finish(origin, MAX_PART_BYTES)) for (const part of parts) this.fold(shard, part);
    this.writer.clear();
    this.pending = 0;
  }

  row(item: string): ItemRow | undefined {
    return this.shards[partitionOf(item, SHARDS)]!.rows.get(this.interner.intern(item));
  }

  /** A cache that holds every row and list, read from their encoded values. */
  cache(): NeighbourCache {
    const cache = new NeighbourCache(SHARDS, DEFAULT_FOLD_PARAMETERS);
    cache.beginBatch(0);
    const writer = new ByteWriter();
    this.shards.forEach(({ rows, topLists }, shard) => {
      cache.putTopLists(shard, topLists.encode());
      for (const [id, row] of rows) {
        writer.clear();
        encodeRow(row, writer);
        cache.putRow(this.interner.text(id), writer.take());
      }
    });
    return cache;
  }

  private count(): void {
    this.pending += 1;
    if (this.pending === EVENTS_PER_BATCH) this.flush();
  }

  private fold(shard: number, part: Buffer): void {
    const { interner } = this;
    const { rows, topLists } = this.shards[shard]!;
    const record = decodeEvidence(part, interner);
    const rowOf = (id: number): ItemRow => {
      let row = rows.get(id);
      if (row === undefined) rows.set(id, (row = new ItemRow(interner)));
      return row;
    };
    applyEvidence(record, rowOf, DEFAULT_FOLD_PARAMETERS, this.notes);
    for (const id of ownedItems(record)) topLists.touch(id, rowOf(id), DEFAULT_FOLD_PARAMETERS);
  }
}

/** Where a session stands: its last raw views and its last positions (refreshes take none), newest first. */
export class SessionTrail {
  raw: string[] = [];
  positions: string[] = [];

  push(item: string): void {
    this.raw.unshift(item);
    this.raw.length = Math.min(this.raw.length, REPEAT_WINDOW);
    if (this.positions[0] === item) return;
    this.positions.unshift(item);
    this.positions.length = Math.min(this.positions.length, REPEAT_WINDOW);
  }
}

/** Distinct items of a raw trail that is given oldest first, newest first. */
export function recentOf(prefix: readonly string[]): string[] {
  return [...new Set([...prefix].reverse())];
}

/** Hit rate and mean reciprocal rank of the first `length` places. */
export class Accuracy {
  cases = 0;
  private hits = 0;
  private reciprocalRanks = 0;

  add(list: readonly { readonly item: string }[], wanted: string): void {
    this.cases += 1;
    const place = list.findIndex(({ item }) => item === wanted);
    if (place < 0) return;
    this.hits += 1;
    this.reciprocalRanks += 1 / (place + 1);
  }

  get hitRate(): number {
    return this.hits / this.cases;
  }

  get meanReciprocalRank(): number {
    return this.reciprocalRanks / this.cases;
  }
}
