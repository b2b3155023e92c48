/** Ways to break the engine that a scenario on real servers must notice; `mutate.ts` puts them into a worker. */
export interface Mutation {
  readonly name: string;
  readonly does: string;
  /** The scenario that is to catch it. */
  readonly scenario: string;
  readonly rounds: number;
  /** The end of the file's path, and what is replaced in it. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'no-redo',
    does: 'a claim does not carry out what the journal has beyond the head',
    scenario: 'kill-at-steps',
    rounds: 3,
    file: 'stream/src/shard-runner.ts',
    from: 'for (const entry of claim.redo) await this.#redo(claimed, entry);',
    to: '',
  },
  {
    name: 'commit-before-announcing',
    does: 'what follows from a batch is announced after its commit',
    scenario: 'kill-at-steps',
    rounds: 4,
    file: 'stream/src/shard-runner.ts',
    from: `if (announcements.length > 0) await log.append(announcements);
    const announcedMs = clock.nowMs();
    claimed.announced(announcedMs);
    const bytesCommitted = await claimed.commit(token, journalOffset, taken.to);`,
    to: `const announcedMs = clock.nowMs();
    claimed.announced(announcedMs);
    const bytesCommitted = await claimed.commit(token, journalOffset, taken.to);
    if (announcements.length > 0) await log.append(announcements);`,
  },
  {
    name: 'contended-entry-taken',
    does: 'the acknowledged offset of the journal is not compared with the expected one',
    scenario: 'zombies',
    rounds: 6,
    file: 'stream/src/shard-runner.ts',
    from: 'if (offset! === expected) return offset!;',
    to: 'return offset!;',
  },
  {
    name: 'evidence-applied-twice',
    does: 'an item shard does not remember what it has applied of each source',
    scenario: 'redis-goes-back',
    rounds: 2,
    file: 'pipeline/src/item/item-fold.ts',
    from: 'if (!this.#isNews(state.value, record.header)) {',
    to: 'if (!this.#isNews(state.value, record.header) && false) {',
  },
  {
    name: 'empty-state-begun-anew',
    does: 'a shard without state begins from its genesis, whatever its journal holds',
    scenario: 'redis-emptied',
    rounds: 1,
    file: 'stream/src/claim.ts',
    from: 'if (await hasMoreThanGenesis(parts, journal, position)) {',
    to: 'if (false) {',
  },
  {
    name: 'lost-journal-unnoticed',
    does: 'a claim takes a journal that ends before the entry of the head',
    scenario: 'journal-created-anew',
    rounds: 1,
    file: 'stream/src/claim.ts',
    from: 'if (bounds!.next <= position.journalOffset) {',
    to: 'if (false) {',
  },
];
