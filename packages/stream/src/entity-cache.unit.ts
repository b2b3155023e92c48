import { beforeEach, describe, expect, test } from 'vitest';
import { EntityCache } from './entity-cache.ts';
import type { EntityCodec } from './handler.ts';

const text: EntityCodec<string> = {
  decode: (bytes) => bytes?.toString() ?? '',
  encode: (value) => (value === '' ? null : Buffer.from(value)),
};
const codecs = { t: text as EntityCodec<never>, m: { ...text, memoTtlSeconds: 60 } as EntityCodec<never> };
let cache: EntityCache;

beforeEach(() => {
  cache = new EntityCache(codecs, 4);
});

function change(key: string, value: string): void {
  const entity = cache.get<string>(key);
  entity.value = value;
  cache.touch(entity);
}

describe('what a commit writes', () => {
  test('is what was touched: values, removals and memos, each once', () => {
    cache.load('t:a', null);
    cache.load('t:b', Buffer.from('old'));
    cache.load('t:c', Buffer.from('untouched'));
    cache.load('m:a', null);
    change('t:a', 'first');
    change('t:a', 'second');
    change('t:b', '');
    change('m:a', 'said');
    const { puts, deletes, memos } = cache.changes();
    expect(puts.map(([key, value]) => [key, value.toString()])).toEqual([['t:a', 'second']]);
    expect(deletes).toEqual(['t:b']);
    expect(memos.map(([key, value, ttl]) => [key, value.toString(), ttl])).toEqual([['m:a', 'said', 60]]);
  });

  test('is written until it has been, and not again', () => {
    cache.load('t:a', null);
    change('t:a', 'x');
    expect(cache.changes().puts).toHaveLength(1);
    expect(cache.changes().puts).toHaveLength(1);
    cache.settle();
    expect(cache.changes().puts).toHaveLength(0);
    change('t:a', 'y');
    expect(cache.changes().puts).toHaveLength(1);
  });
});

describe('what stays in memory', () => {
  test('is what was used since the younger half was last full', () => {
    for (const key of ['t:1', 't:2', 't:3']) cache.load(key, null);
    cache.settle();
    expect(cache.get('t:1')).toBeDefined();
    for (const key of ['t:4', 't:5']) cache.load(key, null);
    cache.settle();
    expect(['t:1', 't:2', 't:3', 't:4', 't:5'].filter((key) => cache.has(key))).toEqual(['t:1', 't:4', 't:5']);
  });

  test('is everything until the batch has been committed', () => {
    for (let i = 0; i < 50; i++) cache.load(`t:${i}`, null);
    expect(cache.has('t:0')).toBe(true);
  });

  test('is, for as long as the shard is claimed, what was pinned', () => {
    cache.load('t:pinned', Buffer.from('x'), true);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 9; i++) cache.load(`t:${round}${i}`, null);
      cache.settle();
    }
    expect(cache.get<string>('t:pinned').value).toBe('x');
  });

  test('is the changed value, not the stored one', () => {
    cache.load('t:a', Buffer.from('stored'));
    change('t:a', 'changed');
    cache.settle();
    expect(cache.get<string>('t:a').value).toBe('changed');
  });
});

test('what an event did not name cannot be asked for, and the error names no person', () => {
  expect(() => cache.get('t:somebody')).toThrow('kind "t"');
  expect(() => cache.get('t:somebody')).not.toThrow('somebody');
  expect(() => cache.load('z:1', null)).toThrow('kind "z"');
});
