/**
 * Ways in which the engine could be wrong. Each is one replacement in its source; each must be noticed by the simulated
 * worlds, or they prove nothing. `find` must stand in the file exactly once: code that moves takes its mutation along.
 *
 * One that is not here because nothing can notice it: taking a refused commit for an applied one. What was journaled
 * and announced is right all the same, the next journal entry or read finds out, and an idle shard looks every second.
 */
export interface Mutation {
  readonly name: string;
  /** The file, from the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Whose worlds must notice it: those of the toy streams, or those of the real handlers. */
  readonly world: 'toy' | 'pipeline';
  /** Worlds that may pass before one fails. Far more than it takes, so that a change of the worlds does not matter. */
  readonly seeds: number;
}

const ENGINE = 'packages/stream/src';
const PROFILE = 'packages/algorithms/src/profile';
const HANDLERS = 'packages/pipeline/src';

/** The name that changes nothing, to see that the worlds pass without one. */
export const NO_MUTATION = 'no mutation';

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the offset of the journal is not checked',
    file: `${ENGINE}/shard-runner.ts`,
    find: 'if (offset! === expected) return offset!;',
    replace: 'return offset!;',
    world: 'toy',
    seeds: 200,
  },
  {
    name: 'a claim carries nothing out again',
    file: `${ENGINE}/shard-runner.ts`,
    find: 'for (const entry of claim.redo) await this.#redo(claimed, entry);',
    replace: '',
    world: 'toy',
    seeds: 50,
  },
  {
    name: 'a batch is committed before it is announced',
    file: `${ENGINE}/shard-runner.ts`,
    find: `    if (announcements.length > 0) await log.append(announcements);
    const announcedMs = clock.nowMs();
    claimed.announced(announcedMs);
    const bytesCommitted = await claimed.commit(token, journalOffset, taken.to);`,
    replace: `    const bytesCommitted = await claimed.commit(token, journalOffset, taken.to);
    if (announcements.length > 0) await log.append(announcements);
    const announcedMs = clock.nowMs();
    claimed.announced(announcedMs);`,
    world: 'toy',
    seeds: 200,
  },
  {
    name: 'a batch is announced before it is journaled',
    file: `${ENGINE}/shard-runner.ts`,
    find: 'const journalOffset = this.#isJournaled ? await this.#journal(claimed, token, taken, coalesced, omissions) : -1;',
    replace: `const early = claimed.announcements({ journalOffset: this.#journalNext, incarnation: claimed.position.incarnation });
    if (early.length > 0) await log.append(early);
    const journalOffset = this.#isJournaled ? await this.#journal(claimed, token, taken, coalesced, omissions) : -1;`,
    world: 'toy',
    seeds: 200,
  },
  {
    name: 'a read does not look at the head',
    file: `${ENGINE}/claimed-shard.ts`,
    find: 'if (head === null || !head.subarray(0, this.#position.token.length).equals(this.#position.token)) {',
    replace: 'if (head === null) {',
    world: 'toy',
    seeds: 500,
  },
  {
    name: 'the store commits whatever the parent is',
    file: `${ENGINE}/memory-state-store.ts`,
    find: `if (!isParent) return 'refused';`,
    replace: '',
    world: 'toy',
    seeds: 200,
  },
  {
    name: 'of two entries with one parent the last one counts',
    file: `${ENGINE}/journal.ts`,
    find: `    // A producer's duplicate of the entry just taken names that entry's parent, not its token, so it never gets here.`,
    replace: `    if (entries.some(({ offset, entry }) => offset > journaled.offset && entry.parent.equals(last))) continue;`,
    world: 'toy',
    seeds: 200,
  },
  {
    name: 'of an entry written twice the second copy counts',
    file: `${ENGINE}/shard-runner.ts`,
    find: 'if (first.entry.token.equals(token)) return first.offset;',
    replace: 'if (first.entry.token.equals(token)) return offset!;',
    world: 'toy',
    seeds: 200,
  },
  {
    name: 'a worker reads on where it stood, and not where the store stands',
    file: `${ENGINE}/shard-runner.ts`,
    find: `    this.#positions = claimed.position.positions;
    const inbox`,
    replace: `    if (this.#positions.length > 0) Object.assign(claimed.position, { positions: this.#positions });
    const inbox`,
    world: 'toy',
    seeds: 200,
  },
  {
    name: 'a dry queue does not stop a batch',
    file: `${ENGINE}/aligned-merge.ts`,
    find: 'if (this.#isAligned && queue.fetchOffset < queue.endOffset) return undefined;',
    replace: '',
    world: 'toy',
    seeds: 50,
  },
  {
    name: 'a redo folds what its entry leaves out',
    file: `${ENGINE}/shard-runner.ts`,
    find: 'isRedo: true, omissions: entry.omissions });',
    replace: 'isRedo: true, omissions: [] });',
    world: 'toy',
    seeds: 500,
  },
  {
    name: 'timers fire in the order in which they were set',
    file: `${ENGINE}/timer-queue.ts`,
    find: 'while (at > 0 && compareTimers(this.#waiting[at - 1]!, timer) > 0) at--;',
    replace: '',
    world: 'toy',
    seeds: 500,
  },
  {
    name: 'a timer set for a time that was searched already is forgotten',
    file: `${ENGINE}/claimed-shard.ts`,
    find: 'for (const { dueMs } of timers.set) if (dueMs <= this.#noTimerUpToMs) this.#noTimerUpToMs = dueMs - 1;',
    replace: '',
    world: 'toy',
    seeds: 200,
  },
  {
    name: 'timers loaded for a record that was left out count as fired',
    file: `${ENGINE}/claimed-shard.ts`,
    find: 'if (!this.#hasDueTimers) this.#noTimerUpToMs = (nextDueMs ?? Number.POSITIVE_INFINITY) - 1;',
    replace: 'this.#noTimerUpToMs = timers.length > 0 ? untilMs : (nextDueMs ?? Number.POSITIVE_INFINITY) - 1; this.#hasDueTimers = false;',
    world: 'toy',
    seeds: 2_000,
  },
  {
    name: 'an idle shard never looks at its head',
    file: `${ENGINE}/shard-runner.ts`,
    find: 'await claimed.check();',
    replace: '',
    world: 'toy',
    seeds: 200,
  },
  {
    name: 'of evidence only the journal offset is remembered, not the part',
    file: 'test/simulation/toy-streams.ts',
    find: 'journalOffset === last.journalOffset && part <= last.part',
    replace: 'journalOffset === last.journalOffset',
    world: 'toy',
    seeds: 50,
  },
  {
    name: 'the parts of evidence go out in the wrong order',
    file: 'test/simulation/toy-streams.ts',
    find: 'const records = parts.map((part) =>',
    replace: 'const records = parts.reverse().map((part) =>',
    world: 'toy',
    seeds: 50,
  },
  {
    name: 'evidence is counted however often it comes',
    file: 'test/simulation/toy-streams.ts',
    find: "    scope.note('evidence-skipped');\n    return;",
    replace: '',
    world: 'toy',
    seeds: 50,
  },
  {
    name: 'item-stream remembers only the journal offset of evidence',
    file: `${HANDLERS}/item/item-fold.ts`,
    find: 'journalOffset === last.journalOffset && part <= last.part',
    replace: 'journalOffset === last.journalOffset',
    world: 'pipeline',
    seeds: 50,
  },
  {
    name: 'item-stream counts evidence however often it comes',
    file: `${HANDLERS}/item/item-fold.ts`,
    find: "      this.#scope.note('evidence-duplicate');\n      return;",
    replace: '',
    world: 'pipeline',
    seeds: 50,
  },
  {
    name: 'user-stream does not write the profile that it changed',
    file: `${HANDLERS}/user/user-fold.ts`,
    find: '    this.#scope.touch(profile);\n    this.#scope.touch(state);',
    replace: '    this.#scope.touch(state);',
    world: 'pipeline',
    seeds: 50,
  },
  {
    name: 'an event that was sent twice is folded twice',
    file: `${PROFILE}/event-ids.ts`,
    find: 'if (hashes[i] === hash) return true;',
    replace: '',
    world: 'pipeline',
    seeds: 50,
  },
  {
    name: 'a refresh takes a new position',
    file: `${PROFILE}/fold-click.ts`,
    find: '} else if (isRefresh(profile, itemId)) {',
    replace: '} else if (isRefresh(profile, itemId) && itemId === event.eventId) {',
    world: 'pipeline',
    seeds: 50,
  },
];
