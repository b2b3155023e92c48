import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { AlarmError } from './errors.ts';
import { chainFrom, JournalCodec, NO_PARENT, readLog, type JournalEntry, type JournaledEntry } from './journal.ts';
import type { LogRecord } from './log.ts';
import { MemoryLog } from './memory-log.ts';

const codec = new JournalCodec(77);
const token = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes));
const offset = fc.maxSafeNat();
const anyEntry: fc.Arbitrary<JournalEntry> = fc.record({
  token,
  parent: token,
  kind: fc.constantFrom('genesis', 'batch'),
  foldVersion: fc.nat(),
  coalesced: fc.boolean(),
  ranges: fc.array(fc.record({ first: offset, count: offset }), { maxLength: 6 }),
  omissions: fc.array(fc.record({ input: fc.nat(5), offset, reason: fc.string() }), { maxLength: 3 }),
});

function recordOf(value: Buffer | null): LogRecord {
  return { offset: 5, timestampMs: 0, key: null, value, headers: undefined };
}

describe('a journal entry', () => {
  test('reads back as written', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        expect(codec.decode(recordOf(codec.encode(entry)))).toEqual(entry);
      }),
    );
  });

  test('cut short or of another schema raises an alarm that names its offset', () => {
    const bytes = codec.encode({ token: NO_PARENT, parent: NO_PARENT, kind: 'batch', foldVersion: 1, coalesced: true, ranges: [], omissions: [] });
    for (const value of [null, Buffer.alloc(0), bytes.subarray(0, -1), new JournalCodec(78).encode(codec.decode(recordOf(bytes)))]) {
      expect(() => codec.decode(recordOf(value))).toThrow(AlarmError);
      expect(() => codec.decode(recordOf(value))).toThrow('offset 5');
    }
  });

  test('is told from every other record by its schema', () => {
    const bytes = codec.encode({ token: NO_PARENT, parent: NO_PARENT, kind: 'genesis', foldVersion: 1, coalesced: false, ranges: [], omissions: [] });
    expect(codec.isEntry(bytes)).toBe(true);
    expect(new JournalCodec(78).isEntry(bytes)).toBe(false);
    expect(codec.isEntry(Buffer.from('{"a":1}'))).toBe(false);
    expect(codec.isEntry(null)).toBe(false);
  });
});

describe('the chain of batches', () => {
  const entry = (name: string, parent: string, at: number): JournaledEntry => ({
    offset: at,
    entry: {
      token: Buffer.from(name.padEnd(8)),
      parent: Buffer.from(parent.padEnd(8)),
      kind: 'batch',
      foldVersion: 1,
      coalesced: false,
      ranges: [],
      omissions: [],
    },
  });
  const namesAfter = (name: string, entries: JournaledEntry[]): string[] =>
    chainFrom(Buffer.from(name.padEnd(8)), entries).map(({ entry: { token: of }, offset: at }) => `${of.toString().trim()}@${at}`);

  test('is made of the first child of each parent', () => {
    const entries = [entry('b', 'a', 1), entry('B', 'a', 2), entry('c', 'b', 3), entry('C', 'B', 4), entry('d', 'c', 5)];
    expect(namesAfter('a', entries)).toEqual(['b@1', 'c@3', 'd@5']);
  });

  test('takes an entry once, however often it was written', () => {
    expect(namesAfter('a', [entry('b', 'a', 1), entry('b', 'a', 2), entry('c', 'b', 3), entry('b', 'a', 4)])).toEqual(['b@1', 'c@3']);
  });

  test('does not go back to a child that came before its parent', () => {
    expect(namesAfter('a', [entry('c', 'b', 1), entry('b', 'a', 2)])).toEqual(['b@2']);
  });
});

describe('reading a range of the log', () => {
  let log: MemoryLog;
  beforeEach(async () => {
    log = new MemoryLog(() => 0);
    log.createTopic('t', 1);
    await log.append([{ topic: 't', partition: 0, records: Array.from({ length: 10 }, (_, i) => ({ key: null, value: Buffer.from(`${i}`) })) }]);
  });

  test('gives exactly the range, in however many reads', async () => {
    const records = await readLog(log, 't', 0, 3, 8, 1);
    expect(records.map(({ offset: at }) => at)).toEqual([3, 4, 5, 6, 7]);
  });

  test('that retention has eaten into raises an alarm', async () => {
    log.truncateBefore('t', 0, 4);
    await expect(readLog(log, 't', 0, 3, 8)).rejects.toMatchObject({ code: 'log-range-lost' });
  });

  test('that the log no longer reaches to raises an alarm, and does not wait for ever', async () => {
    await expect(readLog(log, 't', 0, 8, 12)).rejects.toMatchObject({ code: 'log-range-lost' });
  });
});
