import { setTimeout as sleep } from 'node:timers/promises';
import { partitionOf, topicOnBroker } from '@millrace/events';
import { RetryableError } from '@millrace/stream/errors';
import type { Append, Log, NewRecord } from '@millrace/stream/log';
import type { LoadRecord } from './known-load.ts';

const BEAT_MS = 50;
const RETRY_MS = 200;

/** Puts a load into the topics at a steady rate for as long as it runs, whatever befalls the brokers. */
export class Feeder {
  readonly #log: Log;
  readonly #source: Iterator<LoadRecord, void>;
  readonly #shards: number;
  readonly #prefix: string;
  /** Events that the log has acknowledged. */
  readonly acknowledged = new Set<string>();
  #records = 0;
  #running: Promise<void> | undefined;
  #isStopping = false;

  constructor(log: Log, source: Iterator<LoadRecord, void>, shards: number, prefix: string) {
    this.#log = log;
    this.#source = source;
    this.#shards = shards;
    this.#prefix = prefix;
  }

  get records(): number {
    return this.#records;
  }

  start(recordsPerSecond: number): void {
    this.#isStopping = false;
    this.#running = this.#run(recordsPerSecond);
    // Thrown where the stop is awaited.
    this.#running.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  /** Appends so many records at once. */
  async feed(count: number): Promise<void> {
    const taken: LoadRecord[] = [];
    while (taken.length < count) {
      const next = this.#source.next();
      if (next.done === true) throw new Error('The load is used up: the scenario runs longer than it was made for.');
      taken.push(next.value);
    }
    await this.#append(taken);
  }

  async #run(recordsPerSecond: number): Promise<void> {
    const startedMs = performance.now();
    let fed = 0;
    while (!this.#isStopping) {
      const due = Math.floor(((performance.now() - startedMs) / 1_000) * recordsPerSecond) - fed;
      if (due > 0) {
        // Brokers that were away do not get all of it at once.
        const count = Math.min(due, recordsPerSecond);
        await this.feed(count);
        fed += due;
      }
      await sleep(BEAT_MS);
    }
  }

  /** Tries until it is in the log: what had been written before an error is written twice then, as by any producer. */
  async #append(taken: readonly LoadRecord[]): Promise<void> {
    const byPartition = new Map<string, { topic: string; partition: number; records: NewRecord[] }>();
    for (const { topic, key, record } of taken) {
      const place = { topic: topicOnBroker(topic, this.#prefix), partition: partitionOf(key, this.#shards) };
      const name = `${place.topic}/${place.partition}`;
      const target = byPartition.get(name) ?? { ...place, records: [] };
      target.records.push(record);
      byPartition.set(name, target);
    }
    const requests: Append[] = [...byPartition.values()];
    for (;;) {
      try {
        await this.#log.append(requests);
        break;
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        await sleep(RETRY_MS);
      }
    }
    this.#records += taken.length;
    for (const { eventId } of taken) if (eventId !== undefined) this.acknowledged.add(eventId);
  }
}
