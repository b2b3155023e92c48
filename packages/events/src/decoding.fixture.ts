/** What the tests of the decoder share: a valid record of each input topic, and a decoder that takes notes. */
import { expect } from 'vitest';
import type { DecoderOptions } from './decoder.ts';
import { EventDecoder } from './decoder.ts';
import { EventEncoder } from './encoder.ts';
import type { NoteName } from './notes.ts';
import { partitionOf } from './partition.ts';
import type { AnyEvent, DecodeOutcome } from './types.ts';
import type { WireCatalogItem, WireClick, WireCustomer, WireOrder } from './wire.ts';

export const PARTITIONS = 8;
export const NOW_MS = 1_700_000_000_000;
export const encoder = new EventEncoder();

export const view: WireClick = { eventId: 'e1', timeMs: NOW_MS, kind: 'view', userId: 'u1', itemId: 'i1' };
export const order: WireOrder = {
  eventId: 'e2',
  timeMs: NOW_MS,
  orderId: 'o1',
  userId: 'u1',
  currency: 'GBP',
  lines: [{ itemId: 'i1', quantity: 2, unitPrice: 2.55, discount: 0.1 }],
};
export const customer: WireCustomer = { eventId: 'e3', timeMs: NOW_MS, userId: 'u1', attributes: { region: 'north' } };
export const item: WireCatalogItem = { timeMs: NOW_MS, itemId: 'i1', name: 'A lamp' };

export interface Given {
  readonly key?: Buffer | string | null;
  readonly partition?: number;
  readonly timestampMs?: number;
  readonly headers?: Record<string, Buffer>;
  readonly options?: Partial<DecoderOptions>;
}

/** Decodes one record; its key is that of the user u1, its partition the right one, unless given. */
export function decode(topic: string, value: Buffer | null, given: Given = {}): { outcome: DecodeOutcome<AnyEvent>; notes: NoteName[] } {
  const notes: NoteName[] = [];
  const decoder = new EventDecoder({ partitions: PARTITIONS, onNote: (name) => notes.push(name), ...given.options });
  const key = typeof given.key === 'string' ? Buffer.from(given.key) : given.key === undefined ? Buffer.from('u1') : given.key;
  const partition = given.partition ?? (key === null ? 0 : partitionOf(key, PARTITIONS));
  const record = { key, value, timestampMs: given.timestampMs ?? NOW_MS, ...(given.headers && { headers: given.headers }) };
  return { outcome: decoder.decode(topic, record, partition), notes };
}

/** The event of an outcome that must be one, of one of these types. */
export function eventOf<T extends AnyEvent['type']>(outcome: DecodeOutcome<AnyEvent>, ...types: T[]): AnyEvent & { readonly type: T } {
  if (outcome.kind !== 'event') throw new Error(`Not an event but ${JSON.stringify(outcome)}`);
  expect(types).toContain(outcome.event.type);
  return outcome.event as AnyEvent & { readonly type: T };
}

export const click = (changes: Partial<WireClick>, given?: Given) =>
  decode('clickstream', encoder.encodeClick({ ...view, ...changes }), given);
export const purchase = (changes: Partial<WireOrder>, given?: Given) =>
  decode('purchases', encoder.encodeOrder({ ...order, ...changes }), given);
export const json = (topic: string, value: unknown, given?: Given) => decode(topic, Buffer.from(JSON.stringify(value)), given);
export const line = (changes: Partial<WireOrder['lines'][number]>) => ({ ...order.lines[0]!, ...changes });
