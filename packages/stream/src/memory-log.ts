import { AlarmError } from './errors.ts';
import type { Append, FetchedRecords, FetchPosition, Log, LogRecord, PartitionBounds, TopicPartition } from './log.ts';

interface MemoryPartition {
  first: number;
  records: LogRecord[];
}

/**
 * The in-memory twin of Kafka: partitions of records with positions, no group protocol. What it cannot show (leaders,
 * networks, time-outs) is left to the tests on the real broker; what it does show behaves as `log.suite.ts` says.
 */
export class MemoryLog implements Log {
  readonly #partitions = new Map<string, MemoryPartition>();
  readonly #nowMs: () => number;
  #waiting: (() => void)[] = [];

  /** @param nowMs the clock of the "broker": the timestamp that records get when they are appended. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  createTopic(topic: string, partitions: number): void {
    for (let partition = 0; partition < partitions; partition++) {
      this.#partitions.set(`${topic}/${partition}`, { first: 0, records: [] });
    }
  }

  async append(requests: readonly Append[]): Promise<number[]> {
    const firstOffsets = requests.map((request) => {
      const partition = this.#of(request);
      const firstOffset = partition.first + partition.records.length;
      request.records.forEach((record, i) => {
        partition.records.push({
          offset: firstOffset + i,
          timestampMs: this.#nowMs(),
          key: record.key,
          value: record.value,
          headers: record.headers === undefined ? undefined : asBuffers(record.headers),
        });
      });
      return firstOffset;
    });
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
    return firstOffsets;
  }

  async fetch(positions: readonly FetchPosition[], maxWaitMs: number): Promise<FetchedRecords[]> {
    let answer = positions.map((position) => this.#read(position));
    if (maxWaitMs > 0 && !answer.some((part) => part.records.length > 0 || part.outOfRange)) {
      await this.#appended(maxWaitMs);
      answer = positions.map((position) => this.#read(position));
    }
    return answer;
  }

  async bounds(partitions: readonly TopicPartition[]): Promise<PartitionBounds[]> {
    return partitions.map((wanted) => {
      const { first, records } = this.#of(wanted);
      return { first, next: first + records.length };
    });
  }

  /** Retention: forgets the records before `offset`. */
  truncateBefore(topic: string, partition: number, offset: number): void {
    const found = this.#of({ topic, partition });
    const dropped = Math.max(0, Math.min(offset - found.first, found.records.length));
    found.records.splice(0, dropped);
    found.first += dropped;
  }

  /** All records of a partition that are still there, for oracles and assertions. */
  recordsOf(topic: string, partition: number): readonly LogRecord[] {
    return this.#of({ topic, partition }).records;
  }

  #of({ topic, partition }: TopicPartition): MemoryPartition {
    const found = this.#partitions.get(`${topic}/${partition}`);
    if (found === undefined) {
      throw new AlarmError('topic-missing', `The topic ${topic} has no partition ${partition}; create it first.`);
    }
    return found;
  }

  #read(position: FetchPosition): FetchedRecords {
    const { first, records } = this.#of(position);
    const { topic, partition, offset } = position;
    const endOffset = first + records.length;
    const outOfRange = offset < first || offset > endOffset;
    const found: LogRecord[] = [];
    if (!outOfRange) {
      let bytes = 0;
      for (let i = offset - first; i < records.length; i++) {
        const record = records[i]!;
        bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
        // Like a broker, the first record is handed out however large it is.
        if (found.length > 0 && bytes > position.maxBytes) break;
        found.push(record);
      }
    }
    return { topic, partition, offset, records: found, nextOffset: offset + found.length, endOffset, outOfRange };
  }

  #appended(maxWaitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, maxWaitMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function asBuffers(headers: Readonly<Record<string, Buffer | string>>): Record<string, Buffer> {
  const result: Record<string, Buffer> = Object.create(null) as Record<string, Buffer>;
  for (const [name, value] of Object.entries(headers)) result[name] = Buffer.from(value as string);
  return result;
}
