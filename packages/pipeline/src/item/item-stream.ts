import {
  decodeEvidence,
  decodeRow,
  encodeRow,
  ByteWriter,
  ItemRow,
  MalformedBytesError,
  newestDay,
  ownedItems,
  TopLists,
  type EvidenceRecord,
} from '@millrace/algorithms';
import type { CatalogEvent, EventDecoder, FoldParametersEvent } from '@millrace/events';
import { AlarmError } from '@millrace/stream/errors';
import type { Decoded, EntityCodec, ShardFold, ShardScope, StreamHandler, StreamSpec } from '@millrace/stream/handler';
import type { LogRecord } from '@millrace/stream/log';
import { catalogKey } from '../keys.ts';
import { learnSchema } from '../learn-schema.ts';
import { catalogFactsCodec } from './catalog-facts.ts';
import { ItemFold } from './item-fold.ts';
import { ItemNumbers } from './item-numbers.ts';
import { itemShardStateCodec } from './sources.ts';

/** Names on the broker. */
export interface ItemTopics {
  readonly itemEvidence: string;
  readonly catalog: string;
  readonly control: string;
  readonly deadLetters: string;
}

export interface ItemStreamParts {
  readonly topics: ItemTopics;
  readonly decoder: EventDecoder;
  readonly evidencePrefix: Buffer;
}

export type ItemShardEvent =
  | { readonly type: 'evidence'; readonly record: EvidenceRecord }
  | FoldParametersEvent
  | CatalogEvent;

/** Grows when the same evidence would fold to another state than before. */
export const ITEM_FOLD_VERSION = 1;

const DAY_MS = 86_400_000;
const EVIDENCE = 0;

/**
 * Everything that belongs to an item: totals and neighbours of the three tables, top lists, catalog facts. Its state is
 * a function of its evidence log, which is its journal; catalog facts stand beside it and never enter a count.
 */
export class ItemStream implements StreamHandler<ItemShardEvent> {
  readonly spec: StreamSpec;
  readonly codecs: Readonly<Record<string, EntityCodec<never>>>;
  readonly #parts: ItemStreamParts;
  readonly #items = new ItemNumbers();

  constructor(parts: ItemStreamParts) {
    this.#parts = parts;
    this.spec = {
      name: 'item-stream',
      kind: 'i',
      inputs: [parts.topics.itemEvidence, parts.topics.catalog],
      journal: null,
      deadLetters: parts.topics.deadLetters,
      downstream: null,
      foldVersion: ITEM_FOLD_VERSION,
    };
    const { interner } = this.#items;
    // One for all rows: a commit encodes hundreds of them.
    const writer = new ByteWriter();
    const rows: EntityCodec<ItemRow> = {
      decode: (bytes) => (bytes === null ? new ItemRow(interner) : decodeRow(bytes, interner)),
      // A row without a day has no evidence: it was forgotten, or never was.
      encode: (row) => {
        if (row.day < 0) return null;
        writer.length = 0;
        encodeRow(row, writer);
        return writer.take();
      },
    };
    const topLists: EntityCodec<TopLists> = {
      decode: (bytes) => (bytes === null ? new TopLists(interner) : TopLists.decode(bytes, interner)),
      encode: (lists) => lists.encode(),
    };
    this.codecs = {
      r: rows as EntityCodec<never>,
      t: topLists as EntityCodec<never>,
      c: catalogFactsCodec as EntityCodec<never>,
      s: itemShardStateCodec as EntityCodec<never>,
    };
  }

  decode(input: number, record: LogRecord, partition: number): Decoded<ItemShardEvent> {
    if (input === EVIDENCE && startsWith(record.value, this.#parts.evidencePrefix)) return this.#decodeEvidence(record, partition);
    // Fold parameters that a user shard passed on stand in the evidence log as the control records that they are.
    const topic = input === EVIDENCE ? this.#parts.topics.control : this.#parts.topics.catalog;
    const outcome = this.#parts.decoder.decode(topic, record, partition);
    if (outcome.kind === 'unknown-schema') return { kind: 'wait', schemaId: outcome.schemaId };
    if (outcome.kind === 'dead') {
      if (input === EVIDENCE) throw unreadable(this.#parts.topics.itemEvidence, partition, record.offset, outcome.detail);
      return outcome;
    }
    const event = outcome.event as FoldParametersEvent | CatalogEvent;
    // Neither moves the clock: a shard's time comes from evidence alone.
    return { kind: 'event', event, timeMs: 0, keys: event.type === 'catalog' ? [catalogKey(event.itemId)] : [] };
  }

  learnSchema(schemaId: number): Promise<boolean> {
    return learnSchema(this.#parts.decoder, schemaId);
  }

  open(scope: ShardScope): ShardFold<ItemShardEvent> {
    return new ItemFold(scope, this.#items);
  }

  #decodeEvidence(logRecord: LogRecord, partition: number): Decoded<ItemShardEvent> {
    try {
      const record = decodeEvidence(logRecord.value!.subarray(this.#parts.evidencePrefix.length), this.#items.interner);
      const keys = Array.from(ownedItems(record), (id) => this.#items.rowKeyOf(id));
      return { kind: 'event', event: { type: 'evidence', record }, timeMs: newestDay(record) * DAY_MS, keys };
    } catch (error) {
      if (!(error instanceof MalformedBytesError)) throw error;
      throw unreadable(this.#parts.topics.itemEvidence, partition, logRecord.offset, error.message);
    }
  }
}

function startsWith(value: Buffer | null, prefix: Buffer): boolean {
  return value !== null && value.length >= prefix.length && value.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

/** Evidence is our own: what cannot be read of it is no bad input but a broken log or a newer program. */
function unreadable(topic: string, partition: number, offset: number, detail: string): AlarmError {
  return new AlarmError(
    'evidence-unreadable',
    `${topic}/${partition} offset ${offset} cannot be read as evidence (${detail}). A newer program wrote it, or somebody else writes to this topic.`,
  );
}
