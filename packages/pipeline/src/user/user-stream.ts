import {
  decodeProfile,
  decodeUserShardState,
  emptyUserShardState,
  encodeProfile,
  encodeUserShardState,
  Profile,
  type UserShardState,
} from '@millrace/algorithms';
import type { AnyEvent, ControlEvent, EventDecoder, EventEncoder, UserEvent } from '@millrace/events';
import type { Decoded, EntityCodec, ShardFold, ShardScope, StreamHandler, StreamSpec } from '@millrace/stream/handler';
import type { LogRecord } from '@millrace/stream/log';
import { keysOfUser, USER_STATE_KEY } from '../keys.ts';
import { learnSchema } from '../learn-schema.ts';
import type { ListRenderer } from './list-renderer.ts';
import { listMemoCodec } from './list-memo.ts';
import { UserFold } from './user-fold.ts';

/** What a list may be and cost. */
export interface ListOptions {
  /** Places of a list. */
  readonly length: number;
  /** No list for an event appended longer ago: a backfill floods nobody. */
  readonly maxAgeMs: number;
}

/** What the user stream tells its process about lists; no call carries anything personal. */
export interface ListObserver {
  /** A list was acknowledged by the log, this long after its event had been. */
  published(placement: string, latencyMs: number): void;
}

export interface UserStreamParts {
  readonly topics: UserTopics;
  readonly itemShards: number;
  readonly decoder: EventDecoder;
  readonly encoder: EventEncoder;
  /** What stands before the bytes of an evidence record: see `schemaPrefix`. */
  readonly evidencePrefix: Buffer;
  /** A batch's evidence for one item shard is cut into records of at most about this size. Default 256 KiB. */
  readonly evidencePartBytes?: number | undefined;
  readonly renderer: ListRenderer;
  readonly lists: ListOptions;
  readonly listObserver: ListObserver;
}

/** Names on the broker. */
export interface UserTopics {
  readonly customers: string;
  readonly clickstream: string;
  readonly purchases: string;
  readonly control: string;
  readonly journal: string;
  readonly itemEvidence: string;
  readonly recommendations: string;
  readonly deadLetters: string;
}

/** An event that belongs to a user shard. */
export type UserShardEvent = UserEvent | ControlEvent;

/** Grows when the same events would fold to another state than before. */
export const USER_FOLD_VERSION = 1;

const profileCodec: EntityCodec<Profile> = {
  decode: (bytes) => (bytes === null ? new Profile() : decodeProfile(bytes)),
  // A profile without an event is one that was forgotten, or that nobody ever had.
  encode: (profile) => (profile.events === 0 ? null : encodeProfile(profile)),
};

const shardStateCodec: EntityCodec<UserShardState> = {
  decode: (bytes) => (bytes === null ? emptyUserShardState() : decodeUserShardState(bytes)),
  encode: encodeUserShardState,
};

/**
 * Everything that belongs to a user, in one pass: profile, session, evidence about items, and the list that an event
 * deserves. Reads customers, clicks, purchases and control; writes item evidence, recommendations and dead letters.
 */
export class UserStream implements StreamHandler<UserShardEvent> {
  readonly spec: StreamSpec;
  readonly codecs = {
    p: profileCodec as EntityCodec<never>,
    m: listMemoCodec as EntityCodec<never>,
    s: shardStateCodec as EntityCodec<never>,
  };
  readonly #parts: UserStreamParts;

  constructor(parts: UserStreamParts) {
    this.#parts = parts;
    const { topics } = parts;
    this.spec = {
      name: 'user-stream',
      kind: 'u',
      // Of equal times, what the business says comes before what it is about, and a view before the order that it led to.
      inputs: [topics.control, topics.customers, topics.clickstream, topics.purchases],
      journal: topics.journal,
      deadLetters: topics.deadLetters,
      downstream: { kind: 'i', shards: parts.itemShards },
      foldVersion: USER_FOLD_VERSION,
    };
  }

  decode(input: number, record: LogRecord, partition: number): Decoded<UserShardEvent> {
    const outcome = this.#parts.decoder.decode(this.spec.inputs[input]!, record, partition);
    if (outcome.kind === 'unknown-schema') return { kind: 'wait', schemaId: outcome.schemaId };
    if (outcome.kind === 'dead') return outcome;
    const event = outcome.event as Exclude<AnyEvent, { type: 'catalog' }>;
    const keys = 'user' in event ? keysOfUser(event.user) : [];
    return { kind: 'event', event, timeMs: event.timeMs, keys };
  }

  learnSchema(schemaId: number): Promise<boolean> {
    return learnSchema(this.#parts.decoder, schemaId);
  }

  open(scope: ShardScope): ShardFold<UserShardEvent> {
    return new UserFold(this.#parts, scope, USER_STATE_KEY);
  }
}
