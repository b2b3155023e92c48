import { beforeEach, describe, expect, test } from 'vitest';
import { RetryableError } from '../errors.ts';
import type { Append } from '../log.ts';
import { KafkaAppender, type AppenderOptions } from './kafka-appender.ts';
import type { ClusterRequests } from './kafka-cluster.ts';
import { decodeRecordBatches } from './record-batch.ts';
import type { ProduceAnswer } from './requests.ts';
import { WireReader } from './wire.ts';

const OK = 0;
const MESSAGE_TOO_LARGE = 10;
const NOT_LEADER = 6;
const NOT_ENOUGH_REPLICAS = 19;
const TOPIC_AUTHORIZATION_FAILED = 29;

type Sent = { leader: number; topic: string; partition: number; values: string[] };
/** What the broker does with one partition of a request. */
type Verdict = number | 'silent' | 'lost-answer' | 'unreachable';

/** Brokers that write what they are sent and misbehave as they are told. */
class FaultyCluster implements ClusterRequests {
  readonly logs = new Map<string, string[]>();
  readonly requests: Sent[][] = [];
  verdict: (sent: Sent, request: number) => Verdict = () => OK;
  leader: (partition: number) => number | undefined = () => 1;
  refreshes = 0;

  leaderOf(_topic: string, partition: number): number | undefined {
    return this.leader(partition);
  }

  async know(): Promise<void> {}

  async refresh(): Promise<void> {
    this.refreshes++;
  }

  async send<T>(leader: number, _lane: string, { body }: { body: Buffer }): Promise<T> {
    const sent = readProduce(body).map((one) => ({ ...one, leader }));
    this.requests.push(sent);
    const answers: ProduceAnswer[] = [];
    let isLost = false;
    for (const one of sent) {
      const verdict = this.verdict(one, this.requests.length);
      if (verdict === 'unreachable') throw new RetryableError('kafka-connection', 'refused');
      const log = this.logs.get(`${one.topic}/${one.partition}`) ?? [];
      const baseOffset = log.length;
      if (verdict === OK || verdict === 'lost-answer') this.logs.set(`${one.topic}/${one.partition}`, [...log, ...one.values]);
      isLost ||= verdict === 'lost-answer';
      if (typeof verdict === 'number') answers.push({ topic: one.topic, partition: one.partition, errorCode: verdict, baseOffset: verdict === OK ? baseOffset : -1 });
    }
    // Long enough that what is appended meanwhile would be sent meanwhile, if nothing held it back.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (isLost) throw new RetryableError('kafka-timeout', 'no answer');
    return answers as T;
  }
}

function readProduce(body: Buffer): Omit<Sent, 'leader'>[] {
  const reader = new WireReader(body);
  reader.nullableString();
  expect(reader.int16()).toBe(-1); // acknowledged by all in-sync replicas
  reader.int32();
  const sent: Omit<Sent, 'leader'>[] = [];
  reader.array((entry) => {
    const topic = entry.string();
    entry.array((part) => {
      const partition = part.int32();
      sent.push({ topic, partition, values: decodeRecordBatches(part.bytes(), 0).records.map(({ value }) => value!.toString()) });
    });
  });
  return sent;
}

function to(partition: number, ...texts: string[]): Append {
  return { topic: 't', partition, records: texts.map((text) => ({ key: null, value: Buffer.from(text) })) };
}

let cluster: FaultyCluster;

function makeAppender(options: Partial<AppenderOptions> = {}): KafkaAppender {
  return new KafkaAppender(cluster, {
    lingerMs: 0,
    maxBatchBytes: 10_000,
    maxRequestBytes: 100_000,
    deliveryTimeoutMs: 60_000,
    requestTimeoutMs: 1_000,
    ...options,
  });
}

describe('KafkaAppender', () => {
  beforeEach(() => {
    cluster = new FaultyCluster();
  });

  test('sends what comes together in one request per leader, and answers each caller its own offset', async () => {
    cluster.leader = (partition) => partition % 2;
    cluster.logs.set('t/0', ['old', 'old']);
    const appender = makeAppender();
    const offsets = await Promise.all([appender.append([to(0, 'a', 'b'), to(1, 'x')]), appender.append([to(2, 'y'), to(0, 'c')]), appender.append([to(0, 'd')])]);
    expect(offsets).toEqual([[2, 0], [0, 4], [5]]);
    expect(cluster.requests).toHaveLength(2);
    expect(cluster.logs.get('t/0')).toEqual(['old', 'old', 'a', 'b', 'c', 'd']);
  });

  test.each<[string, Verdict]>([
    ['says that it is not the leader', NOT_LEADER],
    ['lacks replicas', NOT_ENOUGH_REPLICAS],
    ['leaves the partition out of its answer', 'silent'],
    ['cannot be reached', 'unreachable'],
  ])('sends again when the broker %s, and nothing overtakes', async (_, verdict) => {
    cluster.verdict = ({ partition }, request) => (partition === 0 && request === 1 ? verdict : OK);
    const appender = makeAppender();
    const first = appender.append([to(0, 'first'), to(1, 'other')]);
    await new Promise((resolve) => setImmediate(resolve));
    const second = appender.append([to(0, 'second')]);
    expect(await Promise.all([first, second])).toEqual([[0, 0], [1]]);
    expect(cluster.logs.get('t/0')).toEqual(['first', 'second']);
  });

  test('a lost answer is sent again: written twice, the offset of the second writing is answered', async () => {
    cluster.verdict = (_, request) => (request === 1 ? 'lost-answer' : OK);
    expect(await makeAppender().append([to(0, 'a')])).toEqual([1]);
    expect(cluster.logs.get('t/0')).toEqual(['a', 'a']);
    expect(cluster.refreshes).toBeGreaterThan(0);
  });

  test('what one partition cannot take does not hold up the others', async () => {
    let isMended = false;
    cluster.verdict = ({ partition }) => (partition === 0 && !isMended ? NOT_ENOUGH_REPLICAS : OK);
    const appender = makeAppender();
    const stuck = appender.append([to(0, 'a')]);
    expect(await appender.append([to(1, 'b')])).toEqual([0]);
    expect(await appender.append([to(1, 'c')])).toEqual([1]);
    isMended = true;
    expect(await stuck).toEqual([0]);
  });

  test('gives up with a RetryableError when its time is over', async () => {
    cluster.verdict = () => NOT_ENOUGH_REPLICAS;
    await expect(makeAppender({ deliveryTimeoutMs: 1 }).append([to(0, 'a')])).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'kafka-not-enough-replicas',
      message: expect.stringContaining('partition 0 of t') as unknown,
    });
  });

  test('a refusal for good is an alarm, at once, and the other partitions of the call are still written', async () => {
    cluster.verdict = ({ partition }) => (partition === 0 ? TOPIC_AUTHORIZATION_FAILED : OK);
    await expect(makeAppender().append([to(0, 'a'), to(1, 'b')])).rejects.toMatchObject({ name: 'AlarmError', code: 'kafka-topic-authorization-failed' });
    expect(cluster.requests).toHaveLength(1);
    expect(cluster.logs.get('t/1')).toEqual(['b']);
  });

  test('cuts a request that is larger than a batch, and answers the offset of its first record', async () => {
    const large = Array.from({ length: 10 }, (_, i) => `${i}`.padEnd(400, '.'));
    const appender = makeAppender({ maxBatchBytes: 1_000 });
    const [before, [offset], after] = await Promise.all([appender.append([to(0, 'before')]), appender.append([to(0, ...large)]), appender.append([to(0, 'after')])]);
    expect([before, offset, after]).toEqual([[0], 1, [11]]);
    expect(cluster.logs.get('t/0')).toEqual(['before', ...large, 'after']);
    for (const request of cluster.requests) expect(request[0]!.values.join('').length).toBeLessThanOrEqual(1_000);
  });

  test('sends half as much when the topic finds a batch too large, down to a single record, which is an alarm', async () => {
    cluster.verdict = ({ values }) => (values.length > 2 || values.includes('giant') ? MESSAGE_TOO_LARGE : OK);
    const appender = makeAppender();
    const [many, single] = await Promise.all([appender.append([to(0, '1', '2', '3', '4', '5')]), appender.append([to(0, '6')])]);
    expect([many, single]).toEqual([[0], [5]]);
    expect(cluster.logs.get('t/0')).toEqual(['1', '2', '3', '4', '5', '6']);
    await expect(appender.append([to(0, 'giant')])).rejects.toMatchObject({ name: 'AlarmError', code: 'kafka-message-too-large' });
  });

  test('keeps a request of several leaders and sizes below its limit', async () => {
    const appender = makeAppender({ maxRequestBytes: 1_000 });
    await appender.append(Array.from({ length: 6 }, (_, partition) => to(partition, 'x'.repeat(400))));
    expect(cluster.requests).toHaveLength(3);
  });

  test('after close nothing is taken, and what waits fails', async () => {
    cluster.verdict = () => NOT_ENOUGH_REPLICAS;
    const appender = makeAppender();
    const waiting = appender.append([to(0, 'a')]);
    const settled = expect(waiting).rejects.toMatchObject({ name: 'RetryableError' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    appender.close();
    await settled;
    await expect(appender.append([to(0, 'b')])).rejects.toMatchObject({ code: 'kafka-closed' });
  });
});
