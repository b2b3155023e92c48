import { describe, expect, test } from 'vitest';
import { click, customer, decode, encoder, eventOf, item, json, line, NOW_MS, order, PARTITIONS, purchase, view } from './decoding.fixture.ts';
import { MAX_AHEAD_CLAMP_MS, MAX_AHEAD_MS, MAX_RECORD_BYTES } from './limits.ts';
import { partitionOf } from './partition.ts';
import { loadSchemas } from './schemas.ts';

describe('a click', () => {
  test('comes out checked, in minor units, with absent values undefined', () => {
    const { outcome, notes } = click({ channel: 'app', price: 2.55, quantity: 3, category: 'lamps', referrer: '' });
    expect(eventOf(outcome, 'click')).toEqual({
      type: 'click',
      eventId: 'e1',
      timeMs: NOW_MS,
      user: 'u1',
      known: true,
      kind: 'view',
      channel: 'app',
      itemId: 'i1',
      category: 'lamps',
      priceMinor: 255,
      quantity: 3,
    });
    expect(notes).toEqual([]);
  });

  test('of a visitor is keyed by the visitor', () => {
    const event = eventOf(click({ userId: null, visitorId: 'v1' }, { key: 'v1' }).outcome, 'click');
    expect([event.user, event.known, event.visitorId]).toEqual(['v1', false, 'v1']);
  });

  test('at a login carries both ids and belongs to the user', () => {
    const event = eventOf(click({ visitorId: 'v1' }).outcome, 'click');
    expect([event.user, event.known, event.visitorId]).toEqual(['u1', true, 'v1']);
  });

  test('without any user breaks the schema', () => {
    expect(click({ userId: null }).outcome).toMatchObject({ kind: 'dead', reason: 'schema-violation' });
  });

  test.each(['view', 'cart_added', 'cart_removed', 'favourite', 'share', 'dwell', 'recommendation_clicked'] as const)(
    'of kind %s needs an item',
    (kind) => {
      expect(click({ kind, itemId: null }).outcome).toMatchObject({ kind: 'dead', reason: 'schema-violation' });
    },
  );

  test.each(['search', 'impression'] as const)('of kind %s needs no item', (kind) => {
    expect(eventOf(click({ kind, itemId: null, query: 'red lamp' }).outcome, 'click').query).toBe('red lamp');
  });

  test('of a kind that only a newer writer knows is refused, its channel counts as web', () => {
    expect(click({ kind: 'unknown' }).outcome).toMatchObject({ kind: 'dead', reason: 'schema-violation' });
    const { outcome, notes } = click({ channel: 'unknown' });
    expect(eventOf(outcome, 'click').channel).toBe('web');
    expect(notes).toEqual(['channel-unknown']);
  });

  test('with a price of 0 has none, and it is counted', () => {
    const { outcome, notes } = click({ price: 0 });
    expect(eventOf(outcome, 'click').priceMinor).toBeUndefined();
    expect(notes).toEqual(['price-zero']);
  });

  test.each([
    ['a NaN price', { price: Number.NaN }],
    ['an infinite price', { price: Number.POSITIVE_INFINITY }],
    ['a negative price', { price: -1 }],
    ['an outlying price', { price: 1_000_001 }],
    ['a negative quantity', { quantity: -1 }],
    ['an outlying quantity', { quantity: 10_001 }],
    ['a negative dwell time', { dwellMs: -1 }],
  ])('with %s is a dead letter', (_what, changes) => {
    expect(click(changes).outcome).toMatchObject({ kind: 'dead', reason: 'value-out-of-range' });
  });

  test('that dwelt for a week dwelt for a day', () => {
    const { outcome, notes } = click({ kind: 'dwell', dwellMs: 7 * 86_400_000 });
    expect(eventOf(outcome, 'click').dwellMs).toBe(86_400_000);
    expect(notes).toEqual(['dwell-capped']);
  });

  test('with a long text keeps its beginning, and never half a character', () => {
    const { outcome, notes } = click({ kind: 'search', query: 'x'.repeat(1_023) + '🛒🛒' });
    expect(eventOf(outcome, 'click').query).toBe('x'.repeat(1_023));
    expect(notes).toEqual(['text-cut']);
  });
});

describe('key and partition', () => {
  test.each([
    ['no key', { key: null }, 'missing-key'],
    ['an empty key', { key: '' }, 'missing-key'],
    ['the key of somebody else', { key: 'u2' }, 'key-mismatch'],
    ['a longer key', { key: 'u1 ' }, 'key-mismatch'],
    ['a key over 256 bytes', { key: 'u'.repeat(257) }, 'id-too-long'],
    ['a partition that murmur2 does not choose', { partition: (partitionOf('u1', PARTITIONS) + 1) % PARTITIONS }, 'wrong-partition'],
  ] as const)('%s', (_what, given, reason) => {
    expect(click({}, given).outcome).toMatchObject({ kind: 'dead', reason });
    expect(purchase({}, given).outcome).toMatchObject({ kind: 'dead', reason });
  });

  test('a user of four-byte characters has the key of their bytes', () => {
    expect(click({ userId: '🛒🛒' }, { key: '🛒🛒' }).outcome.kind).toBe('event');
    expect(click({ userId: '🛒é' }, { key: '🛒e' }).outcome).toMatchObject({ kind: 'dead', reason: 'key-mismatch' });
    // As many bytes as the text has units, and still another text.
    expect(click({ userId: 'é' }, { key: Buffer.from([0xe9]) }).outcome).toMatchObject({ reason: 'key-mismatch' });
  });

  test('a catalogue item is keyed by item, control by nothing', () => {
    expect(decode('catalog', encoder.encodeCatalog(item), { key: 'i1' }).outcome.kind).toBe('event');
    expect(decode('catalog', encoder.encodeCatalog(item), { key: 'i2' }).outcome).toMatchObject({ reason: 'key-mismatch' });
    const tick = encoder.encodeControl({ kind: 'tick', timeMs: NOW_MS });
    expect(decode('control', tick, { key: null, partition: 5 }).outcome.kind).toBe('event');
  });
});

describe('ids', () => {
  test.each([
    ['over 256 bytes', 'x'.repeat(257), 'id-too-long'],
    ['of 10 KB', 'x'.repeat(10_240), 'id-too-long'],
    ['that is what a broken decoding leaves', 'a\ufffdb', 'id-malformed'],
  ])('%s', (_what, id, reason) => {
    expect(click({ itemId: id }).outcome).toMatchObject({ kind: 'dead', reason });
    expect(click({ eventId: id }).outcome).toMatchObject({ kind: 'dead', reason });
    expect(click({ userId: id }).outcome).toMatchObject({ kind: 'dead', reason });
    expect(click({ sessionId: id }).outcome).toMatchObject({ kind: 'dead', reason });
    expect(purchase({ orderId: id }).outcome).toMatchObject({ kind: 'dead', reason });
    expect(purchase({ lines: [line({ itemId: id })] }).outcome).toMatchObject({ kind: 'dead', reason });
  });

  test('an empty one is malformed where it is needed, and absent where it is not', () => {
    expect(click({ eventId: '' }).outcome).toMatchObject({ reason: 'id-malformed' });
    expect(eventOf(click({ sessionId: '' }).outcome, 'click').sessionId).toBeUndefined();
  });

  test.each(['{u7}', 'a b', '🛒', '__proto__', 'constructor', '\u0000'])('%j is an id like any other', (id) => {
    expect(eventOf(click({ itemId: id, userId: id }, { key: id }).outcome, 'click')).toMatchObject({ itemId: id, user: id });
    expect(eventOf(json('clickstream', { ...view, itemId: id }).outcome, 'click').itemId).toBe(id);
  });

  test('a lone surrogate is refused in JSON too', () => {
    const text = JSON.stringify(view).replace('"i1"', '"\\ud800"');
    expect(decode('clickstream', Buffer.from(text)).outcome).toMatchObject({ kind: 'dead', reason: 'id-malformed' });
  });
});

describe('time', () => {
  test.each([
    ['at the limit stays', MAX_AHEAD_CLAMP_MS, MAX_AHEAD_CLAMP_MS, []],
    ['past it is set back to it', MAX_AHEAD_CLAMP_MS + 1, MAX_AHEAD_CLAMP_MS, ['time-clamped']],
    ['a day ahead is set back', MAX_AHEAD_MS, MAX_AHEAD_CLAMP_MS, ['time-clamped']],
    ['long ago stays', -3 * 365 * 86_400_000, -3 * 365 * 86_400_000, []],
  ])('%s', (_what, aheadMs, keptMs, expectedNotes) => {
    const { outcome, notes } = click({ timeMs: NOW_MS + aheadMs });
    expect(eventOf(outcome, 'click').timeMs).toBe(NOW_MS + keptMs);
    expect(notes).toEqual(expectedNotes);
  });

  test('over a day ahead is a dead letter, on every topic', () => {
    const timeMs = NOW_MS + MAX_AHEAD_MS + 1;
    const dead = { kind: 'dead', reason: 'from-the-future' };
    expect(click({ timeMs }).outcome).toMatchObject(dead);
    expect(purchase({ timeMs }).outcome).toMatchObject(dead);
    expect(decode('customers', encoder.encodeCustomer({ ...customer, timeMs })).outcome).toMatchObject(dead);
    expect(decode('catalog', encoder.encodeCatalog({ ...item, timeMs }), { key: 'i1' }).outcome).toMatchObject(dead);
    expect(decode('control', encoder.encodeControl({ kind: 'tick', timeMs }), { key: null }).outcome).toMatchObject(dead);
  });

  test('negative, or past the end of all dates, is invalid', () => {
    expect(click({ timeMs: -1 }).outcome).toMatchObject({ kind: 'dead', reason: 'time-invalid' });
    expect(click({ timeMs: 8_640_000_000_000_001 }).outcome).toMatchObject({ kind: 'dead', reason: 'time-invalid' });
  });
});

describe('bytes', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['four bytes', Buffer.from([0, 0, 0, 1])],
    ['text', Buffer.from('view;u1;i1')],
    ['another magic byte', Buffer.from([1, 0, 0, 0, 1, 2])],
    ['no value after the prefix', Buffer.from([0, 0, 0, 0, 1])],
    ['a byte too few', encoder.encodeClick(view).subarray(0, -1)],
    ['a byte too many', Buffer.concat([encoder.encodeClick(view), Buffer.from([0])])],
  ])('%s are unreadable', (_what, value) => {
    expect(decode('clickstream', value).outcome).toMatchObject({ kind: 'dead', reason: 'unreadable' });
  });

  test('a missing value is unreadable where it erases nobody', () => {
    expect(decode('clickstream', null).outcome).toMatchObject({ kind: 'dead', reason: 'unreadable' });
  });

  test('over 1 MiB are too large, before anything looks at them', () => {
    expect(decode('clickstream', Buffer.alloc(MAX_RECORD_BYTES + 1, 0x7b)).outcome).toMatchObject({ reason: 'too-large' });
  });

  test('an array that says it is longer than the record is unreadable at once', () => {
    // A prefix, ids and time, kind, order id, four absent values, a currency, two absent values: then 2^40 lines.
    const whole = encoder.encodeOrder({ ...order, lines: [] });
    const endless = Buffer.concat([whole.subarray(0, -1), Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x40])]);
    expect(decode('purchases', endless).outcome).toMatchObject({ kind: 'dead', reason: 'unreadable' });
  });

  test('a topic that is no input is a mistake of the caller', () => {
    expect(() => decode('recommendations', encoder.encodeClick(view))).toThrow(/no input topic/);
  });

  test('under a prefix the topics have it', () => {
    expect(decode('a.clickstream', encoder.encodeClick(view), { options: { topicPrefix: 'a.' } }).outcome.kind).toBe('event');
  });
});

test('no detail of a dead letter repeats what the record holds', () => {
  const secret = 'anna@example.org';
  const outcomes = [
    click({ userId: secret }).outcome,
    click({ userId: secret, price: -4_711 }, { key: secret }).outcome,
    click({ userId: secret.repeat(20) }).outcome,
    decode('clickstream', Buffer.from(`{"userId":"${secret}"`)).outcome,
    json('clickstream', { ...view, eventId: 4_711, userId: secret }).outcome,
  ];
  for (const outcome of outcomes) {
    expect(outcome.kind).toBe('dead');
    expect(JSON.stringify(outcome)).not.toMatch(/anna|4711/);
  }
});

test('the schemas that are loaded once can be shared', () => {
  expect(decode('clickstream', encoder.encodeClick(view), { options: { schemas: loadSchemas() } }).outcome.kind).toBe('event');
});
