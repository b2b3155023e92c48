import type { Append, LogRecord } from './log.ts';
import type { ShardId, ShardKind, Timer } from './state-store.ts';

/** What decoding a record can come to. Anything else is a bug and crashes. */
export type Decoded<E> =
  /** `keys`: the entities that its fold will ask for. `timeMs`: event time, already clamped. */
  | { readonly kind: 'event'; readonly event: E; readonly timeMs: number; readonly keys: readonly string[] }
  /** Nothing to fold, by rule (a marker of the engine's own). */
  | { readonly kind: 'skip' }
  /** Goes to dead letters once; `detail` names field and rule and nothing personal. */
  | { readonly kind: 'dead'; readonly reason: string; readonly detail: string }
  /** Not readable *yet*: the shard waits until the schema is known. */
  | { readonly kind: 'wait'; readonly schemaId: number };

/** Where a record came from. */
export interface Cause {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When the log took it (`LogAppendTime`), epoch milliseconds. */
  readonly timestampMs: number;
}

/** How a kind of entity is kept: a compact string in the store, an object in memory. */
export interface EntityCodec<T> {
  /** `bytes` is null when the store has none: answer a fresh value. */
  decode(bytes: Buffer | null, key: string): T;
  /** null removes the key. The same value must always give the same bytes. */
  encode(value: T, key: string): Buffer | null;
  /** Set for memos only: outside the state and its digest, gone after this long. */
  readonly memoTtlSeconds?: number;
}

/** One entity in the worker's memory. */
export interface Entity<T> {
  readonly key: string;
  value: T;
}

/** What a fold may do to its shard. Everything it asks for was loaded before. */
export interface ShardScope {
  readonly shard: ShardId;
  readonly incarnation: Buffer;
  /** Greatest event time seen, the present record's included. */
  readonly clockMs: number;
  /** While catching up, only the newest event of a user and batch gets a list. */
  readonly coalesced: boolean;
  /** The batch had been journaled before: what was announced for it is not known. */
  readonly isRedo: boolean;
  entity<T>(key: string): Entity<T>;
  /** The entity changed and is written with the commit. */
  touch(entity: Entity<unknown>): void;
  /** Sets or moves the timer; it fires once the shard's clock has reached `dueMs`. */
  setTimer(name: string, dueMs: number): void;
  cancelTimer(name: string): void;
  /** Counts something worth knowing; `name` is from the handler's closed list. */
  note(name: string, count?: number): void;
}

/** The entry that a batch was journaled as. */
export interface BatchIdentity {
  /** Offset of the journal entry; -1 for a shard whose first input is its journal. */
  readonly journalOffset: number;
  readonly incarnation: Buffer;
}

/** The fold of one claimed shard. It is thrown away whenever the shard is dropped. */
export interface ShardFold<E> {
  /** Entities that are loaded with the claim and stay. */
  readonly shardKeys: readonly string[];
  /** Entities that firing the timer will ask for. */
  keysOfTimer(name: string): readonly string[];
  /** A batch begins: what the last one left to announce or render is forgotten. */
  begin(): void;
  fold(event: E, cause: Cause): void;
  fire(timer: Timer): void;
  /**
   * What follows from the batch alone: always the same for the same state and batch. Called once, after the journal
   * has the entry. In the order in which it must stand in each partition.
   */
  announcements(batch: BatchIdentity): Append[];
  /**
   * What may look at other shards and the present time (lists). Called after the fold, beside the journaling.
   * A second rendering under the same ids may differ; the first one counts.
   */
  render(nowMs: number): Promise<Append[]>;
  /** Everything of the batch was acknowledged by the log; for measuring only. */
  announced(nowMs: number): void;
}

/** What a stream's engine needs to know about its inputs. */
export interface StreamSpec {
  readonly name: string;
  readonly kind: ShardKind;
  /** Topics in the order in which ties are broken. Equal partition numbers belong to one shard. */
  readonly inputs: readonly string[];
  /** The topic in which the shard writes its batches down; null when the first input *is* its journal. */
  readonly journal: string | null;
  readonly deadLetters: string;
  /**
   * Shards whose log this stream writes to. They must have begun before it writes: an empty shard whose log already
   * holds something cannot be told from one that has lost its state.
   */
  readonly downstream: { readonly kind: ShardKind; readonly shards: number } | null;
  /** Changes when the same input would fold to another state; an entry of a later version is not carried out. */
  readonly foldVersion: number;
}

/** The two handlers of Millrace implement this; services wire them, tools replay them. */
export interface StreamHandler<E> {
  readonly spec: StreamSpec;
  /** By the first part of the key, up to the colon. */
  readonly codecs: Readonly<Record<string, EntityCodec<never>>>;
  decode(input: number, record: LogRecord, partition: number): Decoded<E>;
  /** Asks for a schema that was not known. Answers whether it is now. */
  learnSchema(schemaId: number): Promise<boolean>;
  open(scope: ShardScope): ShardFold<E>;
}
