import type { Log } from '@millrace/stream/log';
import type { MemoryLog } from '@millrace/stream/memory-log';
import { MemoryStateStore } from '@millrace/stream/memory-state-store';
import type { ShardId } from '@millrace/stream/state-store';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { fill, memoryLog, openTestWire, runUntilLagIsZero, startWorkers, testEvents, untilLagIsZero, type TestPipeline } from '../pipeline.fixture.ts';
import { allShards, stateDigest } from '../verify/state-digest.ts';
import { verifyPipeline } from '../verify/verify-pipeline.ts';
import { rebuildShard } from './rebuild-shard.ts';

const SHARDS = 2;
const u1: ShardId = { kind: 'u', number: 1 };
const WRITE = { write: true, replace: false };

let pipeline: TestPipeline & { readonly log: MemoryLog; readonly store: MemoryStateStore };

beforeEach(async () => {
  const wire = await openTestWire(SHARDS, '');
  pipeline = { log: memoryLog(wire, SHARDS), store: new MemoryStateStore(), wire, shards: SHARDS, prefix: '' };
  await fill(pipeline, testEvents(300));
  await runUntilLagIsZero(pipeline);
});

describe('rebuild', () => {
  test('writes every shard of an emptied store, and workers bring them to where they were', async () => {
    const before = await stateDigest(pipeline.store, SHARDS);
    for (const shard of allShards(SHARDS)) {
      await pipeline.store.clear(shard);
      expect((await rebuildShard(pipeline, shard, WRITE)).outcome).toBe('written');
    }
    expect((await verifyPipeline(pipeline)).equal).toBe(true);
    await runUntilLagIsZero(pipeline);
    const after = await stateDigest(pipeline.store, SHARDS);
    // Item shards stand further on: the last batches of the user shards were announced a second time.
    const ofUsers = ({ shards }: typeof after): typeof shards => shards.filter(({ shard }) => shard.startsWith('u'));
    expect(ofUsers(after)).toEqual(ofUsers(before));
    expect((await verifyPipeline(pipeline)).equal).toBe(true);
  });

  test('leaves the last journaled batch to be announced by the worker that takes the shard up', async () => {
    await fill(pipeline, testEvents(100, 300));
    const { itemEvidence, journal } = pipeline.wire.topics;
    const { log } = pipeline;
    // A worker that dies right after its journal entry: neither the evidence nor the commit of that batch ever comes.
    const dying: Log = {
      append: (requests) => (requests[0]!.topic === journal ? log.append(requests) : new Promise(() => undefined)),
      fetch: (positions, maxWaitMs) => log.fetch(positions, maxWaitMs),
      bounds: (partitions) => log.bounds(partitions),
    };
    const journals = [{ topic: journal, partition: 0 }, { topic: journal, partition: 1 }];
    const before = await log.bounds(journals);
    startWorkers({ ...pipeline, log: dying });
    await vi.waitFor(async () => {
      const now = await log.bounds(journals);
      expect(now.every(({ next }, shard) => next > before[shard]!.next)).toBe(true);
    }, 120_000);
    const evidence = [{ topic: itemEvidence, partition: 0 }, { topic: itemEvidence, partition: 1 }];
    const unannounced = await log.bounds(evidence);
    for (const shard of allShards(SHARDS)) {
      await pipeline.store.clear(shard);
      await rebuildShard(pipeline, shard, WRITE);
    }
    await runUntilLagIsZero(pipeline);
    expect(await log.bounds(evidence)).not.toEqual(unannounced);
    expect((await verifyPipeline(pipeline)).equal).toBe(true);
  });

  test('changes nothing in a dry run', async () => {
    await pipeline.store.clear(u1);
    const { outcome, keys } = await rebuildShard(pipeline, u1, { write: false, replace: false });
    expect([outcome, keys > 10]).toEqual(['would-write', true]);
    expect(pipeline.store.snapshot(u1).values.size).toBe(0);
  });

  test('leaves a state alone, and replaces it with all that does not belong to it when told to', async () => {
    const { values, timers } = pipeline.store.snapshot(u1);
    pipeline.store.restore(u1, { values: new Map([...values, ['p:stranger', Buffer.from('?')]]), timers });
    expect((await rebuildShard(pipeline, u1, WRITE)).outcome).toBe('has-state');
    expect((await verifyPipeline(pipeline, { only: [u1] })).equal).toBe(false);
    expect((await rebuildShard(pipeline, u1, { write: true, replace: true })).outcome).toBe('written');
    expect((await verifyPipeline(pipeline, { only: [u1] })).equal).toBe(true);
  });

  test('finds nothing to fold where no worker has ever been', async () => {
    const empty = { ...pipeline, log: memoryLog(pipeline.wire, SHARDS), store: new MemoryStateStore() };
    expect((await rebuildShard(empty, u1, WRITE)).outcome).toBe('not-begun');
  });

  test('is taken up by the workers that stood without a state', async () => {
    const workers = startWorkers(pipeline);
    try {
      await untilLagIsZero(pipeline);
      await pipeline.store.clear(u1);
      await fill(pipeline, testEvents(200, 300));
      await rebuildShard(pipeline, u1, WRITE);
      await untilLagIsZero(pipeline);
    } finally {
      await workers.stop();
    }
    expect(await verifyPipeline(pipeline)).toMatchObject({ equal: true });
  });
});
