import { createHash } from 'node:crypto';
import { decodeEvidenceHeader, MalformedBytesError } from '@millrace/algorithms';
import type { WireTools } from '@millrace/pipeline';
import { readLog } from '@millrace/stream/journal';
import type { Log, LogRecord } from '@millrace/stream/log';
import type { ReplayedBatch } from '@millrace/stream/shard-replay';

/** Evidence on the log that is not what its user shard derives. */
export interface EvidenceProblem {
  readonly kind: 'missing' | 'differs' | 'not-derived' | 'out-of-order' | 'unreadable';
  /** Target item shard. */
  readonly shard: string;
  /** One sentence. */
  readonly message: string;
}

export interface EvidenceVerification {
  readonly equal: boolean;
  /** Records that the user shards derive. */
  readonly derived: number;
  /** Records found on the log for them, second copies not counted. */
  readonly onLog: number;
  /** Second copies, which a redo leaves and item shards skip. */
  readonly duplicates: number;
  /** Records of batches that came after the commits compared: a pipeline at work is ahead of its state. */
  readonly ahead: number;
  readonly problemCount: number;
  readonly problems: readonly EvidenceProblem[];
}

const MAX_PROBLEMS = 100;
const RECORDS_A_READ = 5_000;

type EvidenceWire = Pick<WireTools, 'evidencePrefix' | 'journalCodec' | 'topics'>;

/** What one user shard must have announced to the item shards, up to one of its commits. */
export class DerivedEvidence {
  readonly sourceShard: number;
  /** Offset of the last journal entry that was folded. */
  upToJournalOffset = -1;
  /** By target item shard: hash of each record by its identity. */
  readonly #records = new Map<number, Map<string, string>>();
  /** Hashes of the fold parameters that the shard passed on to the item shard of its own number. */
  readonly forwarded = new Set<string>();
  readonly #wire: EvidenceWire;

  constructor(sourceShard: number, wire: EvidenceWire) {
    this.sourceShard = sourceShard;
    this.#wire = wire;
  }

  add({ journalOffset, announcements }: ReplayedBatch): void {
    const { topics, evidencePrefix } = this.#wire;
    for (const { topic, partition, records } of announcements) {
      if (topic !== topics.itemEvidence) continue;
      for (const { value } of records) {
        const header = headerOf(value, evidencePrefix);
        if (header === undefined) this.forwarded.add(hashOf(value));
        else this.#recordsFor(partition).set(identity(header), hashOf(value));
      }
    }
    this.upToJournalOffset = journalOffset;
  }

  /** Hashes of what is for one item shard, by identity. */
  recordsOf(target: number): ReadonlyMap<string, string> {
    return this.#recordsFor(target);
  }

  get count(): number {
    return [...this.#records.values()].reduce((total, { size }) => total + size, 0);
  }

  #recordsFor(target: number): Map<string, string> {
    let records = this.#records.get(target);
    if (records === undefined) this.#records.set(target, (records = new Map()));
    return records;
  }
}

/**
 * Compares what user shards derive with what stands on the evidence log: after removing second copies, every record must
 * be there with the same bytes, in its order, and none that was not derived. Item shards that do not belong to the given
 * sources are read too, because every user shard writes to all of them.
 *
 * @throws AlarmError, RetryableError when the log cannot be read.
 */
export async function compareEvidence(
  sources: readonly DerivedEvidence[],
  log: Log,
  wire: EvidenceWire,
  itemShards: number,
): Promise<EvidenceVerification> {
  const comparison = new EvidenceComparison(sources, wire);
  for (let target = 0; target < itemShards; target++) {
    const [bounds] = await log.bounds([{ topic: wire.topics.itemEvidence, partition: target }]);
    comparison.beginTarget(target);
    for (let from = bounds!.first; from < bounds!.next; from += RECORDS_A_READ) {
      const to = Math.min(from + RECORDS_A_READ, bounds!.next);
      const records = await readLog(log, wire.topics.itemEvidence, target, from, to);
      for (const record of records) comparison.take(record);
    }
    comparison.endTarget();
  }
  return comparison.result();
}

type Header = ReturnType<typeof decodeEvidenceHeader>;

class EvidenceComparison {
  readonly #sources: ReadonlyMap<number, DerivedEvidence>;
  readonly #wire: EvidenceWire;
  readonly #problems: EvidenceProblem[] = [];
  /** Identities of the target at hand that were found. */
  readonly #found = new Set<string>();
  readonly #foundForwarded = new Set<string>();
  /** Last (journal offset, part) by source: an item shard skips what is not newer, so a first copy that comes late is lost. */
  readonly #last = new Map<number, readonly [offset: bigint, part: number]>();
  #target = 0;
  #problemCount = 0;
  #onLog = 0;
  #duplicates = 0;
  #ahead = 0;

  constructor(sources: readonly DerivedEvidence[], wire: EvidenceWire) {
    this.#sources = new Map(sources.map((source) => [source.sourceShard, source]));
    this.#wire = wire;
  }

  beginTarget(target: number): void {
    this.#target = target;
    this.#found.clear();
    this.#foundForwarded.clear();
    this.#last.clear();
  }

  take({ offset, value }: LogRecord): void {
    if (this.#wire.journalCodec.isEntry(value)) return;
    let header: Header | undefined;
    try {
      header = headerOf(value, this.#wire.evidencePrefix);
    } catch (error) {
      if (!(error instanceof MalformedBytesError)) throw error;
      this.#problem('unreadable', `the record at offset ${offset} cannot be read (${error.message})`);
      return;
    }
    if (header === undefined) this.#foundForwarded.add(hashOf(value));
    else this.#takeEvidence(header, hashOf(value), offset);
  }

  endTarget(): void {
    for (const source of this.#sources.values()) {
      for (const name of source.recordsOf(this.#target).keys()) {
        if (!this.#found.has(name)) this.#problem('missing', `${name} is not on the log`);
      }
      if (source.sourceShard !== this.#target) continue;
      for (const hash of source.forwarded) {
        if (this.#foundForwarded.has(hash)) continue;
        this.#problem('missing', `fold parameters that user shard u${source.sourceShard} passed on are not on the log`);
      }
    }
  }

  result(): EvidenceVerification {
    const derived = [...this.#sources.values()].reduce((total, { count }) => total + count, 0);
    return {
      equal: this.#problemCount === 0,
      derived,
      onLog: this.#onLog,
      duplicates: this.#duplicates,
      ahead: this.#ahead,
      problemCount: this.#problemCount,
      problems: this.#problems,
    };
  }

  #takeEvidence(header: Header, hash: string, offset: number): void {
    const source = this.#sources.get(header.sourceShard);
    if (source === undefined) return;
    if (header.journalOffset > BigInt(source.upToJournalOffset)) {
      this.#ahead++;
      return;
    }
    const name = identity(header);
    const derived = source.recordsOf(this.#target).get(name);
    if (derived === undefined) this.#problem('not-derived', `${name}, at offset ${offset}, follows from no batch of that shard`);
    else if (derived !== hash) this.#problem('differs', `${name}, at offset ${offset}, is not what that batch folds to`);
    if (this.#found.has(name)) {
      this.#duplicates++;
      return;
    }
    this.#found.add(name);
    if (derived !== undefined) this.#onLog++;
    this.#checkOrder(header, name, offset);
  }

  #checkOrder({ sourceShard, journalOffset, part }: Header, name: string, offset: number): void {
    const last = this.#last.get(sourceShard);
    if (last !== undefined && (journalOffset < last[0] || (journalOffset === last[0] && part < last[1]))) {
      this.#problem('out-of-order', `${name}, at offset ${offset}, came first after a newer one, so the item shard skipped it`);
      return;
    }
    this.#last.set(sourceShard, [journalOffset, part]);
  }

  #problem(kind: EvidenceProblem['kind'], message: string): void {
    this.#problemCount++;
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ kind, shard: `i${this.#target}`, message });
  }
}

/** The fixed fields of an evidence record; undefined for a record of another schema. @throws MalformedBytesError */
function headerOf(value: Buffer | null, prefix: Buffer): Header | undefined {
  if (value === null || !value.subarray(0, prefix.length).equals(prefix)) return undefined;
  return decodeEvidenceHeader(value.subarray(prefix.length));
}

/** Names a record among those of one item shard, and reads as words. */
function identity({ sourceShard, journalOffset, part }: Header): string {
  return `evidence of user shard u${sourceShard}, journal offset ${journalOffset}, part ${part}`;
}

function hashOf(value: Buffer | null): string {
  return createHash('sha256').update(value ?? '').digest('base64');
}
