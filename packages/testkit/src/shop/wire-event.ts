/**
 * Events as an app sends them: an object by the field names of `schemas/`, with the topic and the key of its record.
 */
import type { WireCatalogItem, WireClick, WireCustomer, WireOrder } from '@millrace/events/wire';

interface OfTopic<Topic extends string, Payload> {
  readonly topic: Topic;
  /** The record's key: the known user's id, else the visitor's; for `catalog` the item's. */
  readonly key: string;
  /** Event time, as in the payload; epoch milliseconds. */
  readonly timeMs: number;
  readonly payload: Payload;
  /** What it counts for: a click is 1, an order or a return the number of its lines, anything else 0. */
  readonly events: number;
}

export type ClickstreamEvent = OfTopic<'clickstream', WireClick>;
export type PurchaseEvent = OfTopic<'purchases', WireOrder>;
export type CustomerFactsEvent = OfTopic<'customers', WireCustomer>;
export type CatalogItemEvent = OfTopic<'catalog', WireCatalogItem>;

/** One record to be, of any input topic that apps write. */
export type WireEvent = ClickstreamEvent | PurchaseEvent | CustomerFactsEvent | CatalogItemEvent;

/** The same event at another time, for replaying old data as if it were now. */
export function atTime<E extends WireEvent>(event: E, timeMs: number): E {
  return { ...event, timeMs, payload: { ...event.payload, timeMs } };
}
