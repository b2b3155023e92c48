import { beforeEach, describe, expect, test } from 'vitest';
import { claimShard, tokenOfPositions, type Claim } from './claim.ts';
import { EngineBench } from './engine.fixture.ts';
import { AlarmError, RetryableError } from './errors.ts';
import type { StreamSpec } from './handler.ts';
import { NO_PARENT } from './journal.ts';
import { encodeHead } from './shard-head.ts';
import type { ShardId } from './state-store.ts';

const U0: ShardId = { kind: 'u', number: 0 };
let bench: EngineBench;

beforeEach(() => {
  bench = new EngineBench();
});

function claim(spec: Partial<StreamSpec> = {}, shard = U0): Promise<Claim> {
  const { handler } = bench;
  // Only the spec differs; the rest is what the handler's methods say.
  const other = Object.assign(Object.create(handler) as typeof handler, { spec: { ...handler.spec, ...spec } });
  return claimShard({ ...bench.parts(), handler: other }, shard);
}

function alarm(code: string): object {
  return expect.objectContaining({ constructor: AlarmError, code }) as object;
}

/** Commits on top of the genesis, as if by the entry at this offset. */
async function commitAt(journalOffset: number, token: string): Promise<void> {
  const { position } = await claim();
  const next = { ...position, token: Buffer.from(token), journalOffset };
  const nothing = { puts: [], deletes: [], timersSet: [], timersCancelled: [], memos: [] };
  await bench.store.commit(U0, { parentToken: position.token, head: encodeHead(next), ...nothing });
}

describe('a shard that never was', () => {
  test('begins where its inputs begin, with a genesis in journal and store', async () => {
    await bench.append('first', 0, 'a', 'b', 'c');
    bench.log.truncateBefore('first', 0, 2);
    const { position, redo, journalNext } = await claim();
    expect(position).toMatchObject({ journalOffset: 0, positions: [2, 0], clockMs: 0 });
    expect(position.incarnation).toEqual(position.token);
    expect(redo).toEqual([]);
    expect(journalNext).toBe(1);
    expect(bench.position(U0)).toEqual(position);
  });

  test('begins once, by the first genesis in the log, whoever wrote it', async () => {
    await bench.journal(0, { parent: NO_PARENT, kind: 'genesis', token: Buffer.from('stranger'), ranges: [{ first: 0, count: 0 }, { first: 0, count: 0 }] });
    expect((await claim()).position.token.toString()).toBe('stranger');
    expect(bench.log.recordsOf('journal', 0)).toHaveLength(1);
    expect((await claim()).position.token.toString()).toBe('stranger');
  });

  test('is not begun where somebody else wrote first', async () => {
    await bench.journal(0, { parent: Buffer.from('whatever') });
    await expect(claim()).rejects.toEqual(alarm('genesis-missing'));
  });

  test('waits for the shards that it writes to', async () => {
    const downstream = { kind: 'i', shards: 2 } as const;
    await expect(claim({ downstream })).rejects.toBeInstanceOf(RetryableError);
    for (const number of [0, 1]) await claim({ kind: 'i' }, { kind: 'i', number });
    expect((await claim({ downstream })).redo).toEqual([]);
  });
});

describe('a shard without state whose journal shows that it had one', () => {
  test('is not begun again', async () => {
    const { position } = await claim();
    await bench.journal(0, { parent: position.token });
    await bench.store.clear(U0);
    await expect(claim()).rejects.toEqual(alarm('state-missing'));
    expect(bench.store.snapshot(U0).values.size).toBe(0);
  });

  test('is not begun again without a journal either, when its log holds anything', async () => {
    const spec = { journal: null } as const;
    await claim(spec);
    await bench.append('first', 0, 'evidence');
    await bench.store.clear(U0);
    await expect(claim(spec)).rejects.toEqual(alarm('state-missing'));
  });
});

describe('a claim proves that state and journal belong together', () => {
  test('what follows the head is to be carried out again, in its order', async () => {
    const { position } = await claim();
    await bench.journal(0, { parent: position.token, token: Buffer.from('child--1') });
    await bench.journal(0, { parent: position.token, token: Buffer.from('loser--1') });
    await bench.journal(0, { parent: Buffer.from('child--1'), token: Buffer.from('child--2') });
    const { redo, journalNext } = await claim();
    expect(redo.map(({ offset, entry }) => `${offset} ${entry.token.toString()}`)).toEqual(['1 child--1', '3 child--2']);
    expect(journalNext).toBe(4);
  });

  test('a journal that ends before the head has lost something', async () => {
    await commitAt(7, 'commit-7');
    await expect(claim()).rejects.toEqual(alarm('journal-lost-records'));
  });

  test('a journal that begins after the head has been cut', async () => {
    const { position } = await claim();
    await bench.journal(0, { parent: position.token });
    bench.log.truncateBefore('journal', 0, 1);
    await expect(claim()).rejects.toEqual(alarm('journal-truncated'));
  });

  test("an entry of another token at the head's offset is another journal", async () => {
    const { position } = await claim();
    await bench.journal(0, { parent: position.token, token: Buffer.from('child--1') });
    await commitAt(1, 'commit-1');
    await expect(claim()).rejects.toEqual(alarm('journal-differs'));
  });

  test('an entry of a later fold is left to the later program', async () => {
    const { position } = await claim();
    await bench.journal(0, { parent: position.token, foldVersion: 2 });
    await expect(claim()).rejects.toEqual(alarm('fold-version-newer'));
    expect((await claim({ foldVersion: 2 })).redo).toHaveLength(1);
  });
});

describe('a shard whose first input is its journal', () => {
  const spec = { journal: null } as const;

  test('names its commits by where it stands, under its incarnation', async () => {
    const { position } = await claim(spec);
    expect(position.token).toEqual(tokenOfPositions(position.incarnation, [0, 0]));
    expect(position.journalOffset).toBe(-1);
    expect(tokenOfPositions(position.incarnation, [1, 0])).not.toEqual(position.token);
    expect(tokenOfPositions(Buffer.from('another-'), [0, 0])).not.toEqual(position.token);
  });

  test('does not go on where its log no longer holds its place', async () => {
    await claim(spec);
    bench.log.truncateBefore('first', 0, 1);
    await expect(claim(spec)).rejects.toEqual(alarm('position-out-of-range'));
  });

  test('does not go on when its log begins with another incarnation', async () => {
    const { position } = await claim(spec);
    const other = { ...position, incarnation: Buffer.from('another-'), token: Buffer.from('commit-1') };
    const nothing = { puts: [], deletes: [], timersSet: [], timersCancelled: [], memos: [] };
    await bench.store.commit(U0, { parentToken: position.token, head: encodeHead(other), ...nothing });
    await expect(claim(spec)).rejects.toEqual(alarm('journal-differs'));
  });
});
