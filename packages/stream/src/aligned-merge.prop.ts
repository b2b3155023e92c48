import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShardInbox } from './aligned-merge.ts';
import type { Decoded } from './handler.ts';
import type { LogRecord } from './log.ts';

function decode(_input: number, { value }: LogRecord): Decoded<number> {
  return { kind: 'event', event: 0, timeMs: value!.readUInt8(0), keys: [] };
}

function recordAt(offset: number, timeMs: number): LogRecord {
  return { offset, timestampMs: 0, key: null, value: Buffer.from([timeMs]), headers: undefined };
}

const topics = fc.array(fc.array(fc.nat(20), { maxLength: 12 }), { minLength: 1, maxLength: 4 });

/** What {@link ShardInbox} says a batch holds, given how far it goes, without anything of how it came in. */
function mergeWhole(queues: readonly (readonly number[])[]): string[] {
  const rest = queues.map((times, input) => times.map((timeMs, offset) => ({ timeMs, name: `${input}/${offset}` })));
  const merged: string[] = [];
  for (;;) {
    const open = rest.filter((queue) => queue.length > 0).sort(([a], [b]) => a!.timeMs - b!.timeMs);
    if (open.length === 0) return merged;
    merged.push(open[0]!.shift()!.name);
  }
}

test('the order over several batches is that of the whole, however the records came in and the batches were cut', () => {
  fc.assert(
    fc.property(topics, fc.infiniteStream(fc.nat(7)), (queues, choices) => {
      const choose = (): number => choices.next().value!;
      const inbox = new ShardInbox<number>(queues.map(() => 0), decode, true);
      const taken: string[] = [];
      const delivered = queues.map(() => 0);
      const total = queues.flat().length;
      while (taken.length < total) {
        const input = choose() % queues.length;
        const offset = delivered[input]!;
        const records = queues[input]!.slice(offset, offset + (choose() % 4)).map((timeMs, i) => recordAt(offset + i, timeMs));
        delivered[input] = offset + records.length;
        const endOffset = queues[input]!.length;
        inbox.deliver(input, { topic: '', partition: 0, offset, records, nextOffset: delivered[input]!, endOffset, outOfRange: false });
        for (const entry of inbox.take(choose()).records) taken.push(`${entry.input}/${entry.record.offset}`);
      }
      expect(taken).toEqual(mergeWhole(queues));
    }),
  );
});
