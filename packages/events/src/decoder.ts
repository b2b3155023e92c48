import type avsc from 'avsc';
import type { ArticleCodes } from './article-codes.ts';
import { DEFAULT_ARTICLE_CODES } from './article-codes.ts';
import { isBounded } from './avro-bounds.ts';
import type { RecordContext } from './checks.ts';
import { Refusal } from './checks.ts';
import type { ValueReader } from './compiled-reader.ts';
import { compileReader } from './compiled-reader.ts';
import { MAX_ID_BYTES, MAX_RECORD_BYTES } from './limits.ts';
import type { OnNote } from './notes.ts';
import { readClick } from './read-click.ts';
import type { ParameterRanges } from './read-facts.ts';
import { readCatalogItem, readControl, readCustomer, readTombstone } from './read-facts.ts';
import { readJson } from './read-json.ts';
import { readOrder } from './read-order.ts';
import { PREFIX_BYTES, schemaIdOf } from './schema-prefix.ts';
import type { SchemaName, SchemaSet } from './schemas.ts';
import { compileSchema, loadSchemas } from './schemas.ts';
import { topicOnBroker } from './topics.ts';
import type { AnyEvent, DecodeOutcome } from './types.ts';
import type { WireCatalogItem, WireClick, WireControl, WireCustomer, WireOrder } from './wire.ts';

/** Where schemas of other writers come from: the registry. */
export interface SchemaSource {
  /**
   * The text of the Avro schema with this id, `undefined` when the registry has none, `null` when it has something
   * under that id that is no Avro schema.
   */
  schemaText(id: number): Promise<string | null | undefined>;
}

export interface DecoderOptions {
  /** Partition count of the keyed topics. */
  readonly partitions: number;
  /** Prefix of the topics on the broker. */
  readonly topicPrefix?: string | undefined;
  /** Default: what `schemas/` holds, with its fixed ids. */
  readonly schemas?: SchemaSet | undefined;
  /**
   * Ids and texts of writers' schemas that are known from the start. Default: every published version under its fixed
   * id. With a registry of its own ids: what that registry said.
   */
  readonly writers?: Iterable<readonly [id: number, text: string]> | undefined;
  /** Asked by {@link EventDecoder.resolveSchema}; without one, an unknown id stays unknown. */
  readonly source?: SchemaSource | undefined;
  readonly articleCodes?: ArticleCodes | undefined;
  /** What fold parameters may be set on `control`, with their ranges. Default: none. */
  readonly foldParameterRanges?: ParameterRanges | undefined;
  readonly onNote?: OnNote | undefined;
}

/** A record of an input topic, as the log gives it. */
export interface EncodedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer>> | undefined;
  /** The record's own timestamp (`LogAppendTime`), epoch milliseconds. */
  readonly timestampMs: number;
}

const INPUT_TOPICS = ['clickstream', 'purchases', 'customers', 'catalog', 'control'] as const satisfies readonly SchemaName[];
type InputTopic = (typeof INPUT_TOPICS)[number];

interface TopicReading {
  readonly type: avsc.Type;
  readonly toEvent: (wire: unknown, context: RecordContext) => AnyEvent;
  /** How to read a writer's values, by schema id; `incompatible` when its schema cannot be read as ours. */
  readonly byId: Map<number, ValueReader | 'incompatible'>;
}

const OPENING_BRACE = 0x7b;

/**
 * Decodes, checks and normalises the records of the input topics. Synchronous and without I/O: only
 * {@link resolveSchema} asks the registry. The same record gives the same outcome on every worker and in every replay.
 */
export class EventDecoder {
  readonly #topics = new Map<string, TopicReading>();
  /** Compiled schemas of writers; undefined under an id that is known to hold no Avro schema. */
  readonly #writers = new Map<number, avsc.Type | undefined>();
  readonly #partitions: number;
  readonly #source: SchemaSource | undefined;
  readonly #note: OnNote;
  readonly #noteUnknownField: () => void;
  readonly #customersTopic: string;

  constructor(options: DecoderOptions) {
    const schemas = options.schemas ?? loadSchemas();
    const codes = options.articleCodes ?? DEFAULT_ARTICLE_CODES;
    const ranges = options.foldParameterRanges ?? {};
    this.#partitions = options.partitions;
    this.#source = options.source;
    this.#note = options.onNote ?? ((): void => {});
    this.#noteUnknownField = (): void => this.#note('json-field-unknown');
    this.#customersTopic = topicOnBroker('customers', options.topicPrefix);
    const readers: Record<InputTopic, TopicReading['toEvent']> = {
      clickstream: (wire, context) => readClick(wire as WireClick, context),
      purchases: (wire, context) => readOrder(wire as WireOrder, context, codes),
      customers: (wire, context) => readCustomer(wire as WireCustomer, context),
      catalog: (wire, context) => readCatalogItem(wire as WireCatalogItem, context),
      control: (wire, context) => readControl(wire as WireControl, context, ranges),
    };
    for (const name of INPUT_TOPICS) {
      const type = compileSchema(schemas.texts[name]);
      this.#topics.set(topicOnBroker(name, options.topicPrefix), { type, toEvent: readers[name], byId: new Map() });
    }
    const writers = options.writers ?? schemas.history.map(({ id, text }) => [id, text] as const);
    for (const [id, text] of writers) this.#addWriter(id, text);
  }

  /**
   * What a record of an input topic is. Never throws for what a record holds.
   *
   * @param topic its name on the broker.
   * @throws Error when `topic` is no input topic: a mistake of the caller's.
   */
  decode(topic: string, record: EncodedRecord, partition: number): DecodeOutcome<AnyEvent> {
    const reading = this.#topics.get(topic);
    if (reading === undefined) throw new Error(`${topic} is no input topic, so its records are not decoded as events.`);
    const { key, value, timestampMs } = record;
    const context: RecordContext = { key, timestampMs, partition, partitions: this.#partitions, note: this.#note };
    try {
      if (key !== null && key.length > MAX_ID_BYTES) throw new Refusal('id-too-long', `key: over ${MAX_ID_BYTES} bytes`);
      if (value === null) {
        if (topic === this.#customersTopic) return { kind: 'event', event: readTombstone(context) };
        throw new Refusal('unreadable', 'value: missing');
      }
      if (value.length > MAX_RECORD_BYTES) throw new Refusal('too-large', `value: over ${MAX_RECORD_BYTES} bytes`);
      let wire: unknown;
      if (isJson(record, value)) {
        wire = readJson(reading.type, value, this.#noteUnknownField);
      } else {
        const schemaId = readSchemaId(value);
        const writer = reading.byId.get(schemaId) ?? this.#readingOf(reading, schemaId);
        if (writer === undefined) return { kind: 'unknown-schema', schemaId };
        wire = readAvro(writer, value);
      }
      return { kind: 'event', event: reading.toEvent(wire, context) };
    } catch (refusal) {
      if (refusal instanceof Refusal) return { kind: 'dead', reason: refusal.reason, detail: refusal.detail };
      throw refusal;
    }
  }

  /**
   * Asks the registry for the schema with this id. True when records with it can be decoded from now on (or are known
   * to be dead letters); false when the registry does not know it either.
   *
   * @throws RegistryError when the registry could not be asked.
   */
  async resolveSchema(id: number): Promise<boolean> {
    if (this.#writers.has(id)) return true;
    const text = await this.#source?.schemaText(id);
    if (text === undefined) return false;
    this.#addWriter(id, text);
    return true;
  }

  #addWriter(id: number, text: string | null): void {
    let type: avsc.Type | undefined;
    try {
      if (text !== null) type = compileSchema(text);
    } catch {
      // The registry holds something that our codec cannot compile: its records are dead letters, and say so.
    }
    this.#writers.set(id, type);
  }

  /** How to read a writer's values, worked out once per topic and schema id; undefined while the id is unknown. */
  #readingOf(reading: TopicReading, schemaId: number): ValueReader | 'incompatible' | undefined {
    if (!this.#writers.has(schemaId)) return undefined;
    const result = resolveWriter(reading.type, this.#writers.get(schemaId));
    reading.byId.set(schemaId, result);
    return result;
  }
}

function resolveWriter(reader: avsc.Type, writer: avsc.Type | undefined): ValueReader | 'incompatible' {
  if (writer === undefined) return 'incompatible';
  if (writer.equals(reader)) return compileReader(reader);
  try {
    const resolver = reader.createResolver(writer);
    return (bytes, at) => {
      // The general codec trusts the length of an array and would read on past the end, for hours if it says so.
      if (!isBounded(writer, bytes, at)) throw new RangeError("The bytes hold no value of the writer's schema.");
      return reader.decode(bytes, at, resolver).value as unknown;
    };
  } catch {
    return 'incompatible';
  }
}

function isJson(record: EncodedRecord, value: Buffer): boolean {
  if (value[0] === OPENING_BRACE) return true;
  const contentType = record.headers?.['content-type'];
  return contentType !== undefined && contentType.toString('latin1').trim().toLowerCase().startsWith('application/json');
}

function readSchemaId(value: Buffer): number {
  const id = schemaIdOf(value);
  if (id === undefined) throw new Refusal('unreadable', 'value: neither JSON nor Avro behind a zero byte and a schema id');
  return id;
}

function readAvro(reader: ValueReader | 'incompatible', value: Buffer): unknown {
  if (reader === 'incompatible') {
    throw new Refusal('schema-violation', "value: the writer's schema cannot be read as this topic's");
  }
  try {
    return reader(value, PREFIX_BYTES);
  } catch {
    throw new Refusal('unreadable', 'value: the bytes are no value of the schema that they name');
  }
}
