import type { ClickEvent, OrderEvent, UserEvent } from '@millrace/events/types';
import type { FoldParameters } from '../fold-parameters.ts';
import type { EvidenceSink } from '../pairs/evidence-sink.ts';
import { Ranker, REPEAT_WINDOW } from '../pairs/index.ts';
import type { RepeatPrior } from '../pairs/index.ts';
import { dayOf, foldUserEvent, Profile, rawTrail, recentViewed } from '../profile/index.ts';
import type { BasketModel, NextItemModel, ScoredItem, Visit } from './next-item-model.ts';
import { PairWorld } from './pair-world.ts';

export interface TixSettings {
  readonly placement: 'next' | 'discover';
  readonly parameters: FoldParameters;
  readonly shards: number;
  /** Partitioner of the evidence topic. */
  readonly shardOf: (item: string) => number;
}

/** How many views may pass before the lists of trending items are read again; they only fill short lists. */
const TOP_LISTS_EVERY_VIEWS = 64;

/** For visits that are followed and not learned from. */
const NO_EVIDENCE: EvidenceSink = {
  view: () => undefined,
  bought: () => undefined,
  basket: () => undefined,
};

/**
 * The product itself (algorithms.md §1 and §2): every view goes through the fold of the user's profile, its evidence
 * through bytes into the rows of the items, and a list is ranked from the encoded rows with the profile's recent items
 * and the learned repeat prior. One visit is one user. Nothing here counts or scores: it only calls what the services call.
 */
export class TixModel implements NextItemModel {
  readonly name: string;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly world: PairWorld;
  private readonly ranker: Ranker;
  private readonly placement: TixSettings['placement'];
  private readonly profiles = new Map<number, Profile>();
  /** Followed views fold against a copy, so that a test teaches the prior nothing. */
  private readonly untaught: RepeatPrior = { repeats: new Array<number>(REPEAT_WINDOW).fill(0), totals: new Array<number>(REPEAT_WINDOW).fill(0) };
  private clockMs = 0;
  private events = 0;
  private viewsUntilTopLists = 0;

  constructor(name: string, { placement, parameters, shards, shardOf }: TixSettings) {
    this.name = name;
    this.placement = placement;
    this.settings = { placement, ...parameters };
    this.world = new PairWorld(shards, shardOf, parameters);
    this.ranker = new Ranker(this.world.cache);
  }

  learn(visit: Visit, item: string, timeMs: number): void {
    this.fold(visit, item, timeMs, this.world.prior, this.world.evidence);
    this.world.count();
    this.viewsUntilTopLists -= 1;
  }

  follow(visit: Visit, item: string, timeMs: number): void {
    this.fold(visit, item, timeMs, this.untaught, NO_EVIDENCE);
  }

  prepare(): void {
    const topLists = this.viewsUntilTopLists <= 0;
    this.world.refreshCache(topLists);
    if (topLists) this.viewsUntilTopLists = TOP_LISTS_EVERY_VIEWS;
  }

  recommend(visit: Visit, timeMs: number, length: number): readonly ScoredItem[] {
    const profile = this.profileOf(visit);
    return this.ranker.rank({
      placement: this.placement,
      recent: recentViewed(profile),
      rawTrail: rawTrail(profile),
      day: dayOf(timeMs),
      length,
      repeatPrior: this.world.prior,
    }).items;
  }

  forget(visit: Visit): void {
    this.profiles.delete(visit.number);
  }

  private fold(visit: Visit, item: string, timeMs: number, repeatPrior: RepeatPrior, evidence: EvidenceSink): void {
    this.clockMs = Math.max(this.clockMs, timeMs);
    this.events += 1;
    const event = viewEvent(String(visit.number), this.events, item, timeMs);
    foldUserEvent(this.profileOf(visit), event, { clockMs: this.clockMs, parameters: this.world.parameters, repeatPrior, evidence });
  }

  private profileOf({ number }: Visit): Profile {
    let profile = this.profiles.get(number);
    if (profile === undefined) this.profiles.set(number, (profile = new Profile()));
    return profile;
  }
}

/** The product's `after-purchase` lists: orders through the fold, lists from the pairs bought together. */
export class TixBasketModel implements BasketModel {
  readonly name: string;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly world: PairWorld;
  private readonly ranker: Ranker;
  private clockMs = 0;
  private orders = 0;

  constructor(name: string, { parameters, shards, shardOf }: Omit<TixSettings, 'placement'>) {
    this.name = name;
    this.settings = { placement: 'after-purchase', ...parameters };
    this.world = new PairWorld(shards, shardOf, parameters);
    this.ranker = new Ranker(this.world.cache);
  }

  learn(items: readonly string[], timeMs: number): void {
    this.clockMs = Math.max(this.clockMs, timeMs);
    this.orders += 1;
    const { parameters, prior: repeatPrior, evidence } = this.world;
    foldUserEvent(new Profile(), orderEvent(this.orders, items, timeMs), { clockMs: this.clockMs, parameters, repeatPrior, evidence });
    this.world.count();
  }

  prepare(): void {
    this.world.refreshCache(true);
  }

  recommend(basket: readonly string[], timeMs: number, length: number): readonly ScoredItem[] {
    return this.ranker.rank({
      placement: 'after-purchase',
      recent: [],
      rawTrail: [],
      day: dayOf(timeMs),
      basket,
      length,
      repeatPrior: this.world.prior,
    }).items;
  }
}

function viewEvent(user: string, serial: number, itemId: string, timeMs: number): ClickEvent {
  return {
    ...eventBase(user, serial, timeMs),
    type: 'click',
    kind: 'view',
    itemId,
    sessionId: undefined,
    category: undefined,
    brand: undefined,
    priceMinor: undefined,
    quantity: undefined,
    dwellMs: undefined,
    query: undefined,
    placement: undefined,
    recommendationId: undefined,
    referrer: undefined,
    campaign: undefined,
  };
}

function orderEvent(serial: number, items: readonly string[], timeMs: number): OrderEvent {
  return {
    ...eventBase(String(serial), serial, timeMs),
    type: 'order',
    orderId: String(serial),
    currency: 'EUR',
    country: undefined,
    coupon: undefined,
    lines: items.map((itemId) => {
      return { itemId, category: undefined, brand: undefined, quantity: 1, unitPriceMinor: 0, discountMinor: 0 };
    }),
    cleaned: undefined,
  };
}

function eventBase(user: string, serial: number, timeMs: number): Pick<UserEvent & ClickEvent, 'eventId' | 'timeMs' | 'user' | 'known' | 'channel' | 'visitorId'> {
  return { eventId: String(serial), timeMs, user, known: false, channel: 'web', visitorId: user };
}
