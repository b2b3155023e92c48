import { expect, test } from 'vitest';
import { EventDecoder } from './decoder.ts';
import { MAX_JSON_DEPTH_LEVELS } from './limits.ts';
import type { NoteName } from './notes.ts';
import type { AnyEvent, DecodeOutcome } from './types.ts';

const NOW_MS = 1_700_000_000_000;
const view = { eventId: 'e1', timeMs: NOW_MS, kind: 'view', userId: 'u1', itemId: 'i1' };
const order = { eventId: 'e2', timeMs: NOW_MS, orderId: 'o1', userId: 'u1', currency: 'GBP', lines: [{ itemId: 'i1', quantity: 1, unitPrice: 2 }] };

function decodeText(text: string, topic = 'clickstream', headers?: Record<string, Buffer>): { outcome: DecodeOutcome<AnyEvent>; notes: NoteName[] } {
  const notes: NoteName[] = [];
  const decoder = new EventDecoder({ partitions: 1, onNote: (name) => notes.push(name) });
  const key = topic === 'control' ? null : Buffer.from('u1');
  const outcome = decoder.decode(topic, { key, value: Buffer.from(text), timestampMs: NOW_MS, headers }, 0);
  return { outcome, notes };
}

const decode = (value: unknown, topic?: string) => decodeText(JSON.stringify(value), topic);

test('a JSON event needs only what the schema has no default for', () => {
  const { outcome, notes } = decode(view);
  expect(outcome).toMatchObject({ kind: 'event', event: { type: 'click', kind: 'view', channel: 'web', user: 'u1', itemId: 'i1' } });
  expect(notes).toEqual([]);
});

test('union members stand unwrapped, and may be null', () => {
  const { outcome } = decode({ ...view, category: 'lamps', brand: null, price: 2.5 });
  expect(outcome).toMatchObject({ event: { category: 'lamps', brand: undefined, priceMinor: 250 } });
});

test('the content type in a header decides where the first byte does not', () => {
  const text = `\n ${JSON.stringify(view)}`;
  const headers = { 'content-type': Buffer.from('Application/JSON; charset=utf-8') };
  expect(decodeText(text, 'clickstream', headers).outcome.kind).toBe('event');
  expect(decodeText(text).outcome).toMatchObject({ kind: 'dead', reason: 'unreadable' });
});

test('unknown fields are ignored, each of them counted', () => {
  const { outcome, notes } = decode({ ...order, shop: 1, lines: [{ ...order.lines[0], colour: 'red' }] }, 'purchases');
  expect(outcome).toMatchObject({ kind: 'event', event: { type: 'order' } });
  expect(notes).toEqual(['json-field-unknown', 'json-field-unknown']);
});

test.each([
  ['a missing field', { ...view, eventId: undefined }, 'schema-violation'],
  ['a number for a string', { ...view, itemId: 5 }, 'schema-violation'],
  ['a wrapped union', { ...view, itemId: { string: 'i1' } }, 'schema-violation'],
  ['a string for a time', { ...view, timeMs: '2023-11-14T22:13:20Z' }, 'schema-violation'],
  ['null for a time', { ...view, timeMs: null }, 'schema-violation'],
  ['a kind that nobody knows', { ...view, kind: 'stare' }, 'schema-violation'],
  ['a number for a kind', { ...view, kind: 1 }, 'schema-violation'],
  ['an array for a record', [view], 'unreadable'],
  ['a broken time', { ...view, timeMs: 1.5 }, 'value-out-of-range'],
  ['half a piece', { ...view, quantity: 0.5 }, 'value-out-of-range'],
  ['more pieces than an int holds', { ...view, quantity: 3_000_000_000 }, 'value-out-of-range'],
  ['a negative price', { ...view, price: -1 }, 'value-out-of-range'],
])('%s is refused', (_what, value, reason) => {
  expect(decode(value).outcome).toMatchObject({ kind: 'dead', reason });
});

test.each([
  ['a number beyond all doubles', JSON.stringify({ ...view, price: 1 }).replace('"price":1', '"price":1e999'), 'value-out-of-range'],
  ['NaN', JSON.stringify({ ...view, price: 1 }).replace('"price":1', '"price":NaN'), 'unreadable'],
  ['half an object', '{"eventId":"e1"', 'unreadable'],
  ['only a brace', '{', 'unreadable'],
])('%s is refused', (_what, text, reason) => {
  expect(decodeText(text).outcome).toMatchObject({ kind: 'dead', reason });
});

test('an array of lines and a map of attributes have to be what they are', () => {
  expect(decode({ ...order, lines: {} }, 'purchases').outcome).toMatchObject({ reason: 'schema-violation' });
  expect(decode({ ...order, lines: ['i1'] }, 'purchases').outcome).toMatchObject({ reason: 'schema-violation' });
  const customer = { eventId: 'e3', timeMs: NOW_MS, userId: 'u1' };
  expect(decode({ ...customer, attributes: [] }, 'customers').outcome).toMatchObject({ reason: 'schema-violation' });
  expect(decode({ ...customer, attributes: { a: 1 } }, 'customers').outcome).toMatchObject({ reason: 'schema-violation' });
  expect(decode({ ...customer, consent: 'yes' }, 'customers').outcome).toMatchObject({ reason: 'schema-violation' });
  expect(decode({ ...customer, erase: true }, 'customers').outcome).toMatchObject({ event: { type: 'erase' } });
});

test('nesting beyond the limit never reaches the parser, brackets in strings do not count', () => {
  const nested = (levels: number) => `{"eventId":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  expect(decodeText(nested(MAX_JSON_DEPTH_LEVELS)).outcome).toMatchObject({ reason: 'schema-violation' });
  expect(decodeText(nested(MAX_JSON_DEPTH_LEVELS + 1)).outcome).toMatchObject({ reason: 'unreadable' });
  expect(decodeText(nested(400_000)).outcome).toMatchObject({ reason: 'unreadable' });
  expect(decode({ ...view, query: '\\"' + '[{'.repeat(100) }).outcome.kind).toBe('event');
});

test('__proto__ and its like change no prototype and give no field', () => {
  const text = `{"__proto__":{"itemId":"stolen","userId":"u1"},"constructor":{"prototype":{"a":1}},${JSON.stringify(view).slice(1).replace('"itemId":"i1"', '"x":1')}`;
  const { outcome, notes } = decodeText(text);
  expect(outcome).toMatchObject({ kind: 'dead', reason: 'schema-violation' });
  expect(notes).toEqual(['json-field-unknown', 'json-field-unknown', 'json-field-unknown']);
  expect(({} as Record<string, unknown>)['a']).toBeUndefined();
});

test('__proto__ as an attribute is dropped and counted', () => {
  const text = `{"eventId":"e3","timeMs":${NOW_MS},"userId":"u1","attributes":{"__proto__":"x","region":"north"}}`;
  const { outcome, notes } = decodeText(text, 'customers');
  expect(outcome).toMatchObject({ event: { attributes: new Map([['region', 'north']]) } });
  expect(notes).toEqual(['fact-dropped']);
});

test('control in JSON moves the clock', () => {
  expect(decode({ kind: 'tick', timeMs: NOW_MS }, 'control').outcome).toEqual({ kind: 'event', event: { type: 'tick', timeMs: NOW_MS } });
});
