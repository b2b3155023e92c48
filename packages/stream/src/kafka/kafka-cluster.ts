import { AlarmError, RetryableError } from '../errors.ts';
import type { TopicPartition } from '../log.ts';
import { BrokerChannel, type ChannelOptions } from './broker-channel.ts';
import { responseError, topicMissing } from './kafka-errors.ts';
import { metadataRequest, type KafkaRequest, type Metadata, type TopicMetadata } from './requests.ts';

const NO_ERROR = 0;
const UNKNOWN_TOPIC = 3;
const TOPIC_AUTHORIZATION_FAILED = 29;
const INVALID_TOPIC = 17;
/** How often a topic that is not there is asked for before that is an alarm: a topic just created is not everywhere at once. */
const MISSING_TOPIC_TRIES = 10;
const MISSING_TOPIC_PAUSE_MS = 200;
const LEADER_PAUSE_MS = 50;
/** How many answers in a row must deny a topic that was there before it counts as gone. */
const DENIALS_UNTIL_GONE = 5;

interface Address {
  readonly host: string;
  readonly port: number;
}

/** What sending and reading need of a cluster; tests put one with faults in its place. */
export type ClusterRequests = Pick<KafkaCluster, 'leaderOf' | 'know' | 'refresh' | 'send'>;

/**
 * The brokers, who leads which partition, and one connection per broker and purpose ("lane").
 *
 * Metadata is asked for when something is unknown or an answer says that it is stale; requests that ask at the same time
 * share one refresh.
 */
export class KafkaCluster {
  readonly #seeds: readonly Address[];
  readonly #options: ChannelOptions;
  readonly #topics = new Map<string, TopicMetadata | undefined>();
  readonly #denials = new Map<string, number>();
  readonly #channels = new Map<string, BrokerChannel>();
  #nodes = new Map<number, Address>();
  #refreshing: Promise<void> | undefined;
  #closed = false;

  /** @param brokers `host:port` of some brokers of the cluster; the rest is found through them. */
  constructor(brokers: readonly string[], options: ChannelOptions) {
    this.#seeds = brokers.map(parseAddress);
    this.#options = options;
  }

  /** The broker that leads a partition; undefined while it has no leader or is not known. */
  leaderOf(topic: string, partition: number): number | undefined {
    const leader = this.#topics.get(topic)?.leaders.get(partition);
    return leader !== undefined && this.#nodes.has(leader) ? leader : undefined;
  }

  /**
   * Makes sure that every partition named exists, asking the cluster where that is not known.
   *
   * @throws AlarmError when one is missing or not ours to use. @throws RetryableError when no broker answers.
   */
  async know(partitions: readonly TopicPartition[]): Promise<void> {
    for (let tries = 0; ; tries++) {
      const missing = partitions.find(({ topic, partition }) => this.#topics.get(topic)?.leaders.has(partition) !== true);
      if (missing === undefined) return;
      const errorCode = this.#topics.get(missing.topic)?.errorCode ?? NO_ERROR;
      if (errorCode === TOPIC_AUTHORIZATION_FAILED || errorCode === INVALID_TOPIC) {
        this.#topics.delete(missing.topic); // ask anew when somebody has mended it
        throw responseError(errorCode, 'look up', `the topic ${missing.topic}`);
      }
      if (tries > 0) {
        if (tries > MISSING_TOPIC_TRIES) throw topicMissing(missing.topic, missing.partition);
        await pause(MISSING_TOPIC_PAUSE_MS);
      }
      for (const { topic } of partitions) if (!this.#topics.has(topic)) this.#topics.set(topic, undefined);
      await this.refresh();
    }
  }

  /**
   * Waits until every partition has a leader: for topics just created, which the brokers learn of one after another.
   *
   * @throws RetryableError when that takes longer than `timeoutMs`.
   */
  async waitForLeaders(partitions: readonly TopicPartition[], timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const leaderless = partitions.find(({ topic, partition }) => this.leaderOf(topic, partition) === undefined);
      if (leaderless === undefined) return;
      if (performance.now() > deadlineMs) {
        throw new RetryableError('kafka-no-leader', `Partition ${leaderless.partition} of ${leaderless.topic} has no leader after ${timeoutMs} ms.`);
      }
      for (const { topic } of partitions) if (!this.#topics.has(topic)) this.#topics.set(topic, undefined);
      await this.refresh();
      await pause(LEADER_PAUSE_MS);
    }
  }

  /** Asks the cluster anew for its brokers and the leaders of all topics in use. @throws RetryableError @throws AlarmError */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /**
   * Sends a request to one broker.
   *
   * @param lane requests of one lane to one broker go over one connection, in order; each is answered after the one before.
   * @throws RetryableError @throws AlarmError
   */
  send<T>(nodeId: number, lane: string, request: KafkaRequest<T>): Promise<T> {
    const address = this.#nodes.get(nodeId);
    if (address === undefined) {
      return Promise.reject(new RetryableError('kafka-broker-gone', `Broker ${nodeId} is no longer part of the Kafka cluster.`));
    }
    return this.#channel(address, lane).send(request);
  }

  /** Closes every connection, after the requests under way. */
  async close(): Promise<void> {
    this.#closed = true;
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    for (const channel of channels) channel.destroy(closedError());
    await this.#refreshing?.catch(() => undefined);
  }

  #channel(address: Address, lane: string): BrokerChannel {
    if (this.#closed) throw closedError();
    const key = `${lane} ${address.host}:${address.port}`;
    const existing = this.#channels.get(key);
    if (existing?.usable === true) return existing;
    // A session that has run out is still in use by requests under way: close, do not cut.
    void existing?.close().catch(() => undefined);
    const channel = new BrokerChannel(address.host, address.port, this.#options);
    this.#channels.set(key, channel);
    // Whoever sends waits for it and hears of a failure; here it must only not count as unhandled.
    channel.connect().catch(() => undefined);
    return channel;
  }

  async #refresh(): Promise<void> {
    const request = metadataRequest([...this.#topics.keys()]);
    const candidates = this.#candidates();
    let lastError: unknown;
    for (const address of candidates) {
      try {
        this.#take(await this.#channel(address, 'control').send(request));
        return;
      } catch (error) {
        if (error instanceof AlarmError) throw error;
        lastError = error;
      }
    }
    const asked = candidates.map(({ host, port }) => `${host}:${port}`).join(', ');
    const said = lastError instanceof Error ? ` The last one: ${lastError.message}` : '';
    throw new RetryableError('kafka-unreachable', `No broker of the Kafka cluster answers (asked ${asked}).${said}`, { cause: lastError });
  }

  /** Brokers with an open connection first, then the others, then the addresses given. */
  #candidates(): Address[] {
    const isOpen = (address: Address): boolean => this.#channels.get(`control ${address.host}:${address.port}`)?.usable === true;
    const nodes = [...this.#nodes.values()].sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)));
    const known = new Set(nodes.map(({ host, port }) => `${host}:${port}`));
    return [...nodes, ...this.#seeds.filter(({ host, port }) => !known.has(`${host}:${port}`))];
  }

  #take(metadata: Metadata): void {
    this.#nodes = new Map(metadata.nodes.map((node) => [node.nodeId, { host: node.host, port: node.port }]));
    for (const topic of metadata.topics) {
      const known = this.#topics.get(topic.topic);
      const denials = topic.errorCode === UNKNOWN_TOPIC ? (this.#denials.get(topic.topic) ?? 0) + 1 : 0;
      this.#denials.set(topic.topic, denials);
      // A broker that has just started may not know a topic yet; who leads it was known a moment ago.
      if (denials > 0 && denials < DENIALS_UNTIL_GONE && known !== undefined && known.leaders.size > 0) continue;
      this.#topics.set(topic.topic, topic);
    }
    const inUse = new Set([...this.#nodes.values()].map(({ host, port }) => `${host}:${port}`));
    for (const [key, channel] of this.#channels) {
      if (inUse.has(channel.address)) continue;
      this.#channels.delete(key);
      void channel.close().catch(() => undefined);
    }
  }
}

function closedError(): RetryableError {
  return new RetryableError('kafka-closed', 'The connection to Kafka has been closed by this process.');
}

function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  const host = text.slice(0, Math.max(0, colon)).replace(/^\[(.*)\]$/, '$1');
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new AlarmError('kafka-address', `The Kafka address "${text}" is not host:port.`);
  }
  return { host, port };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
