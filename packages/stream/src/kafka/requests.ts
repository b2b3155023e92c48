/**
 * The four requests of the data path, each in one version that every broker from 2.3 to 4.x speaks.
 * Source: https://kafka.apache.org/protocol.html#protocol_messages
 */

import { WireReader, WireWriter } from './wire.ts';

/** One request with its way to read the answer. */
export interface KafkaRequest<T> {
  readonly api: KafkaApi;
  readonly body: Buffer;
  readonly decode: (reader: WireReader) => T;
  /** How long the broker itself may take before it answers; on top of the time-out of every request. */
  readonly brokerWaitMs: number;
}

export interface KafkaApi {
  readonly name: string;
  readonly key: number;
  readonly version: number;
}

const PRODUCE: KafkaApi = { name: 'Produce', key: 0, version: 7 };
const FETCH: KafkaApi = { name: 'Fetch', key: 1, version: 11 };
const LIST_OFFSETS: KafkaApi = { name: 'ListOffsets', key: 2, version: 2 };
const METADATA: KafkaApi = { name: 'Metadata', key: 3, version: 6 };

/** All that a broker must speak. */
export const NEEDED_APIS: readonly KafkaApi[] = [PRODUCE, FETCH, LIST_OFFSETS, METADATA];

const ALL_IN_SYNC_REPLICAS = -1;
const NO_REPLICA = -1;
const READ_UNCOMMITTED = 0;
const NO_EPOCH = -1;
const NO_SESSION_EPOCH = -1;

export interface NodeAddress {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface TopicMetadata {
  readonly errorCode: number;
  readonly topic: string;
  /** Leader by partition; -1 while there is none. */
  readonly leaders: ReadonlyMap<number, number>;
}

export interface Metadata {
  readonly nodes: readonly NodeAddress[];
  readonly topics: readonly TopicMetadata[];
}

export function metadataRequest(topics: readonly string[]): KafkaRequest<Metadata> {
  const writer = new WireWriter().int32(topics.length);
  for (const topic of topics) writer.string(topic);
  writer.int8(0); // never create a topic by asking for it
  return { api: METADATA, body: writer.finish(), decode: readMetadata, brokerWaitMs: 0 };
}

function readMetadata(reader: WireReader): Metadata {
  reader.int32(); // throttle time
  const nodes = reader.array((node) => {
    const address = { nodeId: node.int32(), host: node.string(), port: node.int32() };
    node.nullableString(); // rack
    return address;
  });
  reader.nullableString(); // cluster id
  reader.int32(); // controller
  const topics = reader.array((entry) => {
    const errorCode = entry.int16();
    const topic = entry.string();
    entry.int8(); // internal
    const leaders = new Map<number, number>();
    entry.array((part) => {
      part.int16(); // without a leader the field below says so
      leaders.set(part.int32(), part.int32());
      for (let list = 0; list < 3; list++) part.array((replica) => replica.int32()); // replicas, in sync, offline
    });
    return { errorCode, topic, leaders };
  });
  return { nodes, topics };
}

export const EARLIEST = -2;
export const LATEST = -1;

export interface OffsetAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly offset: number;
}

export interface Partition {
  readonly topic: string;
  readonly partition: number;
}

/** Asks for the earliest or the latest offset of each partition. */
export function listOffsetsRequest(partitions: readonly Partition[], which: typeof EARLIEST | typeof LATEST): KafkaRequest<OffsetAnswer[]> {
  const writer = new WireWriter().int32(NO_REPLICA).int8(READ_UNCOMMITTED);
  writeByTopic(writer, partitions, ({ partition }) => writer.int32(partition).int64(which));
  return { api: LIST_OFFSETS, body: writer.finish(), decode: readOffsets, brokerWaitMs: 0 };
}

function readOffsets(reader: WireReader): OffsetAnswer[] {
  reader.int32(); // throttle time
  const answers: OffsetAnswer[] = [];
  reader.array((entry) => {
    const topic = entry.string();
    entry.array((part) => {
      const partition = part.int32();
      const errorCode = part.int16();
      part.int64(); // timestamp
      answers.push({ topic, partition, errorCode, offset: part.int64() });
    });
  });
  return answers;
}

export interface ProduceBatch extends Partition {
  readonly batch: Buffer;
}

export interface ProduceAnswer extends Partition {
  readonly errorCode: number;
  readonly baseOffset: number;
}

/** Appends one batch to each partition; the answer comes when all in-sync replicas have them, or after `timeoutMs`. */
export function produceRequest(batches: readonly ProduceBatch[], timeoutMs: number): KafkaRequest<ProduceAnswer[]> {
  let expectedBytes = 64;
  for (const { topic, batch } of batches) expectedBytes += 3 * topic.length + 16 + batch.length;
  const writer = new WireWriter(expectedBytes).nullString().int16(ALL_IN_SYNC_REPLICAS).int32(timeoutMs);
  writeByTopic(writer, batches, ({ partition, batch }) => writer.int32(partition).bytes(batch));
  return { api: PRODUCE, body: writer.finish(), decode: readProduceAnswers, brokerWaitMs: timeoutMs };
}

function readProduceAnswers(reader: WireReader): ProduceAnswer[] {
  const answers: ProduceAnswer[] = [];
  reader.array((entry) => {
    const topic = entry.string();
    entry.array((part) => {
      const partition = part.int32();
      const errorCode = part.int16();
      answers.push({ topic, partition, errorCode, baseOffset: part.int64() });
      part.int64(); // append time
      part.int64(); // first offset of the log
    });
  });
  return answers;
}

export interface FetchPart extends Partition {
  readonly offset: number;
  readonly maxBytes: number;
}

export interface FetchAnswer extends Partition {
  readonly errorCode: number;
  readonly highWatermark: number;
  /** Record batches as they lie in the log; a view of the response. */
  readonly records: Buffer;
}

/** Reads each partition from its offset; answers as soon as there is a byte, at the latest after `maxWaitMs`. */
export function fetchRequest(parts: readonly FetchPart[], maxWaitMs: number, maxBytes: number): KafkaRequest<FetchAnswer[]> {
  const writer = new WireWriter().int32(NO_REPLICA).int32(maxWaitMs).int32(1).int32(maxBytes).int8(READ_UNCOMMITTED);
  writer.int32(0).int32(NO_SESSION_EPOCH);
  writeByTopic(writer, parts, ({ partition, offset, maxBytes: partMaxBytes }) =>
    writer.int32(partition).int32(NO_EPOCH).int64(offset).int64(NO_EPOCH).int32(partMaxBytes),
  );
  writer.int32(0).string(''); // nothing to forget in a session; no rack
  return { api: FETCH, body: writer.finish(), decode: readFetchAnswers, brokerWaitMs: maxWaitMs };
}

function readFetchAnswers(reader: WireReader): FetchAnswer[] {
  reader.int32(); // throttle time
  reader.int16(); // error of the session, which we do not have
  reader.int32(); // session id
  const answers: FetchAnswer[] = [];
  reader.array((entry) => {
    const topic = entry.string();
    entry.array((part) => {
      const partition = part.int32();
      const errorCode = part.int16();
      const highWatermark = part.int64();
      part.int64(); // last stable offset
      part.int64(); // first offset of the log
      part.array((aborted) => aborted.int64() + aborted.int64());
      part.int32(); // preferred read replica
      answers.push({ topic, partition, errorCode, highWatermark, records: part.bytes() });
    });
  });
  return answers;
}

/** An array of topics, each with an array of its entries; topics in the order of their first entry. */
function writeByTopic<T extends Partition>(writer: WireWriter, entries: readonly T[], write: (entry: T) => void): void {
  const byTopic = new Map<string, T[]>();
  for (const entry of entries) {
    const same = byTopic.get(entry.topic);
    if (same === undefined) byTopic.set(entry.topic, [entry]);
    else same.push(entry);
  }
  writer.int32(byTopic.size);
  for (const [topic, same] of byTopic) {
    writer.string(topic).int32(same.length);
    for (const entry of same) write(entry);
  }
}
