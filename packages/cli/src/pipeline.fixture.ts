import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ItemStream, openWireTools, replayHandler, type PipelineEvent, type WireTools } from '@millrace/pipeline';
import { systemClock } from '@millrace/stream/clock';
import { DEFAULT_ENGINE_OPTIONS } from '@millrace/stream/engine';
import type { StreamHandler } from '@millrace/stream/handler';
import { TOKEN_BYTES } from '@millrace/stream/journal';
import type { Log } from '@millrace/stream/log';
import { MemoryLog } from '@millrace/stream/memory-log';
import { silentObserver } from '@millrace/stream/observer';
import { ShardWorker } from '@millrace/stream/shard-worker';
import type { StateStore } from '@millrace/stream/state-store';
import { avroRecords, fillTopics, generatedLoad } from '@millrace/testkit/load/index';
import { streamProgress } from '@millrace/testkit/pipeline/index';
import type { WireEvent } from '@millrace/testkit/shop/index';
import { topicOnBroker } from '@millrace/events';

/** Where a pipeline of a test lives. */
export interface TestPipeline {
  readonly log: Log;
  readonly store: StateStore;
  readonly wire: WireTools;
  readonly shards: number;
  readonly prefix: string;
}

export function openTestWire(shards: number, prefix: string): Promise<WireTools> {
  return openWireTools({ topicPrefix: prefix, shards });
}

/** A log in memory with the topics of a pipeline. */
export function memoryLog({ topics }: WireTools, shards: number): MemoryLog {
  const log = new MemoryLog(() => Date.now());
  for (const topic of Object.values(topics)) log.createTopic(topic, shards);
  return log;
}

/**
 * Generated sessions with orders, and a catalog that names some of the items.
 *
 * @param after events of the same load that were taken before
 */
export function* testEvents(events: number, after = 0): Generator<WireEvent, void, undefined> {
  for (let rank = 0; rank < 20; rank++) {
    const itemId = `i${String(rank).padStart(7, '0')}`;
    const payload = { timeMs: 0, itemId, name: `Item number ${rank}`, available: true };
    yield { topic: 'catalog', key: itemId, timeMs: 0, payload, events: 0 };
  }
  let taken = 0;
  for (const event of generatedLoad({ users: 60, items: 400, events: after + events, seed: 7 })) {
    if (taken >= after) yield event;
    taken += event.events;
  }
}

export async function fill(pipeline: TestPipeline, events: Iterable<WireEvent>): Promise<number> {
  const { log, shards, prefix, wire } = pipeline;
  const filled = await fillTopics(log, events, {
    partitions: shards,
    encode: avroRecords(wire.encoder),
    topicName: (topic) => topicOnBroker(topic, prefix),
  });
  return filled.events;
}

/** The workers of both streams in this process, until they have taken everything there is. */
export async function runUntilLagIsZero(pipeline: TestPipeline): Promise<void> {
  const workers = startWorkers(pipeline);
  try {
    await untilLagIsZero(pipeline);
  } finally {
    await workers.stop();
  }
}

/** Lists need nothing of these tests, so user shards run on the handler that renders none. */
export function startWorkers({ log, store, wire, shards }: TestPipeline): { stop(): Promise<void> } {
  const handlers: StreamHandler<PipelineEvent>[] = [new ItemStream(wire), replayHandler('u', wire, shards)];
  const workers = handlers.map((handler) => {
    const worker = new ShardWorker<PipelineEvent>({
      handler,
      log,
      store,
      clock: systemClock,
      observer: silentObserver,
      journalCodec: wire.journalCodec,
      newToken: () => randomBytes(TOKEN_BYTES),
      workerName: `test-${handler.spec.kind}`,
      options: { ...DEFAULT_ENGINE_OPTIONS, batchLimitRecords: 100, alarmRetryMs: 100, idleCheckMs: 50 },
    });
    worker.start();
    worker.assign(Array.from({ length: shards }, (_, number) => number));
    return worker;
  });
  return { stop: async () => void (await Promise.all(workers.map((worker) => worker.stop()))) };
}

/** Waits until both streams have read everything; the item stream last, because the user stream writes to it. */
export async function untilLagIsZero({ log, store, wire, shards }: TestPipeline): Promise<void> {
  for (const kind of ['u', 'i'] as const) {
    const { inputs } = replayHandler(kind, wire, shards).spec;
    for (;;) {
      const { lagRecords, begun } = await streamProgress(log, store, kind, shards, inputs);
      if (lagRecords === 0 && begun === shards) break;
      await sleep(20);
    }
  }
}
