import { AlarmError, RetryableError } from '../errors.ts';
import type { FetchedRecords, FetchPosition, LogRecord } from '../log.ts';
import type { ClusterRequests } from './kafka-cluster.ts';
import { errorKind, responseError } from './kafka-errors.ts';
import { decodeRecordBatches } from './record-batch.ts';
import { fetchRequest, type FetchAnswer } from './requests.ts';

export interface FetcherOptions {
  /** Size of one response, that is of all partitions of one leader; a larger first record still comes. */
  readonly maxResponseBytes: number;
}

/** What one broker said about one partition. */
interface PartAnswer {
  readonly records: LogRecord[];
  readonly nextOffset: number;
  readonly endOffset: number;
  readonly outOfRange: boolean;
}

/**
 * A fetch request under way, or answered and not yet handed out. A caller that has its answer from one leader does not
 * wait for the others; their requests stay open, and the next call for the same positions takes them over.
 */
interface Poll {
  readonly nodeId: number;
  readonly connection: number;
  readonly wanted: ReadonlyMap<string, number>;
  readonly startedAtMs: number;
  answered: ReadonlyMap<string, PartAnswer> | undefined;
  error: Error | undefined;
  isDone: boolean;
  /** Resolves, never rejects, when `isDone`. */
  done: Promise<void>;
}

/** A broker answers the requests of a connection one after another, so each waiting request has one; at most so many. */
const MAX_CONNECTIONS_PER_BROKER = 16;
/** An answer that nobody came back for is thrown away; reading it again costs little. */
const MAX_ANSWER_AGE_MS = 5_000;
/** How much later than the brokers the caller's own clock may ring, so that their answer is not missed by a hair. */
const ANSWER_SLACK_MS = 20;

/** Fetches that wait for data: one request per leader for all positions of a call, on connections of their own. */
export class KafkaFetcher {
  readonly #cluster: ClusterRequests;
  readonly #maxResponseBytes: number;
  readonly #endOffsets = new Map<string, number>();
  #polls: Poll[] = [];
  #turn = 0;

  constructor(cluster: ClusterRequests, options: FetcherOptions) {
    this.#cluster = cluster;
    this.#maxResponseBytes = options.maxResponseBytes;
  }

  /** See `Log.fetch`. */
  async fetch(positions: readonly FetchPosition[], maxWaitMs: number): Promise<FetchedRecords[]> {
    if (positions.length === 0) return [];
    await this.#findLeaders(positions);
    const polls = this.#pollsFor(positions, maxWaitMs);
    if (polls.length === 0) throw new RetryableError('kafka-no-leader', `No partition of ${positions.length} has a leader at the moment.`);
    await firstNews(polls, maxWaitMs);
    const done = polls.filter((poll) => poll.isDone);
    this.#polls = this.#polls.filter((poll) => !done.includes(poll));
    return this.#collect(positions, polls, done);
  }

  async #findLeaders(positions: readonly FetchPosition[]): Promise<void> {
    const isKnown = ({ topic, partition }: FetchPosition): boolean => this.#cluster.leaderOf(topic, partition) !== undefined;
    if (positions.every(isKnown)) return;
    await this.#cluster.know(positions);
    if (!positions.every(isKnown)) await this.#cluster.refresh();
  }

  /** Polls that are under way for these positions already, and new ones for the others. */
  #pollsFor(positions: readonly FetchPosition[], maxWaitMs: number): Poll[] {
    const nowMs = performance.now();
    this.#polls = this.#polls.filter((poll) => !poll.isDone || nowMs - poll.startedAtMs < MAX_ANSWER_AGE_MS);
    const used = new Set<Poll>();
    const uncovered = new Map<number, FetchPosition[]>();
    // A response that is full begins with the first positions: another one goes first each time.
    const first = this.#turn++ % positions.length;
    for (let i = 0; i < positions.length; i++) {
      const position = positions[(first + i) % positions.length]!;
      const leader = this.#cluster.leaderOf(position.topic, position.partition);
      if (leader === undefined) continue;
      // Short reads are never shared: who asks what is there now must not get what was there a moment ago.
      const underWay = maxWaitMs === 0 ? undefined : this.#polls.find((poll) => poll.nodeId === leader && covers(poll, position));
      if (underWay !== undefined) {
        used.add(underWay);
        continue;
      }
      const ofLeader = uncovered.get(leader);
      if (ofLeader === undefined) uncovered.set(leader, [position]);
      else ofLeader.push(position);
    }
    for (const [leader, ofLeader] of uncovered) used.add(this.#start(leader, ofLeader, maxWaitMs));
    return [...used];
  }

  #start(nodeId: number, positions: readonly FetchPosition[], maxWaitMs: number): Poll {
    const connection = maxWaitMs === 0 ? -1 : this.#freeConnection(nodeId);
    const lane = connection === -1 ? 'read' : `poll-${connection}`;
    const maxBytes = Math.min(this.#maxResponseBytes, positions.reduce((sum, position) => sum + position.maxBytes, 0));
    const poll: Poll = {
      nodeId,
      connection,
      wanted: new Map(positions.map((position) => [keyOf(position), position.offset])),
      startedAtMs: performance.now(),
      answered: undefined,
      error: undefined,
      isDone: false,
      done: Promise.resolve(),
    };
    poll.done = this.#run(poll, lane, positions, maxWaitMs, maxBytes);
    if (maxWaitMs > 0) this.#polls.push(poll);
    return poll;
  }

  async #run(poll: Poll, lane: string, positions: readonly FetchPosition[], maxWaitMs: number, maxBytes: number): Promise<void> {
    try {
      const answers = await this.#cluster.send(poll.nodeId, lane, fetchRequest(positions, maxWaitMs, maxBytes));
      poll.answered = await this.#read(poll, answers);
    } catch (error) {
      poll.error = error as Error;
      if (error instanceof RetryableError) await this.#cluster.refresh().catch(() => undefined);
    }
    poll.isDone = true;
  }

  async #read(poll: Poll, answers: readonly FetchAnswer[]): Promise<Map<string, PartAnswer>> {
    const read = new Map<string, PartAnswer>();
    let isStale = false;
    for (const { topic, partition, errorCode, highWatermark, records: bytes } of answers) {
      const key = keyOf({ topic, partition });
      const offset = poll.wanted.get(key);
      if (offset === undefined) continue;
      const kind = errorKind(errorCode);
      if (errorCode === 0) {
        const { records, nextOffset } = decodeRecordBatches(bytes, offset);
        this.#endOffsets.set(key, highWatermark);
        read.set(key, { records, nextOffset, endOffset: highWatermark, outOfRange: false });
      } else if (kind === 'out-of-range') {
        const endOffset = highWatermark >= 0 ? highWatermark : Infinity;
        read.set(key, { records: [], nextOffset: offset, endOffset, outOfRange: true });
      } else {
        const error = responseError(errorCode, 'read', `partition ${partition} of ${topic}`);
        if (error instanceof AlarmError && kind !== 'unknown-topic') throw error;
        isStale ||= kind !== 'retry';
        poll.error ??= new RetryableError(`kafka-${kind}`, error.message);
      }
    }
    if (isStale) await this.#cluster.refresh().catch(() => undefined);
    return read;
  }

  #freeConnection(nodeId: number): number {
    const taken = new Set(this.#polls.filter((poll) => poll.nodeId === nodeId && !poll.isDone).map((poll) => poll.connection));
    for (let i = 0; i < MAX_CONNECTIONS_PER_BROKER; i++) if (!taken.has(i)) return i;
    return this.#turn % MAX_CONNECTIONS_PER_BROKER;
  }

  #collect(positions: readonly FetchPosition[], polls: readonly Poll[], done: readonly Poll[]): FetchedRecords[] {
    const alarm = done.find((poll) => poll.error instanceof AlarmError || (poll.error !== undefined && !(poll.error instanceof RetryableError)));
    if (alarm !== undefined) throw alarm.error!;
    let unread = 0;
    let hasNews = false;
    const result = positions.map(({ topic, partition, offset }) => {
      const key = keyOf({ topic, partition });
      const holder = done.find((poll) => poll.wanted.get(key) === offset && poll.answered?.has(key) === true);
      const answer = holder?.answered?.get(key);
      if (answer !== undefined) {
        hasNews ||= answer.records.length > 0 || answer.outOfRange || answer.nextOffset > offset;
        return { topic, partition, offset, ...answer };
      }
      const isWaiting = polls.some((poll) => !poll.isDone && poll.wanted.get(key) === offset);
      if (!isWaiting) unread++;
      const known = isWaiting ? this.#endOffsets.get(key) : undefined;
      const endOffset = known !== undefined && known >= offset ? known : Infinity;
      return { topic, partition, offset, records: [], nextOffset: offset, endOffset, outOfRange: false };
    });
    if (unread > 0 && !hasNews) {
      const cause = done.find((poll) => poll.error !== undefined)?.error;
      throw new RetryableError(
        cause instanceof RetryableError ? cause.code : 'kafka-unread',
        `${unread} of ${positions.length} partitions could not be read: ${cause?.message ?? 'they have no leader at the moment'}`,
        { cause },
      );
    }
    return result;
  }
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

function covers(poll: Poll, position: FetchPosition): boolean {
  const key = keyOf(position);
  return poll.wanted.get(key) === position.offset && (!poll.isDone || poll.answered?.has(key) === true);
}

/** Waits until one poll has something to say, until all are done, or until the caller's time is over. */
async function firstNews(polls: readonly Poll[], maxWaitMs: number): Promise<void> {
  const hasNews = (poll: Poll): boolean =>
    poll.error instanceof AlarmError ||
    [...(poll.answered?.values() ?? [])].some((answer) => answer.records.length > 0 || answer.outOfRange);
  // One leader: it answers in time by itself, or fails.
  if (polls.length === 1) return polls[0]!.done;
  // What is there now is wanted from everybody.
  if (maxWaitMs === 0) {
    await Promise.all(polls.map((poll) => poll.done));
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const timeIsUp = new Promise<'time'>((resolve) => {
    timer = setTimeout(resolve, maxWaitMs + ANSWER_SLACK_MS, 'time');
  });
  try {
    for (;;) {
      const open = polls.filter((poll) => !poll.isDone);
      if (open.length === 0 || polls.some(hasNews)) return;
      if ((await Promise.race([timeIsUp, ...open.map((poll) => poll.done)])) === 'time') return;
    }
  } finally {
    clearTimeout(timer);
  }
}
