import type { FoldParameters } from '../fold-parameters.ts';
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
} from '../pairs/index.ts';

const EVENTS_PER_BATCH = 500;
const MAX_PART_BYTES = 512 * 1024;
const INCARNATION_BYTES = 8;

interface ItemShard {
  readonly rows: Map<number, ItemRow>;
  readonly topLists: TopLists;
  /** What the last cache has not seen yet. */
  readonly changed: Set<number>;
}

/**
 * Item shards that learn from sessions and orders as the pipeline does, without its stores: evidence is written in
 * batches, decoded from its bytes and folded; a ranking reads the encoded rows through a cache.
 */
export class PairWorld {
  readonly notes = emptyFoldNotes();
  readonly prior = emptyRepeatPrior();
  /** Where a fold writes its evidence; call `count` after each event. */
  readonly evidence: EvidenceWriter;
  readonly cache: NeighbourCache;
  readonly parameters: FoldParameters;
  readonly shards: readonly ItemShard[];
  private readonly shardOf: (item: string) => number;
  /** One for all shards of the process, as in a worker. */
  private readonly interner = new ItemInterner();
  private readonly writer = new ByteWriter();
  private readonly incarnation = Buffer.alloc(INCARNATION_BYTES, 7);
  private pending = 0;
  private journalOffset = 0n;

  /** @param shardOf the partitioner of the evidence topic: an item's shard, 0 … shardCount - 1 */
  constructor(shardCount: number, shardOf: (item: string) => number, parameters: FoldParameters) {
    this.shardOf = shardOf;
    this.parameters = parameters;
    this.evidence = new EvidenceWriter(shardCount, shardOf);
    this.shards = Array.from({ length: shardCount }, () => {
      return { rows: new Map<number, ItemRow>(), topLists: new TopLists(this.interner), changed: new Set<number>() };
    });
    // Nothing is dropped or read again because of its age: what changed is put where it is read.
    const limits = { rowMaxAgeMs: 1, totalsMaxAgeMs: 1, topListsMaxAgeMs: 1, maxRows: Infinity, maxItems: Infinity };
    this.cache = new NeighbourCache(shardCount, parameters, limits);
    this.cache.beginBatch(0);
  }

  /** One view of a session that is at its `trail`: raw views newest first and positions newest first. */
  view(day: number, item: string, session: SessionTrail): void {
    learnRepeat(this.prior, item, session.raw);
    if (session.positions[0] !== item) this.evidence.view(day, item, session.positions);
    session.push(item);
    this.count();
  }

  basket(day: number, items: readonly string[]): void {
    this.evidence.basket(day, items);
    this.count();
  }

  /** Takes note of an event whose evidence was written. */
  count(): void {
    this.pending += 1;
    if (this.pending === EVENTS_PER_BATCH) this.flush();
  }

  flush(): void {
    if (this.pending === 0) return;
    const origin = { sourceShard: 0, incarnation: this.incarnation, journalOffset: this.journalOffset++, ordersTotal: 0, ordersDay: 0 };
    for (const { shard, parts } of this.evidence.finish(origin, MAX_PART_BYTES)) for (const part of parts) this.fold(shard, part);
    this.evidence.clear();
    this.pending = 0;
  }

  row(item: string): ItemRow | undefined {
    return this.shards[this.shardOf(item)]!.rows.get(this.interner.intern(item));
  }

  /** Brings the encoded rows that changed, and on request the lists of trending items, into the cache. */
  refreshCache(topLists: boolean): void {
    this.flush();
    this.shards.forEach((shard, number) => {
      if (topLists && shard.topLists.day >= 0) this.cache.putTopLists(number, shard.topLists.encode());
      for (const id of shard.changed) {
        this.writer.clear();
        encodeRow(shard.rows.get(id)!, this.writer);
        this.cache.putRow(this.interner.text(id), this.writer.take());
      }
      shard.changed.clear();
    });
  }

  private fold(shard: number, part: Buffer): void {
    const { interner, parameters } = this;
    const { rows, topLists, changed } = this.shards[shard]!;
    const record = decodeEvidence(part, interner);
    const rowOf = (id: number): ItemRow => {
      let row = rows.get(id);
      if (row === undefined) rows.set(id, (row = new ItemRow(interner)));
      return row;
    };
    applyEvidence(record, rowOf, parameters, this.notes);
    for (const id of ownedItems(record)) {
      topLists.touch(id, rowOf(id), parameters);
      changed.add(id);
    }
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
