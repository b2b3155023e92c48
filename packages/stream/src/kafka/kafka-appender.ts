import { AlarmError, RetryableError } from '../errors.ts';
import type { Append, NewRecord } from '../log.ts';
import type { ClusterRequests } from './kafka-cluster.ts';
import { errorKind, responseError, topicMissing } from './kafka-errors.ts';
import { encodeRecordBatch, recordSizeBound, recordsSizeBound } from './record-batch.ts';
import { produceRequest, type ProduceAnswer } from './requests.ts';

export interface AppenderOptions {
  /** How long a request waits for others to share its way; 0 waits for the current turn of the event loop only. */
  readonly lingerMs: number;
  /** Size of one batch, that is of what one partition gets in one request; below the topic's `max.message.bytes`. */
  readonly maxBatchBytes: number;
  /** Size of one request, that is of all partitions of one leader. */
  readonly maxRequestBytes: number;
  /** How long one append is tried before its caller hears that Kafka cannot take it now. */
  readonly deliveryTimeoutMs: number;
  /** How long the leader itself may wait for its replicas. */
  readonly requestTimeoutMs: number;
}

/** One call of `append`, settled when each of its pieces has been. */
interface Call {
  readonly offsets: number[];
  readonly deadlineMs: number;
  openPieces: number;
  error: Error | undefined;
  readonly resolve: (offsets: number[]) => void;
  readonly reject: (error: Error) => void;
}

/** Records of one request that go into one batch together; a large request has several. */
interface Piece {
  readonly call: Call;
  /** Which request of the call; -1 when an earlier piece of the same request answers its offset. */
  readonly answers: number;
  readonly records: readonly NewRecord[];
  readonly bytes: number;
}

/**
 * What waits for one partition. There is at most one batch under way for it, so a batch that has to be sent again is
 * never overtaken by a later one.
 */
interface PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  waiting: Piece[];
  sending: Piece[];
  failures: number;
  /** At most so many pieces in the next batch: halved when a batch was too large for the topic. */
  maxPieces: number;
}

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;

/**
 * Gathers the appends of all shards of a process into one produce request per leader, and hands each caller the offset
 * of its own first record.
 *
 * Whatever is not clearly acknowledged (an error that may pass, a lost answer, a partition that the answer does not
 * mention) is sent again, in its old order: written twice is possible, lost or overtaken is not.
 */
export class KafkaAppender {
  readonly #cluster: ClusterRequests;
  readonly #options: AppenderOptions;
  readonly #queues = new Map<string, PartitionQueue>();
  readonly #retryTimers = new Map<PartitionQueue, NodeJS.Timeout>();
  #ready = new Set<PartitionQueue>();
  #flushScheduled = false;
  #closed = false;

  constructor(cluster: ClusterRequests, options: AppenderOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  append(requests: readonly Append[]): Promise<number[]> {
    if (requests.length === 0) return Promise.resolve([]);
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      const call: Call = {
        offsets: new Array<number>(requests.length).fill(-1),
        deadlineMs: performance.now() + this.#options.deliveryTimeoutMs,
        openPieces: 0,
        error: undefined,
        resolve,
        reject,
      };
      requests.forEach((request, index) => this.#enqueue(call, index, request));
    });
  }

  /** Appends that are still waiting or under way fail. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#retryTimers.values()) clearTimeout(timer);
    this.#retryTimers.clear();
    for (const queue of this.#queues.values()) {
      const open = queue.waiting;
      queue.waiting = [];
      for (const piece of open) settle(piece, undefined, closedError());
    }
  }

  #enqueue(call: Call, index: number, request: Append): void {
    if (request.records.length === 0) throw new RangeError(`append to ${request.topic} has no records`);
    const queue = this.#queue(request);
    const bytes = recordsSizeBound(request.records);
    if (bytes <= this.#options.maxBatchBytes) {
      queue.waiting.push({ call, answers: index, records: request.records, bytes });
      call.openPieces++;
    } else {
      for (const records of this.#cut(request.records)) {
        const isFirst = records[0] === request.records[0];
        queue.waiting.push({ call, answers: isFirst ? index : -1, records, bytes: recordsSizeBound(records) });
        call.openPieces++;
      }
    }
    this.#makeReady(queue);
  }

  #cut(records: readonly NewRecord[]): NewRecord[][] {
    const runs: NewRecord[][] = [];
    let run: NewRecord[] = [];
    let bytes = 0;
    for (const record of records) {
      const size = recordSizeBound(record);
      if (run.length > 0 && bytes + size > this.#options.maxBatchBytes) {
        runs.push(run);
        run = [];
        bytes = 0;
      }
      run.push(record);
      bytes += size;
    }
    runs.push(run);
    return runs;
  }

  #queue({ topic, partition }: Append): PartitionQueue {
    const key = `${topic}/${partition}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { topic, partition, waiting: [], sending: [], failures: 0, maxPieces: Infinity };
      this.#queues.set(key, queue);
    }
    return queue;
  }

  #makeReady(queue: PartitionQueue): void {
    if (queue.sending.length > 0 || queue.waiting.length === 0 || this.#retryTimers.has(queue)) return;
    this.#ready.add(queue);
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    const flush = (): void => {
      this.#flushScheduled = false;
      void this.#flush();
    };
    if (this.#options.lingerMs > 0) setTimeout(flush, this.#options.lingerMs);
    else setImmediate(flush);
  }

  async #flush(): Promise<void> {
    const queues = [...this.#ready];
    this.#ready = new Set();
    for (const queue of queues) takeBatch(queue, this.#options.maxBatchBytes);
    const unknown = queues.filter(({ topic, partition }) => this.#cluster.leaderOf(topic, partition) === undefined);
    const ready = unknown.length === 0 ? queues : queues.filter((queue) => !unknown.includes(queue));
    this.#sendAll(ready);
    // One topic that is missing must not fail the appends to the others, so each is asked for by itself.
    await Promise.all(unknown.map((queue) => this.#findLeaderAndSend(queue)));
  }

  async #findLeaderAndSend(queue: PartitionQueue): Promise<void> {
    try {
      await this.#cluster.know([queue]);
      if (this.#cluster.leaderOf(queue.topic, queue.partition) === undefined) await this.#cluster.refresh();
    } catch (error) {
      this.#failed(queue, error as Error);
      return;
    }
    if (this.#cluster.leaderOf(queue.topic, queue.partition) !== undefined) this.#sendAll([queue]);
    else this.#failed(queue, new RetryableError('kafka-no-leader', `${nameOf(queue)} has no leader at the moment.`));
  }

  #sendAll(queues: readonly PartitionQueue[]): void {
    const byLeader = new Map<number, PartitionQueue[]>();
    for (const queue of queues) {
      const leader = this.#cluster.leaderOf(queue.topic, queue.partition)!;
      const same = byLeader.get(leader);
      if (same === undefined) byLeader.set(leader, [queue]);
      else same.push(queue);
    }
    for (const [leader, ofLeader] of byLeader) {
      for (const group of this.#requestGroups(ofLeader)) void this.#send(leader, group);
    }
  }

  #requestGroups(queues: readonly PartitionQueue[]): PartitionQueue[][] {
    const groups: PartitionQueue[][] = [];
    let room = 0;
    for (const queue of queues) {
      const bytes = queue.sending.reduce((sum, piece) => sum + piece.bytes, 0);
      if (groups.length === 0 || bytes > room) {
        groups.push([]);
        room = this.#options.maxRequestBytes;
      }
      groups.at(-1)!.push(queue);
      room -= bytes;
    }
    return groups;
  }

  async #send(leader: number, queues: readonly PartitionQueue[]): Promise<void> {
    let answers: ProduceAnswer[];
    try {
      const nowMs = Date.now();
      const batches = queues.map(({ topic, partition, sending }) => ({
        topic,
        partition,
        batch: encodeRecordBatch(sending.map((piece) => piece.records), nowMs),
      }));
      answers = await this.#cluster.send(leader, 'produce', produceRequest(batches, this.#options.requestTimeoutMs));
    } catch (error) {
      await this.#refreshAfter(error);
      for (const queue of queues) this.#failed(queue, error as Error);
      return;
    }
    let isStale = false;
    const byPartition = new Map(answers.map((answer) => [`${answer.topic}/${answer.partition}`, answer]));
    for (const queue of queues) {
      const answer = byPartition.get(`${queue.topic}/${queue.partition}`);
      if (answer?.errorCode === 0) {
        this.#acknowledged(queue, answer.baseOffset);
        continue;
      }
      isStale ||= answer !== undefined && ['stale-metadata', 'unknown-topic'].includes(errorKind(answer.errorCode));
      this.#refused(queue, answer?.errorCode);
    }
    if (isStale) await this.#refreshAfter(undefined);
  }

  #acknowledged(queue: PartitionQueue, baseOffset: number): void {
    const sent = queue.sending;
    queue.sending = [];
    queue.failures = 0;
    queue.maxPieces = Infinity;
    let offset = baseOffset;
    for (const piece of sent) {
      settle(piece, offset, undefined);
      offset += piece.records.length;
    }
    this.#makeReady(queue);
  }

  #refused(queue: PartitionQueue, errorCode: number | undefined): void {
    if (errorCode === undefined) {
      this.#failed(queue, new RetryableError('kafka-unanswered', `The leader's answer does not mention ${nameOf(queue)}.`));
      return;
    }
    const kind = errorKind(errorCode);
    if (kind === 'too-large' && this.#sendLess(queue)) return;
    if (kind === 'unknown-topic') {
      // Right after a leader has moved the old one may say so; only a topic that stays unknown is an alarm.
      this.#failed(queue, new RetryableError('kafka-unknown-topic', `The leader does not know ${nameOf(queue)}.`), () =>
        topicMissing(queue.topic, queue.partition),
      );
      return;
    }
    this.#failed(queue, responseError(errorCode, 'append to', nameOf(queue)));
  }

  /** Halves what goes into the next batch. @returns false when it is one record already. */
  #sendLess(queue: PartitionQueue): boolean {
    const [first] = queue.sending;
    if (first === undefined || (queue.sending.length === 1 && first.records.length === 1)) return false;
    if (queue.sending.length > 1) {
      queue.maxPieces = Math.ceil(queue.sending.length / 2);
    } else {
      const half = Math.ceil(first.records.length / 2);
      const front = first.records.slice(0, half);
      const back = first.records.slice(half);
      queue.sending = [
        { call: first.call, answers: first.answers, records: front, bytes: recordsSizeBound(front) },
        { call: first.call, answers: -1, records: back, bytes: recordsSizeBound(back) },
      ];
      first.call.openPieces++;
      queue.maxPieces = 1;
    }
    queue.waiting = [...queue.sending, ...queue.waiting];
    queue.sending = [];
    this.#makeReady(queue);
    return true;
  }

  /**
   * Puts what was sent back to the front and tries again a little later, or gives it up.
   *
   * @param atDeadline the error that callers hear when they have waited long enough; by default this one.
   */
  #failed(queue: PartitionQueue, error: Error, atDeadline: () => Error = () => error): void {
    const sent = queue.sending;
    queue.sending = [];
    if (!(error instanceof RetryableError) || this.#closed) {
      for (const piece of sent) settle(piece, undefined, error);
      queue.waiting = queue.waiting.filter((piece) => !dropGivenUp(piece));
      if (!this.#closed) this.#makeReady(queue);
      return;
    }
    const nowMs = performance.now();
    const isOver = (piece: Piece): boolean => piece.call.deadlineMs <= nowMs;
    for (const piece of sent) if (isOver(piece)) settle(piece, undefined, atDeadline());
    queue.waiting = [...sent.filter((piece) => !isOver(piece)), ...queue.waiting.filter((piece) => !dropGivenUp(piece))];
    if (queue.waiting.length === 0) return;
    const delayMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** queue.failures++);
    const timer = setTimeout(() => {
      this.#retryTimers.delete(queue);
      this.#makeReady(queue);
    }, delayMs);
    this.#retryTimers.set(queue, timer);
  }

  /** The leader may have changed: who it is now is found out before anything is sent again. */
  async #refreshAfter(error: unknown): Promise<void> {
    if (error !== undefined && !(error instanceof RetryableError)) return;
    await this.#cluster.refresh().catch(() => undefined);
  }
}

/** Moves pieces from the front of the queue into the next batch, up to its size; at least one. */
function takeBatch(queue: PartitionQueue, maxBytes: number): void {
  let bytes = 0;
  let count = 0;
  for (const piece of queue.waiting) {
    if (count > 0 && (bytes + piece.bytes > maxBytes || count >= queue.maxPieces)) break;
    bytes += piece.bytes;
    count++;
  }
  queue.sending = queue.waiting.slice(0, count);
  queue.waiting = queue.waiting.slice(count);
}

/** The rest of a request whose beginning was given up must not be written without it. */
function dropGivenUp(piece: Piece): boolean {
  if (piece.call.error === undefined || piece.answers !== -1) return false;
  settle(piece, undefined, piece.call.error);
  return true;
}

function settle(piece: Piece, offset: number | undefined, error: Error | undefined): void {
  const { call } = piece;
  // An alarm says more than "not now".
  if (error !== undefined && !(call.error instanceof AlarmError)) call.error = error;
  if (offset !== undefined && piece.answers !== -1) call.offsets[piece.answers] = offset;
  if (--call.openPieces > 0) return;
  if (call.error === undefined) call.resolve(call.offsets);
  else call.reject(call.error);
}

function nameOf({ topic, partition }: PartitionQueue): string {
  return `partition ${partition} of ${topic}`;
}

function closedError(): RetryableError {
  return new RetryableError('kafka-closed', 'The log has been closed by this process.');
}
