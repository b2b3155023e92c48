import {
  applyEvidence,
  DEFAULT_FOLD_PARAMETERS,
  emptyFoldNotes,
  ItemRow,
  ownedItems,
  type EvidenceHeader,
  type EvidenceRecord,
  type TopLists,
} from '@millrace/algorithms';
import type { FoldParametersEvent } from '@millrace/events';
import { AlarmError } from '@millrace/stream/errors';
import type { Entity, ShardFold, ShardScope } from '@millrace/stream/handler';
import type { Append } from '@millrace/stream/log';
import type { Timer } from '@millrace/stream/state-store';
import { catalogKey, idOfTimer, retentionTimer, rowKey, SOURCES_KEY, TOP_LISTS_KEY } from '../keys.ts';
import { catalogFactsOf, type CatalogFacts } from './catalog-facts.ts';
import type { ItemNumbers } from './item-numbers.ts';
import type { ItemShardEvent } from './item-stream.ts';
import type { ItemShardState } from './sources.ts';

const DAY_MS = 86_400_000;

/** The fold of one claimed item shard. It announces nothing: what it knows is read from its keys. */
export class ItemFold implements ShardFold<ItemShardEvent> {
  readonly shardKeys = [SOURCES_KEY, TOP_LISTS_KEY];
  readonly #scope: ShardScope;
  readonly #items: ItemNumbers;

  constructor(scope: ShardScope, items: ItemNumbers) {
    this.#scope = scope;
    this.#items = items;
  }

  keysOfTimer(name: string): readonly string[] {
    return [rowKey(idOfTimer(name))];
  }

  begin(): void {
    // Nothing is left over from one batch to the next.
  }

  fold(event: ItemShardEvent): void {
    if (event.type === 'evidence') this.#apply(event.record);
    else if (event.type === 'fold-parameters') this.#setParameters(event);
    else {
      const facts = this.#scope.entity<CatalogFacts | undefined>(catalogKey(event.itemId));
      facts.value = catalogFactsOf(event);
      this.#scope.touch(facts);
      this.#scope.note('catalog-item');
    }
  }

  /** Retention: an item that had evidence since the timer was set is looked at again later. */
  fire({ name }: Timer): void {
    const item = idOfTimer(name);
    const row = this.#scope.entity<ItemRow>(rowKey(item));
    if (row.value.day < 0) return;
    const dueMs = (row.value.day + this.#state.value.parameters.itemRetentionDays) * DAY_MS;
    if (dueMs > this.#scope.clockMs) {
      this.#scope.setTimer(name, dueMs);
      return;
    }
    row.value = new ItemRow(this.#items.interner);
    this.#scope.touch(row);
    const topLists = this.#scope.entity<TopLists>(TOP_LISTS_KEY);
    topLists.value.remove(this.#items.interner.intern(item));
    this.#scope.touch(topLists);
    this.#scope.note('item-retired');
  }

  announcements(): Append[] {
    return [];
  }

  render(): Promise<Append[]> {
    return Promise.resolve([]);
  }

  announced(): void {
    // Nothing was announced.
  }

  get #state(): Entity<ItemShardState> {
    return this.#scope.entity<ItemShardState>(SOURCES_KEY);
  }

  #apply(record: EvidenceRecord): void {
    const state = this.#state;
    if (!this.#isNews(state.value, record.header)) {
      this.#scope.note('evidence-duplicate');
      return;
    }
    this.#scope.touch(state);
    const { parameters } = state.value;
    const touched: ItemRow[] = [];
    const rowOf = (id: number): ItemRow => {
      const row = this.#scope.entity<ItemRow>(this.#items.rowKeyOf(id));
      this.#scope.touch(row);
      if (row.value.day < 0) {
        const dueMs = this.#scope.clockMs + parameters.itemRetentionDays * DAY_MS;
        this.#scope.setTimer(retentionTimer(this.#items.interner.text(id)), dueMs);
      }
      touched.push(row.value);
      return row.value;
    };
    const notes = emptyFoldNotes();
    applyEvidence(record, rowOf, parameters, notes);
    const topLists = this.#scope.entity<TopLists>(TOP_LISTS_KEY);
    ownedItems(record).forEach((id, i) => topLists.value.touch(id, touched[i]!, parameters));
    this.#scope.touch(topLists);
    this.#scope.note('evidence-applied');
    if (notes.capTrims > 0) this.#scope.note('neighbours-capped', notes.capTrims);
    if (notes.lateTouches > 0) this.#scope.note('evidence-late', notes.lateTouches);
  }

  /** Parts of one source come in the order (journal offset, part); what is not newer was applied before. */
  #isNews({ sources }: ItemShardState, header: EvidenceHeader): boolean {
    const { sourceShard, incarnation, part, ordersTotal, ordersDay } = header;
    const journalOffset = Number(header.journalOffset);
    const last = sources.get(sourceShard);
    if (last === undefined) {
      sources.set(sourceShard, { incarnation, journalOffset, part, ordersTotal, ordersDay });
      return true;
    }
    if (!last.incarnation.equals(incarnation)) {
      throw new AlarmError(
        'incarnation-unknown',
        `Evidence of user shard ${sourceShard} comes from another incarnation of its journal than what was applied so far: the journal topic was created anew. See the runbook "journal and state do not match".`,
      );
    }
    if (journalOffset < last.journalOffset || (journalOffset === last.journalOffset && part <= last.part)) return false;
    Object.assign(last, { journalOffset, part, ordersTotal, ordersDay });
    return true;
  }

  #setParameters({ version, values }: FoldParametersEvent): void {
    const state = this.#state;
    if (version <= state.value.parameters.version) return;
    state.value.parameters = { ...DEFAULT_FOLD_PARAMETERS, ...values, version };
    this.#scope.touch(state);
    this.#scope.note('parameters-set');
  }
}
