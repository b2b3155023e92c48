import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineBench } from './engine.fixture.ts';
import { RetryableError } from './errors.ts';
import type { Append, Log } from './log.ts';
import type { ShardCommit, ShardId, StateStore } from './state-store.ts';

const U0: ShardId = { kind: 'u', number: 0 };
let bench: EngineBench;

beforeEach(() => {
  bench = new EngineBench();
});
afterEach(() => bench.stop());

/** The bench's log with some calls in between. */
function logWith(onAppend: (requests: readonly Append[], next: () => Promise<number[]>) => Promise<number[]>): Log {
  const { log } = bench;
  return {
    append: (requests) => onAppend(requests, () => log.append(requests)),
    fetch: (positions, maxWaitMs) => log.fetch(positions, maxWaitMs),
    bounds: (partitions) => log.bounds(partitions),
  };
}

/** The bench's store with commits of one's own. */
function storeWith(onCommit: (shard: ShardId, commit: ShardCommit, next: StateStore['commit']) => ReturnType<StateStore['commit']>): StateStore {
  const { store } = bench;
  const next: StateStore['commit'] = (shard, commit) => store.commit(shard, commit);
  return {
    read: (shard, keys) => store.read(shard, keys),
    dueTimers: (shard, dueUpToMs, limit) => store.dueTimers(shard, dueUpToMs, limit),
    commit: (shard, commit) => onCommit(shard, commit, next),
    own: (shard, owner) => store.own(shard, owner),
    peek: (shard, keys, bytes) => store.peek(shard, keys, bytes),
    countAttempt: (shard, token, mark) => store.countAttempt(shard, token, mark),
  };
}

describe('a batch', () => {
  test('is written down, then announced, then committed', async () => {
    const steps: string[] = [];
    const log = logWith((requests, next) => {
      steps.push(...requests.map(({ topic }) => topic));
      return next();
    });
    const store = storeWith((shard, commit, next) => {
      steps.push(commit.parentToken === null ? 'genesis' : 'commit');
      return next(shard, commit);
    });
    await bench.append('first', 0, { user: 'a', timeMs: 1 });
    bench.start({}, { log, store }).assign([0]);
    await bench.hasTaken(U0, 1);
    expect(steps).toEqual(['journal', 'genesis', 'journal', 'said', 'commit']);
    expect(bench.said(0)).toEqual(['1: first/0 at 1']);
  });

  test('is finished although the shard is taken away in the middle of it', async () => {
    let goOn = (): void => undefined;
    const log = logWith(async (requests, next) => {
      if (requests[0]!.topic === 'said') await new Promise<void>((resolve) => (goOn = resolve));
      return next();
    });
    await bench.append('first', 0, { user: 'a', timeMs: 1 });
    const worker = bench.start({}, { log });
    worker.assign([0]);
    await bench.until(() => bench.log.recordsOf('journal', 0).length === 2);
    await bench.until(() => goOn.length === 1);
    worker.assign([]);
    goOn();
    await bench.until(() => bench.told.includes('released'));
    expect(bench.user(U0, 'a')).toEqual({ events: 1, fired: [] });
  });

  test('whose commit was applied and never answered is counted once', async () => {
    let isFirst = true;
    const store = storeWith(async (shard, commit, next) => {
      const outcome = await next(shard, commit);
      if (commit.parentToken === null || !isFirst) return outcome;
      isFirst = false;
      throw new RetryableError('lost', 'no answer');
    });
    await bench.append('first', 0, { user: 'a', timeMs: 1 });
    bench.start({}, { store }).assign([0]);
    await bench.until(() => bench.told.filter((line) => line === 'claimed 0').length === 2);
    expect(bench.told).toContain('dropped lost');
    expect(bench.user(U0, 'a')).toEqual({ events: 1, fired: [] });
    expect(bench.said(0)).toHaveLength(1);
  });

  test('that another worker has journaled first is given up for the other one', async () => {
    let isFirst = true;
    const log = logWith(async (requests, next) => {
      if (requests[0]!.topic === 'journal' && bench.log.recordsOf('journal', 0).length > 0 && isFirst) {
        isFirst = false;
        // The other takes one record, where this worker has taken two.
        await bench.journal(0, { parent: bench.position(U0).token, ranges: [{ first: 0, count: 1 }, { first: 0, count: 0 }] });
      }
      return next();
    });
    await bench.append('first', 0, { user: 'a', timeMs: 1 }, { user: 'a', timeMs: 2 });
    bench.start({}, { log }).assign([0]);
    await bench.hasTaken(U0, 2);
    expect(bench.told).toEqual(['claimed 0', 'dropped journal-contended', 'redo 1', 'claimed 1', 'batch 1']);
    expect(bench.said(0)).toEqual(['1: first/0 at 1', '3: first/1 at 2']);
    expect(bench.user(U0, 'a')!.events).toBe(2);
  });

  test('whose journal entry was written twice stands at its first copy', async () => {
    const log = logWith(async (requests, next) => {
      const first = await next();
      return requests[0]!.topic === 'journal' && first[0]! > 0 ? next() : first;
    });
    await bench.append('first', 0, { user: 'a', timeMs: 1 });
    bench.start({}, { log }).assign([0]);
    await bench.hasTaken(U0, 1);
    expect(bench.position(U0).journalOffset).toBe(1);
    expect(bench.said(0)).toEqual(['1: first/0 at 1']);
  });

  test('whose journal entry got an offset that was given before raises an alarm: the log went back', async () => {
    const log = logWith(async (requests, next) => {
      const offsets = await next();
      return requests[0]!.topic === 'journal' && offsets[0]! > 0 ? [0] : offsets;
    });
    await bench.append('first', 0, { user: 'a', timeMs: 1 });
    bench.start({ alarmRetryMs: 60_000 }, { log }).assign([0]);
    await bench.until(() => bench.told.includes('alarm journal-lost-records'));
    expect(bench.said(0)).toEqual([]);
    expect(bench.user(U0, 'a')).toBeUndefined();
  });
});

describe('an idle shard', () => {
  test('notices that another worker has claimed it', async () => {
    bench.start().assign([0]);
    await bench.until(() => bench.told.includes('claimed 0'));
    await bench.store.own(U0, 'another');
    await bench.until(() => bench.told.includes('dropped owner-changed'));
  });

  test('carries out again what the store has forgotten', async () => {
    bench.start().assign([0]);
    await bench.until(() => bench.told.includes('claimed 0'));
    const before = bench.store.snapshot(U0);
    await bench.append('first', 0, { user: 'a', timeMs: 1 });
    await bench.hasTaken(U0, 1);
    bench.store.restore(U0, before);
    await bench.hasTaken(U0, 1);
    expect(bench.told).toContain('dropped head-moved');
    expect(bench.user(U0, 'a')!.events).toBe(1);
    expect(new Set(bench.said(0))).toEqual(new Set(['1: first/0 at 1']));
  });
});

describe('a record whose schema is unknown', () => {
  test('is waited for with an alarm, and is no dead letter', async () => {
    await bench.append('first', 0, { user: 'a', timeMs: 1 }, `schema 7 ${JSON.stringify({ user: 'b', timeMs: 2 })}`);
    bench.start().assign([0]);
    await bench.until(() => bench.told.includes('alarm schema-unknown'));
    expect(bench.position(U0).positions[0]).toBe(1);
    bench.handler.schemas.add(7);
    await bench.hasTaken(U0, 2);
    expect(bench.user(U0, 'b')!.events).toBe(1);
    expect(bench.told).not.toContain('dead unreadable');
  });
});

describe('a record that cannot be folded', () => {
  const poison = { user: 'p', timeMs: 2, isPoison: true };

  test('is left out after some tries, for everybody, and the others are not', async () => {
    await bench.append('first', 0, { user: 'a', timeMs: 1 }, poison, { user: 'a', timeMs: 3 });
    bench.start({ quarantineAfterAttempts: 3 }).assign([0]);
    await bench.hasTaken(U0, 3);
    expect(bench.told.filter((line) => line === 'dropped fold-failed').length).toBeGreaterThanOrEqual(3);
    expect(bench.user(U0, 'a')!.events).toBe(2);
    const [letter] = bench.log.recordsOf('dead', 0);
    expect(letter!.headers!['millrace-reason']!.toString()).toBe('quarantined');
    const omissions = bench.log.recordsOf('journal', 0).flatMap((record) => bench.journalCodec.decode(record).omissions);
    expect(omissions).toEqual([{ input: 0, offset: 1, reason: 'quarantined' }]);
  });

  test('is looked for one by one when workers die on it, and found in the store by the last of them', async () => {
    const worker = bench.start();
    worker.assign([0]);
    await bench.until(() => bench.told.includes('claimed 0'));
    await worker.stop();
    const { token } = bench.position(U0);
    await bench.store.countAttempt(U0, token, 'first/1/3');
    await bench.append('first', 0, { user: 'a', timeMs: 1 }, { user: 'killer', timeMs: 2 });
    bench.start().assign([0]);
    await bench.hasTaken(U0, 2);
    expect(bench.user(U0, 'killer')).toBeUndefined();
    expect(bench.told.filter((line) => line === 'dead quarantined')).toHaveLength(1);
  });

  // The record is named before its fold; a server that fails afterwards must not be counted against it.
  test('is not one that only stood there while a server was not able', async () => {
    let failures = 0;
    const store = storeWith((shard, commit, next) => {
      if (commit.parentToken === null || failures++ > 20) return next(shard, commit);
      return Promise.reject(new RetryableError('full', 'not now'));
    });
    const log = logWith(async (requests, next) => {
      // So that nothing is journaled, and the head stands still while one claim follows the other.
      if (requests[0]!.topic === 'journal' && bench.log.recordsOf('journal', 0).length > 0 && failures++ < 20) {
        throw new RetryableError('kafka-not-enough-replicas', 'not now');
      }
      return next();
    });
    await bench.append('first', 0, { user: 'a', timeMs: 1 }, { user: 'a', timeMs: 2 });
    bench.start({ quarantineAfterAttempts: 2 }, { log, store }).assign([0]);
    await bench.hasTaken(U0, 2);
    expect(failures).toBeGreaterThan(20);
    expect(bench.user(U0, 'a')!.events).toBe(2);
    expect(bench.told).not.toContain('dead quarantined');
  });
});
