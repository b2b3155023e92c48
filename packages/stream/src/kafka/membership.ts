import type { Consumer } from 'kafkajs';
import { AlarmError, RetryableError } from '../errors.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import { clientError } from './kafka-errors.ts';
import { shardAssigner } from './shard-assigner.ts';

export interface MembershipOptions {
  readonly connection: KafkaConnection;
  readonly groupId: string;
  /** Topics that all have `shardCount` partitions. */
  readonly topics: readonly string[];
  readonly shardCount: number;
  /** The shards that this member is to work on from now on, ascending; called at every change, first after joining. */
  readonly onAssigned: (shards: number[]) => void;
  /** The membership has ended for good; the process should say so and exit. */
  readonly onError: (error: Error) => void;
  /** Without a sign of life for so long a member has left; its shards go to others. */
  readonly sessionTimeoutMs?: number;
  /** How long a rebalance waits for the members to come back. */
  readonly rebalanceTimeoutMs?: number;
  readonly heartbeatIntervalMs?: number;
}

export interface PublishedOffset {
  readonly topic: string;
  readonly partition: number;
  /** The next offset that will be read. */
  readonly offset: number;
}

/** Heartbeats are sent between two of these naps of a consumer that has nothing to fetch. */
const IDLE_NAP_MS = 300;
/** kafkajs says "coordinator not found" both when nobody answers and when the user may not know: first try again. */
const MAX_REJOINS = 5;
const REJOIN_PAUSE_MS = 2_000;

/**
 * Membership in a consumer group that shares shards among the processes of a service. It only shares work: correctness
 * rests on the journal, so a member that is late to learn of a change does no harm.
 *
 * A kafkajs consumer does the talking; it is paused on everything it is assigned, so it never reads a record.
 */
export class ShardMembership {
  readonly #options: MembershipOptions;
  readonly #sessionTimeoutMs: number;
  #consumer: Consumer | undefined;
  #owned: number[] = [];
  #isJoined = false;
  #isStopped = false;
  #rejoins = 0;
  #lapse: NodeJS.Timeout | undefined;
  #rejoin: NodeJS.Timeout | undefined;
  #publishing = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? 10_000;
  }

  /**
   * Joins the group; `onAssigned` is called when the group has settled.
   *
   * @throws AlarmError when a topic is missing or access is denied, RetryableError when Kafka cannot be reached.
   */
  async start(): Promise<void> {
    const { connection, topics } = this.#options;
    await connection.cluster.know(topics.map((topic) => ({ topic, partition: 0 })));
    await this.#join();
  }

  /** Leaves the group, so that the others take over at once. `onAssigned` is not called any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#lapse);
    clearTimeout(this.#rejoin);
    await this.#consumer?.disconnect().catch(() => undefined);
  }

  /**
   * Commits positions to the group, for lag tools to show. Positions that count are in the state store; so a failure
   * here is no more than a line in the debug log, and nothing is sent while the group rebalances.
   */
  async publishOffsets(positions: readonly PublishedOffset[]): Promise<void> {
    if (!this.#isJoined || this.#publishing || this.#consumer === undefined || positions.length === 0) return;
    this.#publishing = true;
    try {
      await this.#consumer.commitOffsets(positions.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })));
    } catch (error) {
      this.#options.connection.logger.debug('kafka.offsets-not-published', { groupId: this.#options.groupId, error });
    } finally {
      this.#publishing = false;
    }
  }

  async #join(): Promise<void> {
    const { connection, groupId, topics, shardCount, rebalanceTimeoutMs, heartbeatIntervalMs } = this.#options;
    const consumer = connection.client.consumer({
      groupId,
      partitionAssigners: [shardAssigner(shardCount, () => this.#owned)],
      sessionTimeout: this.#sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs ?? 20_000,
      heartbeatInterval: heartbeatIntervalMs ?? 1_000,
      maxWaitTimeInMs: IDLE_NAP_MS,
      allowAutoTopicCreation: false,
      readUncommitted: true,
      retry: { retries: 5 },
    });
    this.#consumer = consumer;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      // Called before the first fetch; a topic paused as a whole stays so for every assignment.
      consumer.pause(topics.map((topic) => ({ topic })));
      this.#joined(Object.values(payload.memberAssignment).flat());
    });
    consumer.on(consumer.events.REBALANCING, () => this.#outside());
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      this.#outside();
      if (!payload.restart) this.#crashed(payload.error);
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => undefined });
    } catch (error) {
      await consumer.disconnect().catch(() => undefined);
      throw membershipError(error, groupId);
    }
  }

  #joined(partitions: readonly number[]): void {
    if (this.#isStopped) return;
    clearTimeout(this.#lapse);
    this.#isJoined = true;
    this.#rejoins = 0;
    this.#assign([...new Set(partitions)].sort((a, b) => a - b));
  }

  /** Out of the group, perhaps for a moment: after the session's time somebody else has the shards. */
  #outside(): void {
    this.#isJoined = false;
    clearTimeout(this.#lapse);
    if (this.#isStopped) return;
    this.#lapse = setTimeout(() => this.#assign([]), this.#sessionTimeoutMs);
  }

  #assign(shards: number[]): void {
    const isSame = shards.length === this.#owned.length && shards.every((shard, i) => shard === this.#owned[i]);
    this.#owned = shards;
    // A member that joins to find no shard left is told so all the same: it is ready.
    if (!isSame || shards.length === 0) this.#options.onAssigned([...shards]);
  }

  #crashed(error: Error): void {
    if (this.#isStopped) return;
    const named = membershipError(error, this.#options.groupId);
    const mayPass = error.name === 'KafkaJSGroupCoordinatorNotFound' || named instanceof RetryableError;
    if (!mayPass || this.#rejoins >= MAX_REJOINS) {
      clearTimeout(this.#lapse);
      this.#options.onError(named);
      return;
    }
    this.#rejoins++;
    this.#rejoin = setTimeout(() => {
      this.#join().catch((again: unknown) => this.#crashed(again as Error));
    }, REJOIN_PAUSE_MS);
  }
}

/** Names an error of the group protocol for what happens next. */
export function membershipError(error: unknown, groupId: string): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const options = { cause: error };
  const types = chainOf(error).map((one) => (one as { type?: string }).type);
  if (error.name === 'KafkaJSGroupCoordinatorNotFound' || types.includes('GROUP_AUTHORIZATION_FAILED')) {
    return new AlarmError(
      'kafka-group-forbidden',
      `The consumer group "${groupId}" cannot be joined: either this user may not use it (give it READ on the group), or the cluster has no __consumer_offsets topic that works (look at its replication factor and brokers).`,
      options,
    );
  }
  if (types.includes('TOPIC_AUTHORIZATION_FAILED')) {
    return new AlarmError('kafka-topic-authorization-failed', `A topic of the group "${groupId}" is missing, or this user may not read it: give it DESCRIBE and READ.`, options);
  }
  if (types.includes('INCONSISTENT_GROUP_PROTOCOL')) {
    return new AlarmError('kafka-group-taken', `The consumer group "${groupId}" is in use by another kind of consumer: stop it, or name another group.`, options);
  }
  return clientError(error, `the coordinator of group "${groupId}"`);
}

function chainOf(error: Error): Error[] {
  const chain: Error[] = [];
  for (let one: unknown = error; one instanceof Error && !chain.includes(one); one = one.cause) chain.push(one);
  return chain;
}
