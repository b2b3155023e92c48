import type { ShardCommit } from '../state-store.ts';

/** A commit that changes nothing, but for its tokens. */
export const EMPTY = { puts: [], deletes: [], timersSet: [], timersCancelled: [], memos: [] } as const;

export function bytes(text: string): Buffer {
  return Buffer.from(text);
}

/** The token that stands for `n`: eight bytes, big-endian. */
export function token(n: number): Buffer {
  const eight = Buffer.alloc(8);
  eight.writeBigUInt64BE(BigInt(n));
  return eight;
}

/** The head whose token stands for `n`. */
export function head(n: number): Buffer {
  return Buffer.concat([token(n), bytes(' and positions')]);
}

export function genesis(n: number, change: Partial<ShardCommit> = {}): ShardCommit {
  return { ...EMPTY, parentToken: null, head: head(n), ...change };
}

export function childOf(parent: number, n: number, change: Partial<ShardCommit> = {}): ShardCommit {
  return { ...EMPTY, parentToken: token(parent), head: head(n), ...change };
}

/** One of each thing that a shard can hold. */
export function everything(): Partial<ShardCommit> {
  return {
    puts: [['p:1', bytes('one')], ['p:2', bytes('two')]],
    timersSet: [{ dueMs: 10, name: 'timer' }],
    memos: [['m:1', bytes('memo'), 60]],
  };
}
