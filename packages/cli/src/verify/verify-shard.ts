import { replayHandler, type PipelineEvent, type WireTools } from '@millrace/pipeline';
import { journalOf } from '@millrace/stream/claim';
import { AlarmError } from '@millrace/stream/errors';
import type { Log } from '@millrace/stream/log';
import { digestOf, isStateKey, readShardState } from '@millrace/stream/shard-digest';
import { decodeHead, type ShardPosition } from '@millrace/stream/shard-head';
import { ShardReplay, type ReplayedBatch } from '@millrace/stream/shard-replay';
import { HEAD_KEY, shardName, TIMERS_KEY, type ShardId, type StateAdmin, type StateStore } from '@millrace/stream/state-store';
import { countingHandler, type WalkCounts } from './counting-handler.ts';
import { DerivedEvidence } from './derived-evidence.ts';
import type { FieldDifference } from './field-differences.ts';
import { differingFieldsOf, entityOfKey, entityOfTimer } from './state-values.ts';

/** What verifying reads from. Nothing is written anywhere. */
export interface VerifyParts {
  readonly log: Log;
  readonly store: StateStore & StateAdmin;
  readonly wire: WireTools;
  /** Shards of each stream. */
  readonly shards: number;
}

/** One thing that the store has otherwise than the log folds to. */
export interface Difference {
  readonly shard: string;
  /** Logical key, without the shard's hash tag. */
  readonly key: string;
  /** Whom or what it is about: `user 42`. */
  readonly entity: string;
  /** `missing` from the store, `unexpected` in the store, or there with another value. */
  readonly kind: 'missing' | 'unexpected' | 'differs';
  /** Where the two values part; empty unless `kind` is `differs`. */
  readonly fields: readonly FieldDifference[];
}

export interface ShardVerification {
  readonly shard: string;
  readonly equal: boolean;
  /** False for a shard that no worker has ever had: it has neither state nor log. */
  readonly begun: boolean;
  /** Of the state that the log folds to; of the stored one too when they are equal. */
  readonly digest: string;
  /** Of the stored state, where it is another one. */
  readonly storedDigest: string | undefined;
  /** Batches walked: journal entries of a user shard; 0 for an item shard, whose evidence log is its journal. */
  readonly commits: number;
  /** Clickstream records and order lines walked. */
  readonly events: number;
  readonly evidenceRecords: number;
  /** Keys compared, timers and head as one each. */
  readonly keys: number;
  /** Why the stored head could not be followed, so that the end of the log was compared instead. */
  readonly headProblem: string | undefined;
  readonly differenceCount: number;
  /** The first ones, at most 100. */
  readonly differences: readonly Difference[];
}

export interface VerifiedShard {
  readonly verification: ShardVerification;
  /** What a user shard must have told the item shards; undefined for an item shard. */
  readonly evidence: DerivedEvidence | undefined;
}

const KEYS_A_READ = 500;
const MAX_DIFFERENCES = 100;
/** A shard at work makes new keys while it is read; each round looks at those that the one before did not know. */
const MAX_ROUNDS = 5;
/** The stored head may go back under our eyes (a fail-over): the walk then begins anew, this often in all. */
const MAX_WALKS = 3;

/** A stored head that no walk along the log arrives at raises one of these. */
const HEAD_ALARMS = new Set(['head-unreadable', 'journal-differs', 'log-range-lost']);

/**
 * Folds a shard from its genesis along its journal to the commit that the store names, and compares every key. Where
 * the shard is at work meanwhile, each chunk of keys is read together with the head, and the walk goes on to that head.
 *
 * @throws AlarmError when the log cannot be walked. @throws RetryableError when log or store do not answer.
 */
export async function verifyShard(parts: VerifyParts, shard: ShardId): Promise<VerifiedShard> {
  for (let walks = 1; ; walks++) {
    const walk = await ShardWalk.begin(parts, shard);
    if (walk === undefined) return neverBegun(parts, shard);
    try {
      await walk.compareFollowingHead();
      return await walk.result(undefined);
    } catch (error) {
      if (!(error instanceof AlarmError) || !HEAD_ALARMS.has(error.code)) throw error;
      if (walks < MAX_WALKS && (await walk.headHasMoved())) continue;
      return compareWithEnd(parts, shard, error.message);
    }
  }
}

/** The head is of no use, so the state is compared with what the log folds to at its end: right for a shard at rest. */
async function compareWithEnd(parts: VerifyParts, shard: ShardId, headProblem: string): Promise<VerifiedShard> {
  const walk = (await ShardWalk.begin(parts, shard))!;
  await walk.compareAtEnd();
  return walk.result(headProblem);
}

async function neverBegun({ store, wire }: VerifyParts, shard: ShardId): Promise<VerifiedShard> {
  const digest = digestOf(await readShardState(store, shard));
  const verification: ShardVerification = {
    shard: shardName(shard),
    equal: true,
    begun: false,
    digest,
    storedDigest: undefined,
    commits: 0,
    events: 0,
    evidenceRecords: 0,
    keys: 0,
    headProblem: undefined,
    differenceCount: 0,
    differences: [],
  };
  return { verification, evidence: shard.kind === 'u' ? new DerivedEvidence(shard.number, wire) : undefined };
}

class ShardWalk {
  readonly #parts: VerifyParts;
  readonly #shard: ShardId;
  readonly #replay: ShardReplay<PipelineEvent>;
  readonly #counts: WalkCounts;
  readonly #evidence: DerivedEvidence;
  readonly #compared = new Set<string>();
  readonly #differences: Difference[] = [];
  #differenceCount = 0;
  /** Head that was followed last. */
  #head: Buffer | null = null;
  #advanced = 0;

  private constructor(parts: VerifyParts, shard: ShardId, replay: ShardReplay<PipelineEvent>, counts: WalkCounts) {
    this.#parts = parts;
    this.#shard = shard;
    this.#replay = replay;
    this.#counts = counts;
    this.#evidence = new DerivedEvidence(shard.number, parts.wire);
  }

  /** undefined when the shard has neither state nor log. */
  static async begin(parts: VerifyParts, shard: ShardId): Promise<ShardWalk | undefined> {
    const { log, store, wire, shards } = parts;
    const counts: WalkCounts = { events: 0, evidenceRecords: 0, firstInputRecords: 0 };
    const handler = countingHandler(replayHandler(shard.kind, wire, shards), counts);
    const { head } = await store.read(shard, []);
    const [bounds] = await log.bounds([journalOf({ handler }, shard)]);
    if (head === null && bounds!.next === 0) return undefined;
    const replay = await ShardReplay.begin({ handler, log, journalCodec: wire.journalCodec }, shard);
    return new ShardWalk(parts, shard, replay, counts);
  }

  async compareFollowingHead(): Promise<void> {
    const { store } = this.#parts;
    const { head } = await store.read(this.#shard, []);
    await this.#follow(head);
    const stored = await this.#storedKeys();
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const keys = [...new Set([...stored, ...(await this.#foldedKeys())])].filter((key) => !this.#compared.has(key));
      if (keys.length === 0) break;
      await this.#compareKeys(keys, true);
    }
    const timers = await store.timers(this.#shard);
    await this.#follow(timers.head);
    await this.#compareTimers(timers.timers);
    const last = await store.read(this.#shard, []);
    await this.#follow(last.head);
    await this.#compareHead(last.head);
  }

  async compareAtEnd(): Promise<void> {
    const { store } = this.#parts;
    await this.#advance(undefined);
    const { head } = await store.read(this.#shard, []);
    const stored = await this.#storedKeys();
    // Genesis alone, not committed yet, or a state that is gone altogether: one thing to say, not one for each key.
    if (head === null && stored.length === 0) {
      if (this.#hasBegun()) this.#add({ key: HEAD_KEY, entity: 'the whole state of the shard', kind: 'missing', fields: [] });
      return;
    }
    await this.#compareHead(head);
    await this.#compareKeys([...new Set([...stored, ...(await this.#foldedKeys())])], false);
    await this.#compareTimers((await store.timers(this.#shard)).timers);
  }

  /** Is the stored head another one than the one that could not be followed, or was an earlier one followed first? */
  async headHasMoved(): Promise<boolean> {
    const { head } = await this.#parts.store.read(this.#shard, []);
    const isSame = head === null ? this.#head === null : this.#head?.equals(head) === true;
    return !isSame || this.#advanced > 0;
  }

  async result(headProblem: string | undefined): Promise<VerifiedShard> {
    const { store } = this.#parts;
    const equal = this.#differenceCount === 0;
    const isMissing = headProblem !== undefined && equal;
    const verification: ShardVerification = {
      shard: shardName(this.#shard),
      equal,
      begun: !isMissing,
      digest: digestOf(await readShardState(this.#replay.store, this.#shard)),
      storedDigest: equal ? undefined : digestOf(await readShardState(store, this.#shard)),
      commits: this.#shard.kind === 'u' ? this.#replay.walked.batches : 0,
      events: this.#counts.events,
      evidenceRecords: this.#counts.evidenceRecords,
      keys: this.#compared.size,
      headProblem: isMissing ? undefined : headProblem,
      differenceCount: this.#differenceCount,
      differences: this.#differences,
    };
    return { verification, evidence: this.#shard.kind === 'u' ? this.#evidence : undefined };
  }

  #hasBegun(): boolean {
    return this.#shard.kind === 'u' ? this.#replay.walked.batches > 0 : this.#counts.firstInputRecords > 0;
  }

  /** Goes on to the commit that the store names. @throws AlarmError one of HEAD_ALARMS */
  async #follow(head: Buffer | null): Promise<void> {
    this.#head = head;
    if (head === null) throw new AlarmError('journal-differs', 'The shard has no head in Redis.');
    const target = decodeHead(head);
    if (target.token.equals(this.#replay.position.token)) return;
    await this.#advance(target);
    this.#advanced++;
  }

  async #advance(target: ShardPosition | undefined): Promise<void> {
    let last: ReplayedBatch | undefined;
    await this.#replay.advanceTo(target, (batch) => {
      if (this.#shard.kind !== 'u') return;
      if (last !== undefined) this.#evidence.add(last);
      last = batch;
    });
    // A batch is announced before it is committed; the last one of a journal may have been written and no more.
    if (last !== undefined && target !== undefined) this.#evidence.add(last);
  }

  async #storedKeys(): Promise<string[]> {
    return keysOf(this.#parts.store, this.#shard);
  }

  async #foldedKeys(): Promise<string[]> {
    return keysOf(this.#replay.store, this.#shard);
  }

  async #compareKeys(keys: readonly string[], following: boolean): Promise<void> {
    for (let from = 0; from < keys.length; from += KEYS_A_READ) {
      const chunk = keys.slice(from, from + KEYS_A_READ);
      const { head, values } = await this.#parts.store.read(this.#shard, chunk);
      if (following) await this.#follow(head);
      const folded = (await this.#replay.store.read(this.#shard, chunk)).values;
      chunk.forEach((key, i) => this.#compareValue(key, entityOfKey(this.#shard, key), values[i] ?? null, folded[i] ?? null));
    }
  }

  async #compareHead(head: Buffer | null): Promise<void> {
    const folded = await this.#replay.store.read(this.#shard, []);
    this.#compareValue(HEAD_KEY, entityOfKey(this.#shard, HEAD_KEY), head, folded.head);
  }

  async #compareTimers(stored: readonly { readonly name: string; readonly dueMs: number }[]): Promise<void> {
    this.#compared.add(TIMERS_KEY);
    const folded = new Map((await this.#replay.store.timers(this.#shard)).timers.map(({ name, dueMs }) => [name, dueMs]));
    for (const { name, dueMs } of stored) {
      const wanted = folded.get(name);
      folded.delete(name);
      if (wanted === dueMs) continue;
      const timer = { key: TIMERS_KEY, entity: entityOfTimer(this.#shard, name) };
      if (wanted === undefined) this.#add({ ...timer, kind: 'unexpected', fields: [] });
      else this.#add({ ...timer, kind: 'differs', fields: [{ field: 'dueMs', stored: dueMs, folded: wanted }] });
    }
    for (const name of folded.keys()) {
      this.#add({ key: TIMERS_KEY, entity: entityOfTimer(this.#shard, name), kind: 'missing', fields: [] });
    }
  }

  #compareValue(key: string, entity: string, stored: Buffer | null, folded: Buffer | null): void {
    this.#compared.add(key);
    if (stored === null && folded === null) return;
    if (stored === null) this.#add({ key, entity, kind: 'missing', fields: [] });
    else if (folded === null) this.#add({ key, entity, kind: 'unexpected', fields: [] });
    else if (!stored.equals(folded)) {
      const fields = this.#differenceCount < MAX_DIFFERENCES ? differingFieldsOf(this.#shard, key, stored, folded) : [];
      this.#add({ key, entity, kind: 'differs', fields });
    }
  }

  #add(difference: Omit<Difference, 'shard'>): void {
    this.#differenceCount++;
    if (this.#differences.length < MAX_DIFFERENCES) this.#differences.push({ shard: shardName(this.#shard), ...difference });
  }
}

/** Keys of values that are state, without the head. */
async function keysOf(store: StateAdmin, shard: ShardId): Promise<string[]> {
  const found: string[] = [];
  for await (const page of store.keys(shard)) {
    for (const key of page) if (isStateKey(key) && key !== HEAD_KEY && key !== TIMERS_KEY) found.push(key);
  }
  return found;
}
