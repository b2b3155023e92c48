import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineBench } from './engine.fixture.ts';
import { digestOf, readShardState } from './shard-digest.ts';
import type { ShardPosition } from './shard-head.ts';
import { ShardReplay } from './shard-replay.ts';
import type { ShardId } from './state-store.ts';

const U0: ShardId = { kind: 'u', number: 0 };
let bench: EngineBench;
let afterTwo: ShardPosition;

beforeEach(async () => {
  bench = new EngineBench();
  const worker = bench.start({ batchLimitRecords: 2, quarantineAfterAttempts: 1 });
  worker.assign([0]);
  await bench.append('first', 0, { user: 'a', timeMs: 1, dueMs: 6 }, { user: 'b', timeMs: 3 });
  await bench.hasTaken(U0, 2);
  afterTwo = bench.position(U0);
  await bench.append('second', 0, { user: 'b', timeMs: 4 }, 'broken', { user: 'p', timeMs: 5, isPoison: true });
  await bench.append('first', 0, { user: 'c', timeMs: 8 });
  await bench.hasTaken(U0, 3, 3);
  await worker.stop();
});
afterEach(() => bench.stop());

function begin(): ReturnType<typeof ShardReplay.begin> {
  return ShardReplay.begin(bench.parts(), U0);
}

describe('a replay along the journal', () => {
  test('arrives at the state of the shard, byte for byte', async () => {
    const replay = await begin();
    await replay.advanceTo(bench.position(U0));
    const [live, replayed] = [await readShardState(bench.store, U0), await readShardState(replay.store, U0)];
    expect(digestOf(replayed)).toBe(digestOf(live));
    expect(replay.walked.records).toBe(6);
  });

  test('says what was announced, dead letters included', async () => {
    const said: string[] = [];
    const replay = await begin();
    await replay.advanceTo(undefined, ({ announcements }) => {
      for (const { topic, records } of announcements) for (const { value } of records) said.push(`${topic} ${value!.toString()}`);
    });
    const live = ['said', 'dead'].flatMap((topic) => bench.log.recordsOf(topic, 0).map(({ value }) => `${topic} ${value!.toString()}`));
    expect(said.sort()).toEqual(live.sort());
    expect(said).toContain('dead broken');
  });

  test('gives the state of any earlier moment, and goes on from there', async () => {
    const replay = await begin();
    await replay.advanceTo(afterTwo);
    expect(replay.position).toEqual(afterTwo);
    const { values } = await replay.store.read(U0, ['u:b', 'u:c']);
    expect(values.map((value) => value?.toString())).toEqual(['{"events":1,"fired":[]}', undefined]);
    await replay.advanceTo(bench.position(U0));
    expect(replay.position).toEqual(bench.position(U0));
  });

  test('does not arrive at a commit that the journal does not lead to', async () => {
    const replay = await begin();
    await expect(replay.advanceTo({ ...afterTwo, token: Buffer.from('nowhere-') })).rejects.toMatchObject({ code: 'journal-differs' });
  });

  test('does not begin where retention has taken the genesis', async () => {
    bench.log.truncateBefore('journal', 0, 1);
    await expect(begin()).rejects.toMatchObject({ code: 'genesis-missing' });
  });

  test('does not invent what the inputs no longer hold', async () => {
    bench.log.truncateBefore('first', 0, 1);
    const replay = await begin();
    await expect(replay.advanceTo(undefined)).rejects.toMatchObject({ code: 'log-range-lost' });
  });
});
