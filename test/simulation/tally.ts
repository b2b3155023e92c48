/** What a simulated world can do to the code under test, and what that can come to. */
export const OCCURRENCES = [
  // What was done.
  'worker-killed',
  'worker-paused',
  'shards-reassigned',
  'store-went-back',
  'store-went-back-at-rest',
  'commits-forgotten',
  'log-request-failed',
  'log-reply-lost',
  'log-append-cut-short',
  'log-append-duplicated',
  'log-partition-not-asked',
  'store-request-failed',
  'store-reply-lost',
  'applied-commit-unanswered',
  'append-during-outage',
  'commit-during-outage',
  // What it came to.
  'batch-live',
  'batch-redone',
  'event-coalesced',
  'journal-contended',
  'commit-refused',
  'commit-already-there',
  'head-moved',
  'owner-changed',
  'fold-failed',
  'dead-letter',
  'quarantined',
  'output-repeated',
  'evidence-skipped',
  'timer-fired',
] as const;

export type Occurrence = (typeof OCCURRENCES)[number];

/** Counts over one world, or over many: a fault that never occurs proves nothing. */
export class Tally {
  readonly #counts = new Map<Occurrence, number>();

  add(what: Occurrence, count = 1): void {
    if (count > 0) this.#counts.set(what, this.of(what) + count);
  }

  addAll(other: Tally): void {
    for (const [what, count] of other.#counts) this.add(what, count);
  }

  of(what: Occurrence): number {
    return this.#counts.get(what) ?? 0;
  }

  /** What has not occurred. */
  get missing(): Occurrence[] {
    return OCCURRENCES.filter((what) => this.of(what) === 0);
  }

  toString(): string {
    return OCCURRENCES.map((what) => `${what} ${this.of(what)}`).join(', ');
  }
}

/** What the handlers of the pipeline call it. */
const NOTED: Readonly<Record<string, Occurrence>> = {
  'evidence-duplicate': 'evidence-skipped',
  'list-coalesced': 'event-coalesced',
  'user-retired': 'timer-fired',
  'item-retired': 'timer-fired',
};

/** The occurrence that a note or a code of the engine's observer stands for; undefined for what nobody counts. */
export function occurrenceNamed(name: string): Occurrence | undefined {
  return NOTED[name] ?? OCCURRENCES.find((what) => what === name);
}
