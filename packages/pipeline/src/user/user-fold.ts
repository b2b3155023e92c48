import {
  countOrderOfShard,
  DEFAULT_FOLD_PARAMETERS,
  EvidenceWriter,
  foldUserEvent,
  Profile,
  rawTrail,
  recentViewed,
  retentionDueMs,
  type RankRequest,
  type Ranking,
  type UserShardState,
} from '@millrace/algorithms';
import { partitionOf, type FoldParametersEvent, type UserEvent, type WireBecause } from '@millrace/events';
import type { BatchIdentity, Cause, Entity, ShardFold, ShardScope } from '@millrace/stream/handler';
import type { Append, NewRecord } from '@millrace/stream/log';
import type { Timer } from '@millrace/stream/state-store';
import { idOfTimer, memoKey, profileKey, retentionTimer } from '../keys.ts';
import { hashOfList, type ListMemo } from './list-memo.ts';
import type { UserShardEvent, UserStreamParts } from './user-stream.ts';

/** One record of evidence stays well below what a broker takes. */
const DEFAULT_EVIDENCE_PART_BYTES = 262_144;

const DAY_MS = 86_400_000;

/** A list that an event deserves. */
interface WantedList {
  readonly profile: Profile;
  placement: 'next' | 'after-purchase';
  event: UserEvent;
  cause: Cause;
  /** What the ranking will look at, as it was right after the event; while catching up, as it is after the batch. */
  request: RankRequest | undefined;
}

/** The fold of one claimed user shard. */
export class UserFold implements ShardFold<UserShardEvent> {
  readonly shardKeys: readonly string[];
  readonly #parts: UserStreamParts;
  readonly #scope: ShardScope;
  readonly #evidence: EvidenceWriter;
  /** Records for the item shard of the same number that are no evidence: fold parameters on their way. */
  #forwarded: NewRecord[] = [];
  #lists: WantedList[] = [];
  /** While catching up: the one list of each user. */
  readonly #newest = new Map<Profile, WantedList>();
  #published: { placement: string; timestampMs: number }[] = [];

  constructor(parts: UserStreamParts, scope: ShardScope, stateKey: string) {
    this.#parts = parts;
    this.#scope = scope;
    this.shardKeys = [stateKey];
    this.#evidence = new EvidenceWriter(parts.itemShards, (item) => partitionOf(item, parts.itemShards));
  }

  keysOfTimer(name: string): readonly string[] {
    return [profileKey(idOfTimer(name))];
  }

  begin(): void {
    this.#evidence.clear();
    this.#forwarded = [];
    this.#lists = [];
    this.#newest.clear();
    this.#published = [];
  }

  fold(event: UserShardEvent, cause: Cause): void {
    if (event.type === 'tick') return;
    if (event.type === 'fold-parameters') this.#setParameters(event);
    else this.#foldUser(event, cause);
  }

  /** Retention: whoever was seen since the timer was set is looked at again later. */
  fire({ name }: Timer): void {
    const user = idOfTimer(name);
    const profile = this.#scope.entity<Profile>(profileKey(user));
    const dueMs = retentionDueMs(profile.value, this.#state.value.parameters);
    if (profile.value.events > 0 && dueMs > this.#scope.clockMs) {
      this.#scope.setTimer(name, dueMs);
      return;
    }
    this.#forget(profile);
    this.#scope.note('user-retired');
  }

  announcements({ journalOffset, incarnation }: BatchIdentity): Append[] {
    const { evidencePrefix, evidencePartBytes = DEFAULT_EVIDENCE_PART_BYTES, topics } = this.#parts;
    const { ordersTotal, ordersDay } = this.#state.value;
    const sourceShard = this.#scope.shard.number;
    const origin = { sourceShard, incarnation, journalOffset: BigInt(journalOffset), ordersTotal, ordersDay };
    const appends: Append[] = [];
    if (this.#forwarded.length > 0) {
      appends.push({ topic: topics.itemEvidence, partition: sourceShard, records: this.#forwarded });
    }
    for (const { shard, parts } of this.#evidence.finish(origin, evidencePartBytes)) {
      const records = parts.map((part) => ({ key: null, value: Buffer.concat([evidencePrefix, part]) }));
      appends.push({ topic: topics.itemEvidence, partition: shard, records });
    }
    return appends;
  }

  async render(nowMs: number): Promise<Append[]> {
    const { lists, renderer } = this.#parts;
    const wanted = this.#lists.filter(({ cause }) => nowMs - cause.timestampMs <= lists.maxAgeMs);
    if (wanted.length < this.#lists.length) this.#scope.note('list-too-old', this.#lists.length - wanted.length);
    if (wanted.length === 0) return [];
    renderer.setParameters(this.#state.value.parameters);
    const rankings = await renderer.rank(wanted.map((list) => list.request ?? this.#requestOf(list)), nowMs);
    const records: NewRecord[] = [];
    wanted.forEach((list, i) => {
      const ranking = rankings[i]!;
      if (this.#isSilent(list, ranking)) return;
      records.push({ key: Buffer.from(list.event.user), value: this.#encode(list, ranking) });
      this.#published.push({ placement: list.placement, timestampMs: list.cause.timestampMs });
    });
    if (records.length === 0) return [];
    return [{ topic: this.#parts.topics.recommendations, partition: this.#scope.shard.number, records }];
  }

  announced(nowMs: number): void {
    for (const { placement, timestampMs } of this.#published) {
      this.#parts.listObserver.published(placement, Math.max(0, nowMs - timestampMs));
    }
  }

  get #state(): Entity<UserShardState> {
    return this.#scope.entity<UserShardState>(this.shardKeys[0]!);
  }

  #foldUser(event: UserEvent, cause: Cause): void {
    const profile = this.#scope.entity<Profile>(profileKey(event.user));
    const state = this.#state;
    const { parameters, repeatPrior } = state.value;
    const isNew = profile.value.events === 0;
    const { clockMs } = this.#scope;
    const result = foldUserEvent(profile.value, event, { clockMs, parameters, repeatPrior, evidence: this.#evidence });
    for (const note of result.notes) this.#scope.note(note);
    if (event.type === 'erase') {
      this.#forget(profile);
      this.#scope.cancelTimer(retentionTimer(event.user));
      return;
    }
    this.#scope.touch(profile);
    this.#scope.touch(state);
    if (isNew) this.#scope.setTimer(retentionTimer(event.user), retentionDueMs(profile.value, parameters));
    if (result.orders > 0) countOrderOfShard(state.value, Math.floor(event.timeMs / DAY_MS));
    if (result.list !== undefined) this.#want(result.list, event, cause, profile.value);
  }

  #want(placement: 'next' | 'after-purchase', event: UserEvent, cause: Cause, profile: Profile): void {
    const earlier = this.#newest.get(profile);
    if (earlier !== undefined) {
      // A user's newest event of the batch speaks for the others, so nothing is made for those.
      this.#scope.note('list-coalesced');
      Object.assign(earlier, { placement, event, cause });
      return;
    }
    const list: WantedList = { profile, placement, event, cause, request: undefined };
    if (this.#scope.coalesced) this.#newest.set(profile, list);
    else list.request = this.#requestOf(list);
    this.#lists.push(list);
  }

  #requestOf({ placement, event, profile }: WantedList): RankRequest {
    const basket = event.type === 'order' ? event.lines.map(({ itemId }) => itemId) : undefined;
    return {
      placement,
      recent: recentViewed(profile),
      rawTrail: rawTrail(profile),
      day: Math.floor(event.timeMs / DAY_MS),
      basket,
      exclude: basket,
      length: this.#parts.lists.length,
      repeatPrior: this.#state.value.repeatPrior,
    };
  }

  /** Is it what this user was told last? After a redo nobody knows, so it is said again. */
  #isSilent({ event: { user }, placement }: WantedList, { items }: Ranking): boolean {
    if (items.length === 0) {
      this.#scope.note('list-empty');
      return true;
    }
    const memo = this.#scope.entity<ListMemo>(memoKey(user));
    const slot = placement === 'after-purchase' ? 'afterPurchase' : 'next';
    const hash = hashOfList(items);
    if (!this.#scope.isRedo && memo.value[slot] === hash) {
      this.#scope.note('list-silent');
      return true;
    }
    memo.value[slot] = this.#scope.isRedo ? 0 : hash;
    this.#scope.touch(memo);
    return false;
  }

  #encode({ event: { user, eventId, timeMs }, cause, placement }: WantedList, { items, countsAgeMs }: Ranking): Buffer {
    const { topic, partition, offset } = cause;
    return this.#parts.encoder.encodeRecommendations({
      id: `${this.#scope.incarnation.toString('hex')}.${topic}.${partition}.${offset}.${placement}`,
      cause: { topic, partition, offset, eventId },
      user,
      placement,
      timeMs,
      items: items.map(({ item, score, because }) => ({
        itemId: item,
        score,
        because: because.map(({ kind, item: of, weight }): WireBecause => ({ kind, itemId: of ?? null, weight })),
      })),
      counts: { ageMs: Math.max(0, countsAgeMs), source: 'item-stream' },
      version: this.#state.value.parameters.version,
    });
  }

  #setParameters(event: FoldParametersEvent): void {
    const state = this.#state;
    if (event.version <= state.value.parameters.version) {
      this.#scope.note('parameters-old');
      return;
    }
    state.value.parameters = { ...DEFAULT_FOLD_PARAMETERS, ...event.values, version: event.version };
    this.#scope.touch(state);
    const { timeMs, version, values } = event;
    // Item shards learn of it through their own log, so that it has its place there too.
    const value = this.#parts.encoder.encodeControl({ kind: 'fold_parameters', timeMs, foldParameters: { version, values } });
    this.#forwarded.push({ key: null, value });
    this.#scope.note('parameters-set');
  }

  #forget(profile: Entity<Profile>): void {
    // Whoever is forgotten gets no list for what came before it either.
    this.#newest.delete(profile.value);
    this.#lists = this.#lists.filter((list) => list.profile !== profile.value);
    profile.value = new Profile();
    this.#scope.touch(profile);
  }
}
