import { beforeEach, describe, expect, test } from 'vitest';
import { AlarmError, RetryableError } from '../errors.ts';
import type { FetchedRecords, FetchPosition } from '../log.ts';
import type { ClusterRequests } from './kafka-cluster.ts';
import { KafkaFetcher } from './kafka-fetcher.ts';
import { encodeRecordBatch } from './record-batch.ts';
import type { FetchAnswer } from './requests.ts';

/** A request that waits at a leader until the test answers it. */
interface Waiting {
  readonly leader: number;
  readonly lane: string;
  answer(...parts: FetchAnswer[]): void;
  fail(error: Error): void;
}

/** Partition n of topic `t` is led by broker n, unless told otherwise. */
class WaitingCluster implements ClusterRequests {
  readonly waiting: Waiting[] = [];
  leader: (partition: number) => number | undefined = (partition) => partition;
  refreshes = 0;

  leaderOf(_topic: string, partition: number): number | undefined {
    return this.leader(partition);
  }

  async know(): Promise<void> {}

  async refresh(): Promise<void> {
    this.refreshes++;
  }

  send<T>(leader: number, lane: string): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ leader, lane, answer: (...parts) => resolve(parts as T), fail: reject });
    });
  }

  /** The only request waiting at a leader, once it is there. */
  async at(leader: number): Promise<Waiting> {
    for (;;) {
      const found = this.waiting.findIndex((one) => one.leader === leader);
      if (found >= 0) return this.waiting.splice(found, 1)[0]!;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const LONG_MS = 60_000;

function position(partition: number, offset = 0): FetchPosition {
  return { topic: 't', partition, offset, maxBytes: 1_000 };
}

function part(partition: number, endOffset: number, ...values: string[]): FetchAnswer {
  const records = values.length === 0 ? Buffer.alloc(0) : encodeRecordBatch([values.map((value) => ({ key: null, value: Buffer.from(value) }))], 1);
  if (values.length > 0) records.writeBigInt64BE(BigInt(endOffset - values.length), 0);
  return { topic: 't', partition, errorCode: 0, highWatermark: endOffset, records };
}

function failed(partition: number, errorCode: number): FetchAnswer {
  return { topic: 't', partition, errorCode, highWatermark: -1, records: Buffer.alloc(0) };
}

function seen(parts: readonly FetchedRecords[]): [string[], number, number][] {
  return parts.map(({ records, nextOffset, endOffset }) => [records.map(({ value }) => value!.toString()), nextOffset, endOffset]);
}

describe('KafkaFetcher', () => {
  let cluster: WaitingCluster;
  let fetcher: KafkaFetcher;
  beforeEach(() => {
    cluster = new WaitingCluster();
    fetcher = new KafkaFetcher(cluster, { maxResponseBytes: 10_000 });
  });

  test('one leader with news is enough; the request to the other stays open and is taken over', async () => {
    const first = fetcher.fetch([position(1), position(2)], LONG_MS);
    (await cluster.at(1)).answer(part(1, 1, 'a'));
    // Nobody knows yet whether the other partition has more.
    expect(seen(await first)).toEqual([[['a'], 1, 1], [[], 0, Infinity]]);
    const second = fetcher.fetch([position(1, 1), position(2)], LONG_MS);
    const slow = await cluster.at(2);
    (await cluster.at(1)).answer(part(1, 1));
    slow.answer(part(2, 1, 'b'));
    expect(seen(await second)).toEqual([[[], 1, 1], [['b'], 1, 1]]);
    expect(cluster.waiting).toEqual([]);
  });

  test('an answer that came between two calls is handed out at once, and only once', async () => {
    const first = fetcher.fetch([position(1), position(2)], LONG_MS);
    const late = await cluster.at(2);
    (await cluster.at(1)).answer(part(1, 1, 'a'));
    await first;
    late.answer(part(2, 1, 'b'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen(await fetcher.fetch([position(1, 1), position(2)], LONG_MS))[1]).toEqual([['b'], 1, 1]);
    const again = fetcher.fetch([position(2)], LONG_MS);
    (await cluster.at(2)).answer(part(2, 1, 'b'));
    expect(seen(await again)).toEqual([[['b'], 1, 1]]);
  });

  test('what was asked for at another position is not handed out', async () => {
    const first = fetcher.fetch([position(1), position(2)], LONG_MS);
    const outdated = await cluster.at(2);
    (await cluster.at(1)).answer(part(1, 1, 'a'));
    await first;
    const second = fetcher.fetch([position(2, 5)], LONG_MS);
    const wanted = await cluster.at(2);
    expect(wanted.lane).not.toBe(outdated.lane); // it does not wait behind the outdated one
    outdated.answer(part(2, 1, 'b'));
    wanted.answer(part(2, 6, 'f'));
    expect(seen(await second)).toEqual([[['f'], 6, 6]]);
  });

  test('the answer of one leader is not lost when another cannot be reached', async () => {
    const fetched = fetcher.fetch([position(1), position(2)], LONG_MS);
    (await cluster.at(2)).fail(new RetryableError('kafka-connection', 'refused'));
    (await cluster.at(1)).answer(part(1, 1, 'a'));
    expect(seen(await fetched)).toEqual([[['a'], 1, 1], [[], 0, Infinity]]);
    expect(cluster.refreshes).toBe(1);
  });

  test('a failure waits for the others, and is told when they have nothing', async () => {
    const fetched = fetcher.fetch([position(1), position(2)], LONG_MS);
    (await cluster.at(2)).answer(failed(2, 6));
    (await cluster.at(1)).answer(part(1, 0));
    await expect(fetched).rejects.toMatchObject({ name: 'RetryableError', message: expect.stringContaining('NOT_LEADER_OR_FOLLOWER') as unknown });
    expect(cluster.refreshes).toBe(1);
  });

  test('a partition without a leader is told when nothing else is new, not when there is', async () => {
    cluster.leader = (partition) => (partition === 2 ? undefined : partition);
    const idle = fetcher.fetch([position(1), position(2)], LONG_MS);
    (await cluster.at(1)).answer(part(1, 0));
    await expect(idle).rejects.toMatchObject({ name: 'RetryableError' });
    const busy = fetcher.fetch([position(1), position(2)], LONG_MS);
    (await cluster.at(1)).answer(part(1, 1, 'a'));
    expect(seen(await busy)).toEqual([[['a'], 1, 1], [[], 0, Infinity]]);
    cluster.leader = () => undefined;
    await expect(fetcher.fetch([position(1)], LONG_MS)).rejects.toMatchObject({ code: 'kafka-no-leader' });
  });

  test('a refusal for good is an alarm, whatever the others say', async () => {
    const fetched = fetcher.fetch([position(1), position(2)], LONG_MS);
    (await cluster.at(1)).answer(failed(1, 29));
    await expect(fetched).rejects.toBeInstanceOf(AlarmError);
  });

  test('a short read waits for every leader and shares nothing with the fetch that waits', async () => {
    const waiting = fetcher.fetch([position(1), position(2)], LONG_MS);
    const [one, two] = [await cluster.at(1), await cluster.at(2)];
    const read = fetcher.fetch([position(1), position(2)], 0);
    (await cluster.at(1)).answer(part(1, 1, 'a'));
    (await cluster.at(2)).answer(part(2, 1, 'b'));
    expect(seen(await read)).toEqual([[['a'], 1, 1], [['b'], 1, 1]]);
    one.answer(part(1, 1, 'a'));
    two.answer(part(2, 1, 'b'));
    await waiting;
  });

  test('answers in the order asked while another position goes first in each request', async () => {
    cluster.leader = () => 1;
    for (let round = 0; round < 3; round++) {
      const fetched = fetcher.fetch([position(1), position(2), position(3)], LONG_MS);
      (await cluster.at(1)).answer(part(3, 1, 'c'), part(1, 1, 'a'), part(2, 1, 'b'));
      expect((await fetched).map(({ partition }) => partition)).toEqual([1, 2, 3]);
    }
  });
});
