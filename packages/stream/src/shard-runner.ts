import { ShardInbox, type InputRecord, type Taken } from './aligned-merge.ts';
import { claimShard, journalOf, readEntries, tokenOfPositions } from './claim.ts';
import { ClaimedShard, FoldFailed, ShardLost } from './claimed-shard.ts';
import type { EngineParts } from './engine.ts';
import { AlarmError, RetryableError } from './errors.ts';
import type { Feed, FeedSubscription } from './feed.ts';
import type { Decoded } from './handler.ts';
import { TOKEN_BYTES, type JournalEntry, type JournaledEntry, type Omission } from './journal.ts';
import { decodeRecord, readJournaledRanges } from './journaled-ranges.ts';
import type { LogRecord } from './log.ts';
import type { ShardId } from './state-store.ts';

/** Where the shard stands, for lag tools and readiness. */
export type RunnerState = 'claiming' | 'running' | 'waiting' | 'alarmed' | 'stopped';

/** The dead-letter reason of a record that was given up on. */
const QUARANTINED = 'quarantined';
/** What stands for "claimed, and not yet at any record" in the count of attempts. */
const CLAIMED = 'claimed';
/** Ends the name of a record that was being folded: who finds it there knows that the fold has killed its process. */
const FOLDING = '/folding';

/** A record under which a worker has failed or died before, and how often. */
interface Suspect {
  readonly input: number;
  readonly offset: number;
  readonly failures: number;
}

/**
 * Runs one shard for as long as this worker has it: claim, redo, then batch after batch: journal, announce, commit.
 * Whatever goes wrong ends in the same place: the shard is dropped from memory and claimed again.
 */
export class ShardRunner<E> {
  readonly shard: ShardId;
  readonly #parts: EngineParts<E>;
  readonly #feed: Feed;
  #state: RunnerState = 'claiming';
  #positions: readonly number[] = [];
  #journalNext = 0;
  /** Records that this worker has given up on; its next entries leave them out. */
  #quarantine: Omission[] = [];
  #suspect: Suspect | undefined;
  /**
   * Workers have died here again and again: so many records are taken one at a time, each named in the store before its
   * fold. As many as a batch holds, because any of a batch may be the one.
   */
  #carefulRecords = 0;
  /** The suspect is named in the store, one failure ahead of what is known. */
  #isNamed = false;

  constructor(parts: EngineParts<E>, feed: Feed, shard: ShardId) {
    this.#parts = parts;
    this.#feed = feed;
    this.shard = shard;
  }

  get #isJournaled(): boolean {
    return this.#parts.handler.spec.journal !== null;
  }

  get state(): RunnerState {
    return this.#state;
  }

  /** Next offset of each input as last committed; empty before the first claim. */
  get positions(): readonly number[] {
    return this.#positions;
  }

  /** Until `signal` is aborted; a batch that has begun is finished. Rejects only for a bug. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, observer, options } = this.#parts;
    let pauseMs = options.retryMinMs;
    while (!signal.aborted) {
      try {
        this.#state = 'claiming';
        await this.#claimAndRun(signal, () => {
          pauseMs = options.retryMinMs;
        });
      } catch (error) {
        const alarm = error instanceof FoldFailed && !this.#isJournaled ? unfoldable(error) : error;
        if (alarm instanceof AlarmError) {
          this.#state = 'alarmed';
          observer.alarm(this.shard, alarm.code, alarm.message);
          await clock.sleep(options.alarmRetryMs, signal);
          continue;
        }
        if (error instanceof FoldFailed) {
          await this.#countFailure(error);
        } else if (error instanceof ShardLost || error instanceof RetryableError) {
          observer.dropped(this.shard, error.code, error.message);
          await this.#clearSuspect();
        } else throw error;
        this.#state = 'waiting';
        await clock.sleep(pauseMs, signal);
        pauseMs = Math.min(pauseMs * 2, options.retryMaxMs);
      }
    }
    this.#state = 'stopped';
    observer.released(this.shard);
  }

  async #claimAndRun(signal: AbortSignal, onProgress: () => void): Promise<void> {
    const { clock, observer, options, store, workerName } = this.#parts;
    const startedMs = clock.nowMs();
    const claim = await claimShard(this.#parts, this.shard);
    const claimed = new ClaimedShard<E>(
      { ...this.#parts, store, limitEntities: options.cacheLimitEntities, owner: workerName },
      this.shard,
      claim.position,
    );
    this.#journalNext = claim.journalNext;
    await claimed.loadShardKeys();
    for (const entry of claim.redo) await this.#redo(claimed, entry);
    // Without a journal there is no place that says for everybody what is left out, so nothing ever is.
    if (this.#isJournaled) await this.#lookForSuspect(claimed.position.token);
    observer.claimed(this.shard, { claimMs: clock.nowMs() - startedMs, redone: claim.redo.length });
    onProgress();
    this.#positions = claimed.position.positions;
    const inbox = new ShardInbox<E>(claimed.position.positions, (input, record) => this.#decode(input, record), this.#isJournaled);
    const feed = this.#feed.attach(this.shard.number, inbox);
    this.#state = 'running';
    try {
      await this.#live(claimed, inbox, feed, signal);
    } finally {
      feed.detach();
    }
  }

  async #live(claimed: ClaimedShard<E>, inbox: ShardInbox<E>, feed: FeedSubscription, signal: AbortSignal): Promise<void> {
    const { clock, observer, options } = this.#parts;
    let checkedMs = clock.nowMs();
    while (!signal.aborted) {
      const oldestMs = inbox.oldestTimestampMs;
      const taken = inbox.take(this.#carefulRecords > 0 ? 1 : options.batchLimitRecords);
      const waitingMs = oldestMs === undefined ? 0 : Math.max(0, clock.nowMs() - oldestMs);
      if (taken.records.length > 0) {
        feed.roomMade();
        await this.#batch(claimed, taken, waitingMs > options.coalesceLagMs);
        this.#positions = claimed.position.positions;
        observer.lag(this.shard, inbox.lag(), waitingMs, claimed.position.clockMs);
        checkedMs = clock.nowMs();
        continue;
      }
      const schemaId = inbox.awaitedSchemaId;
      if (schemaId !== undefined) {
        await this.#learn(schemaId, signal);
        inbox.retryDecoding();
        continue;
      }
      // Whatever lay there when workers died has been passed.
      if (inbox.isCaughtUp) this.#carefulRecords = 0;
      observer.lag(this.shard, inbox.lag(), waitingMs, claimed.position.clockMs);
      await feed.arrival(options.idleCheckMs, signal);
      if (clock.nowMs() - checkedMs >= options.idleCheckMs) {
        await claimed.check();
        checkedMs = clock.nowMs();
      }
    }
  }

  /** One batch: load, fold in memory, then journal, then announce, then commit. */
  async #batch(claimed: ClaimedShard<E>, taken: Taken<E>, coalesced: boolean): Promise<void> {
    const { clock, log, newToken } = this.#parts;
    const omissions = this.#quarantine.filter(({ input, offset }) => offset >= taken.from[input]! && offset < taken.to[input]!);
    const beganMs = clock.nowMs();
    await claimed.load(taken.records);
    if (this.#carefulRecords > 0) await this.#suspectNext(claimed.position.token, taken.records[0]!);
    const loadedMs = clock.nowMs();
    claimed.fold(taken.records, { coalesced, isRedo: false, omissions });
    const foldedMs = clock.nowMs();
    const token = this.#isJournaled ? newToken() : tokenOfPositions(claimed.position.incarnation, taken.to);
    const lists = claimed.render(foldedMs);
    // A rejection must not go unhandled while the journal is being written.
    lists.catch(() => undefined);
    const journalOffset = this.#isJournaled ? await this.#journal(claimed, token, taken, coalesced, omissions) : -1;
    const rendered = await lists;
    const journaledMs = clock.nowMs();
    const identity = { journalOffset, incarnation: claimed.position.incarnation };
    const announcements = [...claimed.announcements(identity), ...rendered];
    if (announcements.length > 0) await log.append(announcements);
    const announcedMs = clock.nowMs();
    claimed.announced(announcedMs);
    const bytesCommitted = await claimed.commit(token, journalOffset, taken.to);
    if (omissions.length > 0) this.#quarantine = this.#quarantine.filter((left) => !omissions.includes(left));
    this.#suspect = undefined;
    if (this.#carefulRecords > 0) this.#carefulRecords--;
    this.#isNamed = false;
    this.#parts.observer.batch(this.shard, {
      records: taken.records.length,
      deadLetters: claimed.deadLetterCount,
      isRedo: false,
      loadMs: loadedMs - beganMs,
      foldMs: foldedMs - loadedMs,
      journalMs: journaledMs - foldedMs,
      announceMs: announcedMs - journaledMs,
      commitMs: clock.nowMs() - announcedMs,
      bytesCommitted,
    });
  }

  /** Writes the batch down. @throws ShardLost when another entry came first; @throws AlarmError when the log went back. */
  async #journal(
    claimed: ClaimedShard<E>,
    token: Buffer,
    taken: Taken<E>,
    coalesced: boolean,
    omissions: readonly Omission[],
  ): Promise<number> {
    const journal = journalOf(this.#parts, this.shard);
    const parent = claimed.position.token;
    const entry: JournalEntry = {
      token,
      parent,
      kind: 'batch',
      foldVersion: this.#parts.handler.spec.foldVersion,
      coalesced,
      ranges: taken.from.map((first, input) => ({ first, count: taken.to[input]! - first })),
      omissions,
    };
    const value = this.#parts.journalCodec.encode(entry);
    const [offset] = await this.#parts.log.append([{ ...journal, records: [{ key: null, value }] }]);
    const expected = this.#journalNext;
    if (offset! < expected) {
      throw new AlarmError(
        'journal-lost-records',
        `${journal.topic}/${journal.partition} gave offset ${offset} to an entry that had to come at ${expected} or later: the journal has lost records. See the runbook "journal and state do not match".`,
      );
    }
    this.#journalNext = offset! + 1;
    if (offset! === expected) return offset!;
    const between = await readEntries(this.#parts, journal, expected, offset!);
    const first = between.find((other) => other.entry.parent.equals(parent));
    if (first === undefined) return offset!;
    // The producer may have written our own entry twice; then the first copy is the one that everybody sees.
    if (first.entry.token.equals(token)) return first.offset;
    throw new ShardLost('journal-contended', 'Another worker has journaled the next batch of this shard first.');
  }

  /** Carries out a journaled batch again: same ranges, order, omissions and mode, same token. */
  async #redo(claimed: ClaimedShard<E>, { offset, entry }: JournaledEntry): Promise<void> {
    const { clock, log, observer } = this.#parts;
    const beganMs = clock.nowMs();
    const records = await this.#readRanges(claimed, entry);
    await claimed.load(records);
    const loadedMs = clock.nowMs();
    try {
      claimed.fold(records, { coalesced: entry.coalesced, isRedo: true, omissions: entry.omissions });
    } catch (error) {
      if (!(error instanceof FoldFailed)) throw error;
      throw new AlarmError(
        'redo-failed',
        `The journaled batch at offset ${offset} cannot be folded again: ${error.message} ${describe(error.cause)} It was folded once, so the program or the state has changed; start the version that wrote it.`,
      );
    }
    const foldedMs = clock.nowMs();
    const rendered = await claimed.render(foldedMs);
    const identity = { journalOffset: offset, incarnation: claimed.position.incarnation };
    const announcements = [...claimed.announcements(identity), ...rendered];
    if (announcements.length > 0) await log.append(announcements);
    const announcedMs = clock.nowMs();
    claimed.announced(announcedMs);
    const to = entry.ranges.map(({ first, count }) => first + count);
    const bytesCommitted = await claimed.commit(entry.token, offset, to);
    observer.batch(this.shard, {
      records: records.length,
      deadLetters: claimed.deadLetterCount,
      isRedo: true,
      loadMs: loadedMs - beganMs,
      foldMs: foldedMs - loadedMs,
      journalMs: 0,
      announceMs: announcedMs - foldedMs,
      commitMs: clock.nowMs() - announcedMs,
      bytesCommitted,
    });
  }

  async #readRanges(claimed: ClaimedShard<E>, entry: JournalEntry): Promise<readonly InputRecord<E>[]> {
    entry.ranges.forEach(({ first }, input) => {
      if (first === claimed.position.positions[input]) return;
      throw new AlarmError(
        'journal-differs',
        `A journaled batch begins at offset ${first} of ${this.#parts.handler.spec.inputs[input]}, but the shard stands at ${claimed.position.positions[input]}.`,
      );
    });
    return readJournaledRanges(this.#parts, this.shard, entry, (input, record) => this.#decode(input, record));
  }

  #decode(input: number, record: LogRecord): Decoded<E> {
    return decodeRecord(this.#parts, this.shard, input, record);
  }

  async #learn(schemaId: number, signal: AbortSignal): Promise<void> {
    if (await this.#parts.handler.learnSchema(schemaId)) return;
    this.#state = 'alarmed';
    this.#parts.observer.alarm(
      this.shard,
      'schema-unknown',
      `A record was written with schema id ${schemaId}, which the registry does not know (yet). The shard waits for it; register the schema or give the right --registry.`,
    );
    await this.#parts.clock.sleep(this.#parts.options.idleCheckMs, signal);
    this.#state = 'running';
  }

  /** What the last worker on this head was at when it ended: counted in the store, where every worker sees it. */
  async #lookForSuspect(token: Buffer): Promise<void> {
    const { store, options } = this.#parts;
    const { attempts, previousMark } = await store.countAttempt(this.shard, token, CLAIMED);
    this.#suspect = this.#suspectOf(previousMark);
    const hasDiedFolding = previousMark?.endsWith(FOLDING) ?? false;
    if (hasDiedFolding || attempts > options.quarantineAfterAttempts) this.#carefulRecords = options.batchLimitRecords;
    if (this.#suspect === undefined) return;
    // The claim has just overwritten it, and the next worker must find it again.
    await store.countAttempt(this.shard, token, previousMark!);
    this.#giveUpOnSuspect();
  }

  /** Names the record in the store before it is folded: should it kill the process, the next one knows. */
  async #suspectNext(token: Buffer, { input, record }: InputRecord<E>): Promise<void> {
    this.#suspect = this.#failingOn(input, record.offset);
    this.#isNamed = true;
    await this.#parts.store.countAttempt(this.shard, token, this.#markOf(this.#suspect) + FOLDING);
  }

  /** What failed was something else: the process has outlived the record that it had named, so that is none of its failures. */
  async #clearSuspect(): Promise<void> {
    if (!this.#isNamed || this.#suspect === undefined) return;
    this.#isNamed = false;
    const { store } = this.#parts;
    const { failures, ...place } = this.#suspect;
    try {
      const { head } = await store.read(this.shard, []);
      const mark = failures > 1 ? this.#markOf({ ...place, failures: failures - 1 }) : CLAIMED;
      if (head !== null) await store.countAttempt(this.shard, head.subarray(0, TOKEN_BYTES), mark);
    } catch (error) {
      // Then the record keeps a failure that was none of its own: it takes several to be given up on.
      if (!(error instanceof RetryableError)) throw error;
    }
  }

  /** A fold threw. After some tries its record is left out by the entry of the worker that gives up on it. */
  async #countFailure(failure: FoldFailed): Promise<void> {
    const { observer, store } = this.#parts;
    const { input, offset } = failure;
    observer.dropped(this.shard, 'fold-failed', `${failure.message} ${describe(failure.cause)}`);
    // A careful worker has counted this try already, before the fold.
    if (!this.#isNamed) this.#suspect = this.#failingOn(input, offset);
    this.#isNamed = false;
    const suspect = this.#suspect;
    if (suspect === undefined) return;
    this.#giveUpOnSuspect();
    try {
      const { head } = await store.read(this.shard, []);
      if (head !== null) await store.countAttempt(this.shard, head.subarray(0, TOKEN_BYTES), this.#markOf(suspect));
    } catch (error) {
      // Not counted this time; the record fails again after the next claim, and is counted then.
      if (!(error instanceof RetryableError)) throw error;
    }
  }

  #failingOn(input: number, offset: number): Suspect {
    const isSame = this.#suspect?.input === input && this.#suspect.offset === offset;
    return { input, offset, failures: (isSame ? this.#suspect!.failures : 0) + 1 };
  }

  #giveUpOnSuspect(): void {
    const suspect = this.#suspect;
    if (suspect === undefined || suspect.failures < this.#parts.options.quarantineAfterAttempts) return;
    const { input, offset } = suspect;
    if (this.#quarantine.some((left) => left.input === input && left.offset === offset)) return;
    this.#quarantine.push({ input, offset, reason: QUARANTINED });
  }

  #markOf({ input, offset, failures }: Suspect): string {
    return `${this.#parts.handler.spec.inputs[input]}/${offset}/${failures}`;
  }

  #suspectOf(mark: string | null): Suspect | undefined {
    const parts = mark?.split('/') ?? [];
    if (parts.length < 3) return undefined;
    const input = this.#parts.handler.spec.inputs.indexOf(parts[0]!);
    return input < 0 ? undefined : { input, offset: Number(parts[1]), failures: Number(parts[2]) };
  }
}

function unfoldable({ message, cause }: FoldFailed): AlarmError {
  return new AlarmError(
    'fold-failed',
    `${message} ${describe(cause)} Nothing of this log can be left out: it is what the state is a function of. The program has a bug, or the log or the state was damaged: report it, and start a version that can.`,
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.stack?.split('\n')[1]?.trim() ?? 'no stack'}` : typeof error;
}
