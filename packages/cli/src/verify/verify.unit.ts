import type { MemoryLog } from '@millrace/stream/memory-log';
import { MemoryStateStore } from '@millrace/stream/memory-state-store';
import { HEAD_KEY, shardName, type ShardId } from '@millrace/stream/state-store';
import { beforeEach, describe, expect, test } from 'vitest';
import { fill, memoryLog, openTestWire, runUntilLagIsZero, testEvents, type TestPipeline } from '../pipeline.fixture.ts';
import { stateDigest } from './state-digest.ts';
import { verifyPipeline } from './verify-pipeline.ts';

const SHARDS = 2;
const EVENTS = 300;

let log: MemoryLog;
let store: MemoryStateStore;
let pipeline: TestPipeline & { readonly store: MemoryStateStore };

beforeEach(async () => {
  const wire = await openTestWire(SHARDS, '');
  log = memoryLog(wire, SHARDS);
  store = new MemoryStateStore();
  pipeline = { log, store, wire, shards: SHARDS, prefix: '' };
  await fill(pipeline, testEvents(EVENTS));
  await runUntilLagIsZero(pipeline);
});

const u0: ShardId = { kind: 'u', number: 0 };
const i1: ShardId = { kind: 'i', number: 1 };

async function keysOf(shard: ShardId, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const page of store.keys(shard)) found.push(...page.filter((key) => key.startsWith(prefix)));
  return found.sort();
}

/** Changes a value behind the back of the pipeline. */
async function damage(shard: ShardId, key: string, change: (value: Buffer) => Buffer | null): Promise<void> {
  const { values, timers } = store.snapshot(shard);
  const changed = new Map(values);
  const value = change(Buffer.from(values.get(key)!));
  if (value === null) changed.delete(key);
  else changed.set(key, value);
  store.restore(shard, { values: changed, timers });
}

function flipBit(at: number): (value: Buffer) => Buffer {
  return (value) => {
    value[at]! ^= 1;
    return value;
  };
}

describe('verify', () => {
  test('says equal of what the workers left behind, and counts what it walked', async () => {
    const result = await verifyPipeline(pipeline);
    expect(result.shards.flatMap(({ differences }) => differences)).toEqual([]);
    expect(result.evidence).toMatchObject({ equal: true, problems: [], ahead: 0 });
    expect(result.equal).toBe(true);
    expect(result.events).toBe(EVENTS);
    expect(result.commits).toBeGreaterThan(SHARDS);
    expect(result.evidence!.derived).toBe(result.evidenceRecords);
    const stored = await stateDigest(store, SHARDS);
    expect(result.digest).toBe(stored.digest);
    expect(result.shards.map(({ shard, digest }) => ({ shard, digest }))).toEqual(stored.shards);
  });

  test('says equal of a pipeline that nobody has begun', async () => {
    const empty = { ...pipeline, log: memoryLog(pipeline.wire, SHARDS), store: new MemoryStateStore() };
    const result = await verifyPipeline(empty);
    expect(result).toMatchObject({ equal: true, commits: 0, keys: 0 });
    expect(result.shards.every(({ begun }) => !begun)).toBe(true);
  });

  test('names shard, entity and field of every single damaged bit of a profile', async () => {
    const [key] = await keysOf(u0, 'p:');
    const before = store.snapshot(u0);
    const { length } = before.values.get(key!)!;
    for (let at = 0; at < length; at++) {
      await damage(u0, key!, flipBit(at));
      const result = await verifyPipeline(pipeline, { only: [u0] });
      expect(result.equal).toBe(false);
      const [shard] = result.shards;
      expect(shard!.differenceCount).toBe(1);
      expect(shard!.differences[0]).toMatchObject({ shard: 'u0', key, entity: `user ${key!.slice(2)}`, kind: 'differs' });
      expect(shard!.differences[0]!.fields.length).toBeGreaterThan(0);
      expect(shard!.storedDigest).not.toBe(shard!.digest);
      store.restore(u0, before);
    }
  });

  test('says which count of which neighbour of an item is wrong', async () => {
    const [key] = await keysOf(i1, 'r:');
    // The first byte after the version belongs to the row's fixed totals.
    await damage(i1, key!, flipBit(4));
    const { shards } = await verifyPipeline(pipeline, { only: [i1] });
    const [difference] = shards[0]!.differences;
    expect(difference).toMatchObject({ shard: 'i1', key, entity: `item ${key!.slice(2)}`, kind: 'differs' });
    expect(difference!.fields[0]!.field).toMatch(/^(day|nVv|nVbTarget|nBb|trending)$/);
  });

  test('finds a key that is gone, one that nobody folds to, and a timer that was moved', async () => {
    const [gone] = await keysOf(u0, 'p:');
    await damage(u0, gone!, () => null);
    const { values, timers } = store.snapshot(u0);
    const [name, dueMs] = [...timers][0]!;
    store.restore(u0, {
      values: new Map([...values, ['p:stranger', Buffer.from('?')]]),
      timers: new Map([...timers, [name, dueMs + 1], ['nobody\0retention', 5]]),
    });
    const { shards } = await verifyPipeline(pipeline, { only: [u0] });
    const found = shards[0]!.differences.map(({ entity, kind }) => `${kind}: ${entity}`);
    const user = name.slice(0, name.indexOf('\0'));
    expect(found.sort()).toEqual(
      [
        `missing: user ${gone!.slice(2)}`,
        'unexpected: user stranger',
        'unexpected: retention timer of user nobody',
        `differs: retention timer of user ${user}`,
      ].sort(),
    );
  });

  test.for([u0, i1].flatMap((shard) => [0, 8, 9, 12, 17, 18].map((at) => ({ name: shardName(shard), shard, at }))))(
    'names the head when a byte of it is damaged: $name, byte $at',
    async ({ shard, at }) => {
      await damage(shard, HEAD_KEY, flipBit(at));
      const result = await verifyPipeline(pipeline, { only: [shard] });
      expect(result.equal).toBe(false);
      expect(result.shards[0]!.differences.map(({ entity }) => entity)).toContain('head of the shard');
      expect(result.shards[0]!.differences.find(({ key }) => key === HEAD_KEY)!.fields.length).toBeGreaterThan(0);
    },
  );

  test('tells a lost state from a shard that never began', async () => {
    await store.clear(u0);
    const { equal, shards, evidence } = await verifyPipeline(pipeline, { only: [u0] });
    expect(equal).toBe(false);
    // Whether the last batch of the journal was announced nobody can tell without a head.
    expect(evidence).toMatchObject({ equal: true });
    expect(evidence!.ahead).toBeGreaterThan(0);
    expect(shards[0]!.differences).toEqual([
      { shard: 'u0', key: 'head', entity: 'the whole state of the shard', kind: 'missing', fields: [] },
    ]);
  });

  test('finds evidence that nobody derives, and evidence that was said in another way', async () => {
    const { itemEvidence } = pipeline.wire.topics;
    const records = log.recordsOf(itemEvidence, 1).filter(({ value }) => !pipeline.wire.journalCodec.isEntry(value));
    const first = Buffer.from(records[0]!.value!);
    const changed = Buffer.from(first);
    changed[changed.length - 1]! ^= 1;
    const stranger = Buffer.from(first);
    // The byte after source shard and incarnation is the journal offset: that of the genesis, which announces nothing.
    stranger[pipeline.wire.evidencePrefix.length + 9] = 0;
    const append = (value: Buffer) => log.append([{ topic: itemEvidence, partition: 1, records: [{ key: null, value }] }]);
    await append(first);
    expect((await verifyPipeline(pipeline, { only: [u0] })).evidence).toMatchObject({ equal: true });
    await append(changed);
    await append(stranger);
    const { evidence } = await verifyPipeline(pipeline, { only: [u0, { kind: 'u', number: 1 }] });
    expect(evidence!.duplicates).toBe(2);
    const found = evidence!.problems.map(({ kind, shard }) => `${kind} ${shard}`);
    expect(found).toEqual(['differs i1', 'not-derived i1', 'out-of-order i1']);
  });

  test('finds evidence that is missing from the log', async () => {
    const { itemEvidence } = pipeline.wire.topics;
    const without = memoryLog(pipeline.wire, SHARDS);
    for (const topic of Object.values(pipeline.wire.topics)) {
      for (let partition = 0; partition < SHARDS; partition++) {
        const all = log.recordsOf(topic, partition);
        const kept = topic === itemEvidence && partition === 0 ? all.slice(0, -1) : all;
        if (kept.length > 0) await without.append([{ topic, partition, records: kept }]);
      }
    }
    const { evidence } = await verifyPipeline({ ...pipeline, log: without }, { only: [u0, { kind: 'u', number: 1 }] });
    expect(evidence!.problems.map(({ kind }) => kind)).toEqual(['missing']);
  });

  test('follows a store that moves while it is being read', async () => {
    let reads = 0;
    const moving: MemoryStateStore = Object.create(store, {
      read: {
        value: async (shard: ShardId, keys: readonly string[]) => {
          // After the head has been read once, the pipeline takes more before the values are read.
          if (++reads === 3) {
            await fill(pipeline, testEvents(300, EVENTS));
            await runUntilLagIsZero(pipeline);
          }
          return store.read(shard, keys);
        },
      },
    }) as MemoryStateStore;
    const result = await verifyPipeline({ ...pipeline, store: bound(moving, store) }, { only: [u0] });
    expect(result.shards[0]!.differences).toEqual([]);
    expect(result.equal).toBe(true);
  });
});

/** A store whose `read` is replaced; everything else is the original's own. */
function bound(replaced: MemoryStateStore, original: MemoryStateStore): MemoryStateStore {
  return new Proxy(original, {
    get: (target, name) => {
      const owner = name === 'read' ? replaced : target;
      const member: unknown = Reflect.get(owner, name, owner);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
