import {
  NeighbourCache,
  Ranker,
  ROW_TOTALS_BYTES,
  type FoldParameters,
  type NeighbourCacheLimits,
  type RankNeeds,
  type RankRequest,
  type Ranking,
} from '@millrace/algorithms';
import { partitionOf } from '@millrace/events';
import type { StateStore } from '@millrace/stream/state-store';
import { catalogKey, rowKey, TOP_LISTS_KEY } from '../keys.ts';

/** More rounds of reading than any request needs; beyond it a list is made of what is there. */
const MAX_ROUNDS = 8;

interface Waiting {
  readonly requests: readonly RankRequest[];
  readonly nowMs: number;
  readonly resolve: (rankings: Ranking[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads what rankings need from the item shards and ranks. One for all shards of a process: while one round of reading
 * is under way, the requests of all other batches gather, and the next round reads for all of them together: one
 * command an item shard, however many user shards ask.
 */
export class ListRenderer {
  readonly #store: StateStore;
  readonly #itemShards: number;
  readonly #cache: NeighbourCache;
  readonly #ranker: Ranker;
  readonly #catalogMaxAgeMs: number;
  readonly #maxAvailabilities: number;
  /** When the catalog was last asked for an item, and which items could not be had then. */
  readonly #catalogReadAtMs = new Map<string, number>();
  readonly #unavailable = new Set<string>();
  #waiting: Waiting[] = [];
  #isBusy = false;

  /** @param limits ages and sizes of what is kept of the item shards between batches. */
  constructor(
    store: StateStore,
    itemShards: number,
    parameters: FoldParameters,
    limits: NeighbourCacheLimits & { readonly catalogMaxAgeMs: number; readonly maxAvailabilities: number },
  ) {
    this.#store = store;
    this.#itemShards = itemShards;
    this.#cache = new NeighbourCache(itemShards, parameters, limits);
    this.#ranker = new Ranker(this.#cache);
    this.#catalogMaxAgeMs = limits.catalogMaxAgeMs;
    this.#maxAvailabilities = limits.maxAvailabilities;
  }

  /** Counts are aged by these from now on; versions only go up, whichever shard learns of one first. */
  setParameters(parameters: FoldParameters): void {
    if (parameters.version > this.#cache.parameters.version) this.#cache.setParameters(parameters);
  }

  /** One ranking a request, in their order. @throws RetryableError when an item shard cannot be read now. */
  rank(requests: readonly RankRequest[], nowMs: number): Promise<Ranking[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ requests, nowMs, resolve, reject });
      if (!this.#isBusy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const rankings = await this.#rankAll(batch.flatMap(({ requests }) => requests), Math.max(...batch.map(({ nowMs }) => nowMs)));
        let at = 0;
        for (const { requests, resolve } of batch) resolve(rankings.slice(at, (at += requests.length)));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isBusy = false;
  }

  async #rankAll(requests: readonly RankRequest[], nowMs: number): Promise<Ranking[]> {
    this.#cache.beginBatch(nowMs);
    await Promise.all(this.#cache.topListsNeeded().map((shard) => this.#readTopLists(shard)));
    // What could not be had is not shown and would never be asked for again otherwise.
    const doubted = [...this.#unavailable].filter((item) => !this.#isKnown(item, nowMs));
    await this.#readItems(doubted, catalogKey, 1, (item, bytes) => this.#putAvailability(item, bytes, nowMs));
    const rankings = new Array<Ranking>(requests.length);
    let open = requests.map((_, i) => i);
    for (let round = 0; open.length > 0; round++) {
      await this.#rankSome(open, requests, rankings);
      // Whether an item can be had is looked up only for what would be shown, and nearly always it can.
      const unknown = new Set<string>();
      for (const i of open) for (const { item } of rankings[i]!.items) if (!this.#isKnown(item, nowMs)) unknown.add(item);
      if (unknown.size > 0) await this.#readItems([...unknown], catalogKey, 1, (item, bytes) => this.#putAvailability(item, bytes, nowMs));
      if (this.#unavailable.size === 0 || round >= MAX_ROUNDS) break;
      open = open.filter((i) => rankings[i]!.items.some(({ item }) => this.#unavailable.has(item)));
    }
    return rankings;
  }

  /** Ranks the requests of these indexes, and reads what it takes. */
  async #rankSome(indexes: readonly number[], requests: readonly RankRequest[], rankings: Ranking[]): Promise<void> {
    const isAvailable = this.#unavailable.size === 0 ? undefined : (item: string): boolean => !this.#unavailable.has(item);
    const asked = (i: number): RankRequest => (isAvailable === undefined ? requests[i]! : { ...requests[i]!, isAvailable });
    let open = indexes;
    for (let round = 0; round < MAX_ROUNDS && open.length > 0; round++) {
      const needs: RankNeeds = { rows: [], totals: [] };
      const unanswered: number[] = [];
      for (const i of open) {
        const ranking = this.#ranker.tryRank(asked(i), needs);
        if (ranking === undefined) unanswered.push(i);
        else rankings[i] = ranking;
      }
      open = unanswered;
      await Promise.all([
        this.#readItems(needs.rows, rowKey, undefined, (item, bytes) => this.#cache.putRow(item, bytes)),
        this.#readItems(needs.totals, rowKey, ROW_TOTALS_BYTES, (item, bytes) => this.#cache.putTotals(item, bytes)),
      ]);
    }
    for (const i of open) rankings[i] = this.#ranker.rank(asked(i));
  }

  #isKnown(item: string, nowMs: number): boolean {
    const readAtMs = this.#catalogReadAtMs.get(item);
    return readAtMs !== undefined && readAtMs >= nowMs - this.#catalogMaxAgeMs;
  }

  #putAvailability(item: string, bytes: Buffer | null, nowMs: number): void {
    if (this.#catalogReadAtMs.size >= this.#maxAvailabilities) {
      this.#catalogReadAtMs.clear();
      this.#unavailable.clear();
    }
    this.#catalogReadAtMs.set(item, nowMs);
    // An item that the catalog never named can be had: not every shop sends one.
    if (bytes === null || bytes[0] !== 0) this.#unavailable.delete(item);
    else this.#unavailable.add(item);
  }

  async #readTopLists(shard: number): Promise<void> {
    const [bytes] = await this.#store.peek({ kind: 'i', number: shard }, [TOP_LISTS_KEY]);
    this.#cache.putTopLists(shard, bytes ?? null);
  }

  async #readItems(
    items: readonly string[],
    keyOf: (item: string) => string,
    bytes: number | undefined,
    put: (item: string, value: Buffer | null) => void,
  ): Promise<void> {
    const byShard = new Map<number, string[]>();
    for (const item of items) {
      const shard = partitionOf(item, this.#itemShards);
      const list = byShard.get(shard);
      if (list === undefined) byShard.set(shard, [item]);
      else list.push(item);
    }
    await Promise.all(
      [...byShard].map(async ([shard, wanted]) => {
        const values = await this.#store.peek({ kind: 'i', number: shard }, wanted.map(keyOf), bytes);
        wanted.forEach((item, i) => put(item, values[i] ?? null));
      }),
    );
  }
}
