import type avsc from 'avsc';
import type { ValueReader } from './compiled-reader.ts';
import { compileReader } from './compiled-reader.ts';
import { RecommendationsWriter } from './recommendations-writer.ts';
import { PREFIX_BYTES, schemaIdOf } from './schema-prefix.ts';
import type { SchemaIds, SchemaName, SchemaSet } from './schemas.ts';
import { compileSchema, forEachSchema, loadSchemas } from './schemas.ts';
import type {
  EvidenceEnvelope,
  Incarnation,
  WireCatalogItem,
  WireClick,
  WireControl,
  WireCustomer,
  WireDecision,
  WireOrder,
  WireRecommendations,
  WireSegmentChange,
} from './wire.ts';

const FIRST_SCRATCH_BYTES = 65_536;

export interface EncoderOptions {
  /** Default: what `schemas/` holds. */
  readonly schemas?: SchemaSet | undefined;
  /** The ids to write. Default: the fixed ones; with a registry of its own ids, those. */
  readonly ids?: SchemaIds | undefined;
}

/**
 * Writes events as Avro behind a zero byte and the schema's id, as producers, tests and the pipeline's outputs need
 * them. An encoder throws what the codec says when a value does not fit its schema: a mistake of the caller's.
 */
export class EventEncoder {
  readonly #types: Readonly<Record<SchemaName, avsc.Type>>;
  readonly #readers: Readonly<Record<SchemaName, ValueReader>>;
  readonly #ids: SchemaIds;
  readonly #recommendations: RecommendationsWriter;
  #scratch = Buffer.allocUnsafeSlow(FIRST_SCRATCH_BYTES);

  constructor(options: EncoderOptions = {}) {
    const schemas = options.schemas ?? loadSchemas();
    this.#types = forEachSchema((name) => compileSchema(schemas.texts[name]));
    this.#readers = forEachSchema((name) => compileReader(this.#types[name]));
    this.#ids = options.ids ?? schemas.ids;
    this.#recommendations = new RecommendationsWriter(this.#ids.recommendations);
  }

  encodeClick(click: WireClick): Buffer {
    return this.#encode('clickstream', click);
  }

  encodeOrder(order: WireOrder): Buffer {
    return this.#encode('purchases', order);
  }

  encodeCustomer(customer: WireCustomer): Buffer {
    return this.#encode('customers', customer);
  }

  encodeCatalog(item: WireCatalogItem): Buffer {
    return this.#encode('catalog', item);
  }

  encodeControl(control: WireControl): Buffer {
    return this.#encode('control', control);
  }

  encodeRecommendations(list: WireRecommendations): Buffer {
    return this.#recommendations.encode(list);
  }

  /** @throws Error when the bytes are no list of this version. */
  decodeRecommendations(bytes: Buffer): WireRecommendations {
    return this.#decode('recommendations', bytes) as WireRecommendations;
  }

  encodeEvidenceEnvelope(envelope: EvidenceEnvelope): Buffer {
    return this.#encode('item-evidence', envelope);
  }

  /** @throws Error when the bytes are no evidence of this version. */
  decodeEvidenceEnvelope(bytes: Buffer): EvidenceEnvelope {
    return this.#decode('item-evidence', bytes) as EvidenceEnvelope;
  }

  encodeIncarnation(incarnation: Incarnation): Buffer {
    return this.#encode('incarnation', incarnation);
  }

  /** Is this an incarnation record? On a topic that begins with one, everything else is something else. */
  isIncarnation(bytes: Buffer): boolean {
    return schemaIdOf(bytes) === this.#ids.incarnation;
  }

  /** @throws Error when the bytes are no incarnation record. */
  decodeIncarnation(bytes: Buffer): Incarnation {
    return this.#decode('incarnation', bytes) as Incarnation;
  }

  encodeSegmentChange(change: WireSegmentChange): Buffer {
    return this.#encode('segment-changes', change);
  }

  encodeDecision(decision: WireDecision): Buffer {
    return this.#encode('decisions', decision);
  }

  #encode(name: SchemaName, value: unknown): Buffer {
    const type = this.#types[name];
    let end = type.encode(value, this.#scratch, PREFIX_BYTES);
    if (end < 0) {
      // The codec answers how many bytes were missing.
      this.#scratch = Buffer.allocUnsafeSlow(2 * (this.#scratch.length - end));
      end = type.encode(value, this.#scratch, PREFIX_BYTES);
    }
    this.#scratch[0] = 0;
    this.#scratch.writeUInt32BE(this.#ids[name], 1);
    return Buffer.from(this.#scratch.subarray(0, end));
  }

  #decode(name: SchemaName, bytes: Buffer): unknown {
    if (schemaIdOf(bytes) !== this.#ids[name]) {
      throw new Error(`A record is no value of schema ${this.#ids[name]} (${name}).`);
    }
    return this.#readers[name](bytes, PREFIX_BYTES);
  }
}
