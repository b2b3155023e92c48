import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ShardInbox } from './aligned-merge.ts';
import { systemClock } from './clock.ts';
import { EngineBench } from './engine.fixture.ts';
import { AlarmError, RetryableError } from './errors.ts';
import { Feed } from './feed.ts';
import type { FetchedRecords, FetchPosition, Log } from './log.ts';

let bench: EngineBench;
let stop: AbortController;
let asked: (readonly FetchPosition[])[];
let failWith: (() => Error) | undefined;
let running: Promise<void>[];

beforeEach(() => {
  bench = new EngineBench();
  stop = new AbortController();
  asked = [];
  failWith = undefined;
  running = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.allSettled(running);
});

function feedOf(inboxLimitRecords = 100): Feed {
  const log: Pick<Log, 'fetch'> = {
    fetch: (positions, maxWaitMs): Promise<FetchedRecords[]> => {
      asked.push(positions);
      return failWith === undefined ? bench.log.fetch(positions, maxWaitMs) : Promise.reject(failWith());
    },
  };
  const feed = new Feed({ ...log, append: () => Promise.resolve([]), bounds: () => Promise.resolve([]) }, systemClock, ['first', 'second'], {
    ...bench.parts().options,
    inboxLimitRecords,
  });
  running.push(feed.run(stop.signal));
  return feed;
}

function inboxAt(...positions: readonly number[]): ShardInbox<unknown> {
  return new ShardInbox<unknown>(positions, (input, record) => bench.handler.decode(input, record), false);
}

const event = (timeMs: number) => ({ user: 'a', timeMs });

describe('the feed', () => {
  test('asks once for all shards, and tells each of what came', async () => {
    const inboxes = [inboxAt(0, 0), inboxAt(0, 0)];
    const feed = feedOf();
    const subscriptions = inboxes.map((inbox, shard) => feed.attach(shard, inbox));
    await bench.append('second', 1, event(5));
    await subscriptions[1]!.arrival(20_000, stop.signal);
    await bench.until(() => inboxes[1]!.lag()[1] === 1);
    expect(asked.at(-1)!.map(({ topic, partition }) => `${topic}/${partition}`)).toEqual(['first/0', 'second/0', 'first/1', 'second/1']);
    expect(inboxes[1]!.take(9).records).toHaveLength(1);
    expect(inboxes[0]!.take(9).records).toHaveLength(0);
  });

  test('stops asking for an inbox that is full until it has room', async () => {
    await bench.append('first', 0, event(1), event(2));
    const inbox = inboxAt(0, 0);
    const subscription = feedOf(2).attach(0, inbox);
    await bench.until(() => asked.at(-1)?.length === 1);
    expect(asked.at(-1)![0]!.topic).toBe('second');
    inbox.take(9);
    subscription.roomMade();
    await bench.until(() => asked.at(-1)?.length === 2);
    expect(asked.at(-1)![0]).toMatchObject({ topic: 'first', offset: 2 });
  });

  test('asks again after a failure that passes', async () => {
    failWith = () => new RetryableError('kafka', 'not now');
    const inbox = inboxAt(0, 0);
    feedOf().attach(0, inbox);
    await bench.append('first', 0, event(1));
    await bench.until(() => asked.length >= 3);
    failWith = undefined;
    await bench.until(() => inbox.lag()[0] === 1);
  });

  test('tells only the shard whose place is gone, and feeds the others', async () => {
    await bench.append('first', 1, event(1));
    const [lost, fine] = [inboxAt(40, 0), inboxAt(0, 0)];
    const feed = feedOf();
    const [lostFeed] = [feed.attach(0, lost), feed.attach(1, fine)];
    await expect(lostFeed.arrival(20_000, stop.signal)).rejects.toMatchObject({ code: 'position-out-of-range' });
    await bench.until(() => fine.lag()[0] === 1);
  });

  test('tells every shard of what keeps the log from being read', async () => {
    failWith = () => new AlarmError('topic-missing', 'no such topic');
    const feed = feedOf();
    const subscriptions = [feed.attach(0, inboxAt(0, 0)), feed.attach(1, inboxAt(0, 0))];
    for (const subscription of subscriptions) {
      await expect(subscription.arrival(20_000, stop.signal)).rejects.toMatchObject({ code: 'topic-missing' });
    }
  });

  test('no longer asks for a shard that has left', async () => {
    const feed = feedOf();
    feed.attach(0, inboxAt(0, 0)).detach();
    feed.attach(1, inboxAt(0, 0));
    await bench.until(() => asked.length >= 2);
    expect(asked.at(-1)!.every(({ partition }) => partition === 1)).toBe(true);
  });

  test('ends in a bug that is no failure of a server', async () => {
    failWith = () => new TypeError('a bug');
    const feed = feedOf();
    feed.attach(0, inboxAt(0, 0));
    await expect(running[0]).rejects.toThrow('a bug');
  });
});
