import type { ShardInbox } from './aligned-merge.ts';
import { Bell, type Clock } from './clock.ts';
import type { EngineOptions } from './engine.ts';
import { AlarmError, RetryableError } from './errors.ts';
import type { FetchPosition, Log } from './log.ts';

interface Attached {
  readonly inbox: ShardInbox<never>;
  readonly partition: number;
  readonly arrived: Bell;
  failure: AlarmError | undefined;
}

/** A shard's view of the feed. */
export interface FeedSubscription {
  /** Waits until something was delivered, at most `limitMs`. @throws AlarmError when a position is out of range. */
  arrival(limitMs: number, signal: AbortSignal): Promise<void>;
  /** The inbox has room again. */
  roomMade(): void;
  detach(): void;
}

/**
 * The one fetch loop of a worker: a single question for all inputs of all its shards, as long as their inboxes have
 * room. One request a round for the whole process is what makes small batches cheap.
 */
export class Feed {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #topics: readonly string[];
  readonly #options: EngineOptions;
  readonly #attached = new Set<Attached>();
  readonly #changed = new Bell();

  constructor(log: Log, clock: Clock, topics: readonly string[], options: EngineOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#topics = topics;
    this.#options = options;
  }

  attach<E>(partition: number, inbox: ShardInbox<E>): FeedSubscription {
    const attached: Attached = {
      inbox: inbox as unknown as ShardInbox<never>,
      partition,
      arrived: new Bell(),
      failure: undefined,
    };
    this.#attached.add(attached);
    this.#changed.ring();
    return {
      arrival: async (limitMs, signal) => {
        await attached.arrived.wait(this.#clock, limitMs, signal);
        if (attached.failure !== undefined) throw attached.failure;
      },
      roomMade: () => this.#changed.ring(),
      detach: () => {
        this.#attached.delete(attached);
      },
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { fetchMaxBytes, fetchMaxWaitMs, inboxLimitRecords, gatherMs, retryMinMs, retryMaxMs } = this.#options;
    let pauseMs = retryMinMs;
    while (!signal.aborted) {
      const askers: { attached: Attached; input: number }[] = [];
      const positions: FetchPosition[] = [];
      for (const attached of this.#attached) {
        const wanted = attached.inbox.wanted(this.#topics, attached.partition, inboxLimitRecords, fetchMaxBytes);
        for (const position of wanted) {
          positions.push(position);
          askers.push({ attached, input: this.#topics.indexOf(position.topic) });
        }
      }
      if (positions.length === 0) {
        await this.#changed.wait(this.#clock, fetchMaxWaitMs, signal);
        continue;
      }
      try {
        const answers = await this.#log.fetch(positions, fetchMaxWaitMs);
        let brought = 0;
        answers.forEach((answer, i) => {
          const { attached, input } = askers[i]!;
          if (answer.outOfRange) attached.failure = outOfRange(answer.topic, answer.partition, answer.offset);
          else attached.inbox.deliver(input, answer);
          if (answer.records.length > 0) brought++;
          if (answer.outOfRange || answer.records.length > 0 || !attached.inbox.isCaughtUp) attached.arrived.ring();
        });
        pauseMs = retryMinMs;
        if (brought > 0 && gatherMs > 0) await this.#clock.sleep(gatherMs, signal);
      } catch (error) {
        if (error instanceof AlarmError) {
          // What keeps the whole log from being read stops every shard that is fed from it.
          for (const attached of this.#attached) {
            attached.failure = error;
            attached.arrived.ring();
          }
        } else if (!(error instanceof RetryableError)) throw error;
        await this.#clock.sleep(pauseMs, signal);
        pauseMs = Math.min(pauseMs * 2, retryMaxMs);
      }
    }
  }
}

function outOfRange(topic: string, partition: number, offset: number): AlarmError {
  return new AlarmError(
    'position-out-of-range',
    `${topic}/${partition} does not hold offset ${offset}, where this shard has to read on. Either retention has removed records that were never read, or the topic was created anew. See the runbook "position out of range".`,
  );
}
