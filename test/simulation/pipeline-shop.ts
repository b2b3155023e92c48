import type { EventEncoder } from '@millrace/events';
import { partitionOf, type DeadLetterReason, type WireClick, type WireOrder } from '@millrace/events';
import type { NewRecord } from '@millrace/stream/log';
import type { Random } from './random.ts';

/** Shards of user-stream and of item-stream in a simulated world. */
export const SHARDS = 2;
export const SHOP_USERS: readonly string[] = ['ann', 'bob', 'visitor {7}', 'дмитрий', '🛒 eve'];
export const SHOP_ITEMS: readonly string[] = Array.from({ length: 8 }, (_, i) => `item-${i}`);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Some midnight; everything of a one-day world happens within half an hour of its morning. */
const DAY_START_MS = 20_000 * DAY_MS;
const MORNING_MS = DAY_START_MS + 10 * HOUR_MS;

/**
 * `one-day`: half an hour, one session a user, so that the counts do not depend on the order of topics. `many-days`:
 * weeks, with late events, retention, erased users and decay: nothing but a fold along the journal can judge those.
 */
export type ShopKind = 'one-day' | 'many-days';

export interface ShopInput {
  readonly topic: 'clickstream' | 'purchases' | 'customers' | 'catalog' | 'control';
  readonly partition: number;
  readonly record: NewRecord;
  /** What the oracle counts; undefined for what is no click and no order. */
  readonly event: { readonly click: WireClick } | { readonly order: WireOrder } | { readonly customer: string } | undefined;
  readonly user: string | undefined;
  /** Why it must become a dead letter; undefined for a good record. */
  readonly deadReason: DeadLetterReason | undefined;
}

/** Wall clock at the beginning of the world: among the events of one day, after all events of many. */
export function startOf(kind: ShopKind): number {
  return kind === 'one-day' ? MORNING_MS : DAY_START_MS + 100 * DAY_MS;
}

/** What the apps of a small shop write, in the order in which they write it. */
export class Shop {
  readonly #random: Random;
  readonly #encoder: EventEncoder;
  readonly #kind: ShopKind;
  #timeMs: number;
  #made = 0;
  #parametersVersion = 0;

  constructor(random: Random, encoder: EventEncoder, kind: ShopKind) {
    this.#random = random;
    this.#encoder = encoder;
    this.#kind = kind;
    this.#timeMs = kind === 'one-day' ? MORNING_MS : DAY_START_MS;
  }

  inputs(count: number): ShopInput[] {
    const inputs: ShopInput[] = [];
    while (inputs.length < count) {
      this.#timeMs += this.#kind === 'one-day' ? this.#random.below(20_000) : this.#random.below(20 * HOUR_MS);
      const made = this.#next();
      inputs.push(...made);
      // An app that got no answer sends again; the copy has the same event id and need not come at once.
      if (made[0]!.event !== undefined && made[0]!.deadReason === undefined && this.#random.chance(0.15)) {
        inputs.splice(inputs.length - this.#random.below(2), 0, made[0]!);
      }
    }
    return inputs;
  }

  #next(): ShopInput[] {
    const kind = this.#random.below(100);
    if (kind < 55) return [this.#click()];
    if (kind < 75) return [this.#order()];
    if (kind < 80) return [this.#customer()];
    if (kind < 85) return [this.#catalog()];
    if (kind < 89) return this.#control();
    return [this.#bad()];
  }

  #click(): ShopInput {
    const user = this.#random.pick(SHOP_USERS);
    const kind = this.#random.pick(['view', 'view', 'view', 'view', 'cart_added', 'cart_removed', 'favourite', 'search'] as const);
    const click: WireClick = {
      eventId: this.#id(),
      timeMs: this.#eventTimeMs(),
      kind,
      channel: 'web',
      userId: user,
      itemId: kind === 'search' ? null : this.#random.pick(SHOP_ITEMS),
      category: this.#random.pick(['tea', 'toys', null]),
      price: this.#random.below(50),
    };
    const record = this.#random.chance(0.2)
      ? { key: Buffer.from(user), value: Buffer.from(JSON.stringify(click)) }
      : { key: Buffer.from(user), value: this.#encoder.encodeClick(click) };
    return this.#ofUser('clickstream', user, record, { click });
  }

  #order(): ShopInput {
    const user = this.#random.pick(SHOP_USERS);
    const lines = Array.from({ length: 1 + this.#random.below(4) }, () => ({
      itemId: this.#random.pick(SHOP_ITEMS),
      quantity: 1 + this.#random.below(3),
      unitPrice: 1 + this.#random.below(900) / 100,
      discount: this.#random.chance(0.2) ? 0.5 : 0,
    }));
    const order: WireOrder = {
      eventId: this.#id(),
      timeMs: this.#eventTimeMs(),
      kind: this.#random.chance(0.15) ? 'return' : 'order',
      orderId: `order-${this.#made}`,
      userId: user,
      channel: 'web',
      currency: 'GBP',
      lines,
    };
    return this.#ofUser('purchases', user, { key: Buffer.from(user), value: this.#encoder.encodeOrder(order) }, { order });
  }

  #customer(): ShopInput {
    const user = this.#random.pick(SHOP_USERS);
    const key = Buffer.from(user);
    if (this.#kind === 'many-days' && this.#random.chance(0.4)) {
      const value = this.#encoder.encodeCustomer({ eventId: this.#id(), timeMs: this.#timeMs, userId: user, erase: true });
      return { ...this.#ofUser('customers', user, { key, value: this.#random.chance(0.5) ? null : value }, undefined) };
    }
    const value = this.#encoder.encodeCustomer({
      eventId: this.#id(),
      timeMs: this.#eventTimeMs(),
      userId: user,
      attributes: { region: this.#random.pick(['north', 'south', '']) },
      tags: this.#random.chance(0.5) ? ['vip'] : null,
      consent: this.#random.pick([true, false, null]),
    });
    return this.#ofUser('customers', user, { key, value }, { customer: `event-${this.#made - 1}` });
  }

  #catalog(): ShopInput {
    const itemId = this.#random.pick(SHOP_ITEMS);
    const value = this.#encoder.encodeCatalog({
      timeMs: this.#timeMs,
      itemId,
      name: `The ${itemId} of ${this.#made++}`,
      categoryPath: ['home'],
      available: this.#random.chance(0.8),
    });
    const record = { key: Buffer.from(itemId), value };
    return { topic: 'catalog', partition: partitionOf(itemId, SHARDS), record, event: undefined, user: undefined, deadReason: undefined };
  }

  /** One copy in every partition. */
  #control(): ShopInput[] {
    const isTick = this.#random.chance(0.6);
    const values = this.#kind === 'one-day' ? { lateDays: 59 } : this.#changedValues();
    const value = isTick
      ? this.#encoder.encodeControl({ kind: 'tick', timeMs: this.#timeMs })
      : this.#encoder.encodeControl({
          kind: 'fold_parameters',
          timeMs: this.#timeMs,
          foldParameters: { version: ++this.#parametersVersion, values },
        });
    return Array.from({ length: SHARDS }, (_, partition) => ({
      topic: 'control',
      partition,
      record: { key: null, value },
      event: undefined,
      user: undefined,
      deadReason: undefined,
    }));
  }

  #changedValues(): Record<string, number> {
    return {
      userRetentionDays: 1 + this.#random.below(10),
      itemRetentionDays: 1 + this.#random.below(10),
      pairDecayEveryDays: 1 + this.#random.below(4),
      neighboursKept: 1 + this.#random.below(4),
      neighboursCap: 4 + this.#random.below(4),
    };
  }

  #bad(): ShopInput {
    const user = this.#random.pick(SHOP_USERS);
    const good = { eventId: this.#id(), timeMs: this.#timeMs, kind: 'view', channel: 'web', userId: user, itemId: 'item-1' } as const;
    const value = this.#encoder.encodeClick(good);
    const key = Buffer.from(user);
    const bad = (record: NewRecord, deadReason: DeadLetterReason): ShopInput => ({
      ...this.#ofUser('clickstream', user, record, undefined),
      deadReason,
    });
    switch (this.#random.below(6)) {
      case 0:
        return bad({ key, value: Buffer.from(`neither Avro nor JSON ${this.#made}`) }, 'unreadable');
      case 1:
        return bad({ key: null, value }, 'missing-key');
      case 2:
        return bad({ key: Buffer.from('someone else'), value }, 'key-mismatch');
      case 3:
        return { ...bad({ key, value }, 'wrong-partition'), partition: 1 - partitionOf(user, SHARDS) };
      case 4:
        return bad({ key, value: this.#encoder.encodeClick({ ...good, timeMs: startOf(this.#kind) + 400 * DAY_MS }) }, 'from-the-future');
      default:
        return bad({ key, value: Buffer.from(JSON.stringify({ ...good, itemId: 'x'.repeat(300) })) }, 'id-too-long');
    }
  }

  #ofUser(topic: ShopInput['topic'], user: string, record: NewRecord, event: ShopInput['event']): ShopInput {
    return { topic, partition: partitionOf(user, SHARDS), record, event, user, deadReason: undefined };
  }

  #id(): string {
    return `event-${this.#made++}`;
  }

  /** Mostly now; sometimes late, sometimes from a clock that is ahead by more than is believed. */
  #eventTimeMs(): number {
    const isOneDay = this.#kind === 'one-day';
    if (this.#random.chance(0.1)) return this.#timeMs - this.#random.below(isOneDay ? 5 * MINUTE_MS : 70 * DAY_MS);
    if (isOneDay && this.#random.chance(0.05)) return this.#timeMs + HOUR_MS;
    return this.#timeMs;
  }
}
