import { compileSchema, loadSchemas, type SchemaName } from '@millrace/events';
import type { Log, LogRecord } from '@millrace/stream/log';

/** What the oracle needs of an event; read from the bytes by the schema, without the pipeline's decoder. */
export interface KnownEvent {
  readonly topic: 'clickstream' | 'purchases';
  readonly partition: number;
  readonly offset: number;
  readonly eventId: string;
  readonly user: string;
  readonly kind: string;
  /** Of a click. */
  readonly itemId: string | undefined;
  /** Of an order. */
  readonly lines: readonly { readonly itemId: string; readonly quantity: number; readonly unitPrice: number }[];
}

export interface UnreadableRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

export interface InputTopics {
  readonly clickstream: string;
  readonly purchases: string;
}

const PREFIX_BYTES = 5;
const READ_BYTES = 1_048_576;
const { texts } = loadSchemas();
const types = {
  clickstream: compileSchema(texts.clickstream),
  purchases: compileSchema(texts.purchases),
  recommendations: compileSchema(texts.recommendations),
};

/** All that is in a partition, with a check that the log has no hole. */
export async function readPartition(log: Log, topic: string, partition: number): Promise<LogRecord[]> {
  const [bounds] = await log.bounds([{ topic, partition }]);
  const records: LogRecord[] = [];
  for (let offset = bounds!.first; offset < bounds!.next; ) {
    const [part] = await log.fetch([{ topic, partition, offset, maxBytes: READ_BYTES }], 500);
    records.push(...part!.records);
    offset = part!.nextOffset;
  }
  records.forEach(({ offset }, i) => {
    if (offset !== bounds!.first + i) throw new Error(`${topic}/${partition} has a hole before offset ${offset}.`);
  });
  return records;
}

export async function readTopic(log: Log, topic: string, partitions: number): Promise<(LogRecord & { partition: number })[]> {
  const numbers = Array.from({ length: partitions }, (_, partition) => partition);
  const parts = await Promise.all(numbers.map((partition) => readPartition(log, topic, partition)));
  return parts.flatMap((records, partition) => records.map((record) => ({ ...record, partition })));
}

/** The events of both topics in the order of each partition, and what is no event. */
export async function readInputs(
  log: Log,
  topics: InputTopics,
  partitions: number,
): Promise<{ events: KnownEvent[]; unreadable: UnreadableRecord[] }> {
  const events: KnownEvent[] = [];
  const unreadable: UnreadableRecord[] = [];
  for (const name of ['clickstream', 'purchases'] as const) {
    for (const { partition, offset, key, value } of await readTopic(log, topics[name], partitions)) {
      const payload = decode(name, value!);
      if (payload === undefined || payload.timeMs < 0 || payload.userId !== key!.toString()) {
        unreadable.push({ topic: topics[name], partition, offset, value: value!.toString('latin1') });
        continue;
      }
      const { eventId, userId: user, itemId } = payload;
      const lines = payload.lines ?? [];
      events.push({ topic: name, partition, offset, eventId, user, kind: payload.kind ?? 'order', itemId: itemId ?? undefined, lines });
    }
  }
  return { events, unreadable };
}

/** A list as its subscribers read it. */
export interface KnownList {
  readonly id: string;
  readonly cause: { readonly topic: string; readonly partition: number; readonly offset: number; readonly eventId: string };
  readonly user: string;
  readonly placement: string;
  readonly items: readonly { readonly itemId: string }[];
}

export async function readLists(log: Log, topic: string, partitions: number): Promise<KnownList[]> {
  const records = await readTopic(log, topic, partitions);
  return records.map(({ value }) => decode('recommendations', value!) as unknown as KnownList);
}

interface Payload {
  readonly eventId: string;
  readonly timeMs: number;
  readonly kind?: string;
  readonly userId: string;
  readonly itemId?: string | null;
  readonly lines?: KnownEvent['lines'];
}

function decode(name: SchemaName & keyof typeof types, value: Buffer): Payload | undefined {
  try {
    if (value[0] === 0x7b) return JSON.parse(value.toString()) as Payload;
    return types[name].fromBuffer(value.subarray(PREFIX_BYTES)) as Payload;
  } catch {
    return undefined;
  }
}
