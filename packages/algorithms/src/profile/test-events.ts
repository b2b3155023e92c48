/** Builders for the tests of the profile and its bench: an event with everything absent that the test does not name. */
import type { ClickEvent, ClickKind, CustomerEvent, OrderEvent, OrderLine, UserEvent } from '@millrace/events/types';
import { DEFAULT_FOLD_PARAMETERS, type FoldParameters } from '../fold-parameters.ts';
import type { EvidenceSink } from '../pairs/evidence-sink.ts';
import { emptyRepeatPrior } from '../pairs/repeat-prior.ts';
import type { FoldEnvironment } from './fold-environment.ts';
import { foldUserEvent } from './fold.ts';
import type { FoldResult } from './fold-result.ts';
import { Profile } from './profile.ts';

/** Monday, 5 January 2026, 09:00 UTC. */
export const START_MS = Date.UTC(2026, 0, 5, 9);
export const MINUTE_MS = 60_000;

let serial = 0;

function nextId(): string {
  serial += 1;
  return `event-${serial}`;
}

export function click(kind: ClickKind, itemId: string | undefined, timeMs: number, more: Partial<ClickEvent> = {}): ClickEvent {
  return {
    type: 'click', kind, eventId: nextId(), timeMs, user: 'user0001', known: true, channel: 'web', itemId,
    visitorId: undefined, sessionId: undefined, category: undefined, brand: undefined, priceMinor: undefined,
    quantity: undefined, dwellMs: undefined, query: undefined, placement: undefined, recommendationId: undefined,
    referrer: undefined, campaign: undefined, ...more,
  };
}

export function line(itemId: string, more: Partial<OrderLine> = {}): OrderLine {
  return { itemId, category: undefined, brand: undefined, quantity: 1, unitPriceMinor: 1_000, discountMinor: 0, ...more };
}

export function order(lines: readonly OrderLine[], timeMs: number, more: Partial<OrderEvent> = {}): OrderEvent {
  const eventId = nextId();
  return {
    type: 'order', eventId, timeMs, user: 'user0001', known: true, orderId: `order-${eventId}`, channel: 'web',
    currency: 'EUR', country: undefined, coupon: undefined, visitorId: undefined, lines, cleaned: undefined, ...more,
  };
}

export function customer(timeMs: number, more: Partial<CustomerEvent> = {}): CustomerEvent {
  return {
    type: 'customer', eventId: nextId(), timeMs, user: 'user0001', known: true,
    attributes: new Map(), tags: undefined, consent: undefined, ...more,
  };
}

export type EvidenceCall =
  | readonly ['view', number, string, readonly string[]]
  | readonly ['bought', number, readonly string[], readonly string[]]
  | readonly ['basket', number, readonly string[]];

/** A profile with a shard around it: folds events, moves the clock, writes down what the sink is told. */
export class FoldBench {
  profile = new Profile();
  readonly repeatPrior = emptyRepeatPrior();
  readonly calls: EvidenceCall[] = [];
  clockMs = 0;
  parameters: FoldParameters;

  constructor(parameters: Partial<FoldParameters> = {}) {
    this.parameters = { ...DEFAULT_FOLD_PARAMETERS, ...parameters };
  }

  fold(event: UserEvent): FoldResult {
    this.clockMs = Math.max(this.clockMs, event.timeMs);
    const evidence: EvidenceSink = {
      view: (day, item, before) => void this.calls.push(['view', day, item, before]),
      bought: (day, sources, bought) => void this.calls.push(['bought', day, sources, bought]),
      basket: (day, items) => void this.calls.push(['basket', day, items]),
    };
    const env: FoldEnvironment = {
      clockMs: this.clockMs, parameters: this.parameters, repeatPrior: this.repeatPrior, evidence,
    };
    return foldUserEvent(this.profile, event, env);
  }

  foldAll(events: readonly UserEvent[]): this {
    for (const event of events) this.fold(event);
    return this;
  }
}
