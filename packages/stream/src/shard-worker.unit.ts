import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineBench } from './engine.fixture.ts';
import type { ShardId } from './state-store.ts';

const U0: ShardId = { kind: 'u', number: 0 };
const U1: ShardId = { kind: 'u', number: 1 };
let bench: EngineBench;

beforeEach(async () => {
  bench = new EngineBench();
  for (const partition of [0, 1]) await bench.append('first', partition, { user: 'a', timeMs: 1 });
});
afterEach(() => bench.stop());

describe('a worker', () => {
  test('runs exactly the shards that it was given', async () => {
    const worker = bench.start();
    worker.assign([1]);
    await bench.hasTaken(U1, 1);
    expect(worker.status()).toEqual([{ shard: 1, state: 'running', positions: [1, 0] }]);
    expect(bench.store.snapshot(U0).values.size).toBe(0);
    worker.assign([0]);
    await bench.hasTaken(U0, 1);
    await bench.until(() => worker.status().length === 1);
    expect(worker.status()[0]!.shard).toBe(0);
  });

  test('takes up a shard again that was taken away and given back before it had let go', async () => {
    const worker = bench.start();
    worker.assign([0]);
    await bench.hasTaken(U0, 1);
    worker.assign([]);
    worker.assign([0]);
    await bench.append('first', 0, { user: 'a', timeMs: 2 });
    await bench.hasTaken(U0, 2);
    expect(bench.told.filter((line) => line === 'claimed 0')).toHaveLength(2);
  });

  test('has finished everything when it has stopped, and takes nothing more', async () => {
    const worker = bench.start();
    worker.assign([0, 1]);
    await bench.hasTaken(U0, 1);
    await worker.stop();
    expect(worker.status()).toEqual([]);
    expect(bench.told.filter((line) => line === 'released')).toHaveLength(2);
    worker.assign([0]);
    expect(worker.status()).toEqual([]);
  });

  test('tells of a bug in a handler, because the process should end', async () => {
    const worker = bench.start();
    bench.handler.decode = () => {
      throw new TypeError('a bug');
    };
    worker.assign([0]);
    await expect(worker.failed).rejects.toThrow('a bug');
  });
});
