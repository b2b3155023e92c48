import { describe, expect, test } from 'vitest';
import { ShardInbox } from './aligned-merge.ts';
import type { Decoded } from './handler.ts';
import type { FetchedRecords, LogRecord } from './log.ts';

/** Values are event times; `x` is a dead letter, `?7` waits for the schema 7. */
const known = new Set<number>();
function decode(_input: number, { value }: LogRecord): Decoded<string> {
  const text = value!.toString();
  if (text === 'x') return { kind: 'dead', reason: 'unreadable', detail: '' };
  if (text.startsWith('?') && !known.has(Number(text.slice(1)))) return { kind: 'wait', schemaId: Number(text.slice(1)) };
  return { kind: 'event', event: text, timeMs: text.startsWith('?') ? 0 : Number(text), keys: [] };
}

function fetched(offset: number, values: readonly string[], more: Partial<FetchedRecords> = {}): FetchedRecords {
  const records = values.map((value, i) => ({
    offset: offset + i,
    timestampMs: 1_000 + Number(value.replace(/\D/g, '0')),
    key: null,
    value: Buffer.from(value),
    headers: undefined,
  }));
  const nextOffset = offset + values.length;
  return { topic: 't', partition: 0, offset, records, nextOffset, endOffset: nextOffset, outOfRange: false, ...more };
}

function inboxOf(...queues: readonly (readonly string[])[]): ShardInbox<string> {
  const inbox = new ShardInbox<string>(queues.map(() => 0), decode, true);
  queues.forEach((values, input) => inbox.deliver(input, fetched(0, values)));
  return inbox;
}

function valuesOf(inbox: ShardInbox<string>, limit = 100): string[] {
  return inbox.take(limit).records.map(({ input, record }) => `${input}:${record.value!.toString()}`);
}

describe('what a batch takes', () => {
  test('comes oldest first, ties by topic, each topic in its own order', () => {
    expect(valuesOf(inboxOf(['3', '1', '9'], ['3', '4']))).toEqual(['0:3', '0:1', '1:3', '1:4', '0:9']);
  });

  test('ends where a topic is dry that holds more', () => {
    const inbox = inboxOf(['1', '5', '9'], ['2']);
    inbox.deliver(1, fetched(1, [], { endOffset: 2 }));
    expect(valuesOf(inbox)).toEqual(['0:1', '1:2']);
    inbox.deliver(1, fetched(1, ['6']));
    expect(valuesOf(inbox)).toEqual(['0:5', '1:6', '0:9']);
  });

  test('waits for a topic whose end nobody knows yet', () => {
    const inbox = new ShardInbox<string>([0, 0], decode, true);
    inbox.deliver(0, fetched(0, ['1']));
    expect(valuesOf(inbox)).toEqual([]);
    inbox.deliver(1, fetched(0, []));
    expect(valuesOf(inbox)).toEqual(['0:1']);
  });

  test('waits for nobody where the inputs share no clock', () => {
    const inbox = new ShardInbox<string>([0, 0], decode, false);
    inbox.deliver(0, fetched(0, ['1', '2']));
    expect(valuesOf(inbox)).toEqual(['0:1', '0:2']);
  });

  test('lets a dead letter go at once, because it has no time', () => {
    expect(valuesOf(inboxOf(['5', 'x', '6'], ['5', '7']))).toEqual(['0:5', '0:x', '1:5', '0:6', '1:7']);
  });

  test('is at most so many records, and says where each topic stands before and after', () => {
    const inbox = inboxOf(['1', '3'], ['2', '4']);
    expect(inbox.take(3)).toMatchObject({ from: [0, 0], to: [2, 1] });
    expect(inbox.take(3)).toMatchObject({ from: [2, 1], to: [2, 2] });
    expect(inbox.take(3).records).toEqual([]);
  });

  test('leaves a gap in the offsets to the batch after it', () => {
    const inbox = new ShardInbox<string>([0], decode, true);
    inbox.deliver(0, fetched(0, ['1'], { nextOffset: 4, endOffset: 6 }));
    expect(inbox.take(9).to).toEqual([1]);
    inbox.deliver(0, fetched(4, ['2', '3']));
    expect(inbox.take(9)).toMatchObject({ from: [1], to: [6] });
  });
});

describe('a record whose schema is not known', () => {
  test('holds its topic and all that is younger until the schema is', () => {
    const inbox = inboxOf(['1', '?7', '9'], ['5']);
    expect(valuesOf(inbox)).toEqual(['0:1']);
    expect(inbox.awaitedSchemaId).toBe(7);
    known.add(7);
    inbox.retryDecoding();
    expect(inbox.awaitedSchemaId).toBeUndefined();
    expect(valuesOf(inbox)).toEqual(['0:?7', '1:5', '0:9']);
    known.clear();
  });
});

describe('the inbox', () => {
  test('asks on where it has read to, and not for what is full', () => {
    const inbox = inboxOf(['1', '2', '3'], ['4']);
    expect(inbox.wanted(['a', 'b'], 6, 3, 50)).toEqual([{ topic: 'b', partition: 6, offset: 1, maxBytes: 50 }]);
    inbox.take(1);
    expect(inbox.wanted(['a', 'b'], 6, 3, 50).map(({ topic, offset }) => `${topic}${offset}`)).toEqual(['a3', 'b1']);
  });

  test('ignores an answer to an older question', () => {
    const inbox = inboxOf(['1', '2']);
    inbox.deliver(0, fetched(0, ['1', '2']));
    expect(valuesOf(inbox)).toEqual(['0:1', '0:2']);
  });

  test('knows its lag, what waits longest, and when it has caught up', () => {
    const inbox = new ShardInbox<string>([0, 0], decode, true);
    expect(inbox.lag()).toEqual([0, 0]);
    expect(inbox.isCaughtUp).toBe(false);
    inbox.deliver(0, fetched(0, ['7'], { endOffset: 5 }));
    inbox.deliver(1, fetched(0, ['3']));
    expect(inbox.lag()).toEqual([5, 1]);
    expect(inbox.oldestTimestampMs).toBe(1_003);
    inbox.take(9);
    inbox.deliver(0, fetched(1, ['8', '8', '8', '8']));
    inbox.take(9);
    expect(inbox.lag()).toEqual([0, 0]);
    expect(inbox.oldestTimestampMs).toBeUndefined();
    expect(inbox.isCaughtUp).toBe(true);
  });
});
