import { describe, expect, test } from 'vitest';
import { customer, decode, encoder, eventOf, item, line, NOW_MS, purchase } from './decoding.fixture.ts';
import type { WireControl, WireCustomer } from './wire.ts';

describe('an order', () => {
  test('comes out with its lines in minor units', () => {
    const event = eventOf(purchase({ country: 'France', channel: 'store', coupon: 'SPRING' }).outcome, 'order');
    expect(event).toMatchObject({ type: 'order', orderId: 'o1', country: 'France', channel: 'store', coupon: 'SPRING' });
    expect(event.lines).toEqual([{ itemId: 'i1', quantity: 2, unitPriceMinor: 255, discountMinor: 10 }]);
    expect(event.cleaned).toBeUndefined();
  });

  test('can be a return', () => {
    expect(eventOf(purchase({ kind: 'return' }).outcome, 'return').lines).toHaveLength(1);
  });

  test.each([
    ['POST', 'postage'],
    ['DOT', 'postage'],
    ['C2', 'postage'],
    ['BANK CHARGES', 'fee'],
    ['AMAZONFEE', 'fee'],
    ['CRUK', 'fee'],
    ['B', 'fee'],
    ['S', 'sample'],
    ['PADS', 'sample'],
    ['D', 'discount'],
    ['M', 'manual'],
    ['gift_0001_20', 'voucher'],
  ] as const)('loses a line of %s, whatever it costs, and counts it', (itemId, rule) => {
    const { outcome, notes } = purchase({ lines: [line({ itemId, unitPrice: -13_541.33, quantity: -1 }), line({})] });
    const event = eventOf(outcome, 'order');
    expect(event.lines).toHaveLength(1);
    expect(event.cleaned).toEqual({ [rule]: 1 });
    expect(notes).toEqual([`line-${rule}`]);
  });

  test('loses lines without a price or a piece, and may lose all of them', () => {
    const { outcome, notes } = purchase({
      lines: [line({ unitPrice: null }), line({ unitPrice: 0, quantity: -500 }), line({ quantity: 0 })],
    });
    const event = eventOf(outcome, 'order');
    expect(event.lines).toEqual([]);
    expect(event.cleaned).toEqual({ 'no-price': 2, 'no-quantity': 1 });
    expect(notes).toEqual(['line-no-price', 'line-no-price', 'line-no-quantity']);
  });

  test('takes its list of codes from the deployment', () => {
    const articleCodes = { codes: new Map([['PACKING', 'fee'] as const]), prefixes: [] };
    const { outcome } = purchase({ lines: [line({ itemId: 'PACKING' }), line({ itemId: 'POST' })] }, { options: { articleCodes } });
    expect(eventOf(outcome, 'order')).toMatchObject({ lines: [{ itemId: 'POST' }], cleaned: { fee: 1 } });
  });

  test.each([
    ['a negative quantity', { quantity: -1 }],
    ['an outlying quantity', { quantity: 10_001, unitPrice: 0.01 }],
    ['a negative price', { unitPrice: -1 }],
    ['a NaN price', { unitPrice: Number.NaN }],
    ['an outlying price', { unitPrice: 1_000_001, quantity: 1 }],
    ['an outlying amount', { unitPrice: 1_000, quantity: 1_001 }],
    ['a NaN discount', { discount: Number.NaN }],
    ['a negative discount', { discount: -1 }],
  ])('with %s in a line is a dead letter', (_what, changes) => {
    expect(purchase({ lines: [line(changes)] }).outcome).toMatchObject({ kind: 'dead', reason: 'value-out-of-range' });
  });

  test('with a discount greater than its line has the line for nothing', () => {
    const { outcome, notes } = purchase({ lines: [line({ discount: 100 })] });
    expect(eventOf(outcome, 'order').lines[0]!.discountMinor).toBe(510);
    expect(notes).toEqual(['discount-capped']);
  });

  test('of 1,000 lines is one, of 1,001 or of none is a dead letter', () => {
    const lines = (count: number) => Array.from({ length: count }, () => line({}));
    expect(eventOf(purchase({ lines: lines(1_000) }).outcome, 'order').lines).toHaveLength(1_000);
    expect(purchase({ lines: lines(1_001) }).outcome).toMatchObject({ kind: 'dead', reason: 'too-many-lines' });
    expect(purchase({ lines: [] }).outcome).toMatchObject({ kind: 'dead', reason: 'schema-violation' });
  });

  test('needs a currency', () => {
    expect(purchase({ currency: 'pounds' }).outcome).toMatchObject({ kind: 'dead', reason: 'schema-violation' });
  });
});

describe('a customer', () => {
  const decodeCustomer = (changes: Partial<WireCustomer>) =>
    decode('customers', encoder.encodeCustomer({ ...customer, ...changes }));

  test('comes out with attributes, tags and consent', () => {
    const { outcome } = decodeCustomer({ attributes: { region: 'north', ageBand: '' }, tags: ['vip', 'vip'], consent: false });
    expect(eventOf(outcome, 'customer')).toMatchObject({
      attributes: new Map([['region', 'north'], ['ageBand', '']]),
      tags: ['vip'],
      consent: false,
    });
  });

  test('leaves what it does not say', () => {
    const event = eventOf(decodeCustomer({ attributes: {} }).outcome, 'customer');
    expect([event.tags, event.consent, event.attributes.size]).toEqual([undefined, undefined, 0]);
  });

  test('that is to be erased is, by a flag or by a tombstone', () => {
    expect(eventOf(decodeCustomer({ erase: true }).outcome, 'erase').user).toBe('u1');
    const event = eventOf(decode('customers', null).outcome, 'erase');
    expect(event).toEqual({ type: 'erase', eventId: `tombstone:${NOW_MS}`, timeMs: NOW_MS, user: 'u1', known: true });
  });

  test('cannot be erased by a tombstone that nobody or a broken key is named in', () => {
    expect(decode('customers', null, { key: null }).outcome).toMatchObject({ reason: 'missing-key' });
    expect(decode('customers', null, { key: Buffer.from([0xff]) }).outcome).toMatchObject({ reason: 'id-malformed' });
  });

  test('loses facts that cannot be kept', () => {
    const attributes = { '': 'nameless', long: 'x'.repeat(257), ok: 'yes' };
    const { outcome, notes } = decodeCustomer({ attributes, tags: ['', '__proto__', 'vip'] });
    expect(eventOf(outcome, 'customer')).toMatchObject({ attributes: new Map([['ok', 'yes']]), tags: ['vip'] });
    expect(notes).toEqual(['fact-dropped', 'fact-dropped', 'fact-dropped', 'fact-dropped']);
  });

  test('with over 64 attributes or tags is a dead letter', () => {
    const many = Array.from({ length: 65 }, (_, i) => `t${i}`);
    expect(decodeCustomer({ tags: many }).outcome).toMatchObject({ reason: 'value-out-of-range' });
    const attributes = Object.fromEntries(many.map((name) => [name, 'x']));
    expect(decodeCustomer({ attributes }).outcome).toMatchObject({ reason: 'value-out-of-range' });
  });
});

describe('catalogue and control', () => {
  test('an item comes out whole', () => {
    const value = encoder.encodeCatalog({ ...item, text: 'Bright', categoryPath: ['home', 'lamps'], price: 9.99, available: false });
    expect(eventOf(decode('catalog', value, { key: 'i1' }).outcome, 'catalog')).toEqual({
      type: 'catalog',
      timeMs: NOW_MS,
      itemId: 'i1',
      name: 'A lamp',
      text: 'Bright',
      categoryPath: ['home', 'lamps'],
      priceMinor: 999,
      available: false,
    });
  });

  const foldParameterRanges = { neighboursKept: [1, 512] } as const;
  const control = (record: WireControl) =>
    decode('control', encoder.encodeControl(record), { key: null, options: { foldParameterRanges } }).outcome;
  const parameters = (values: Record<string, number>, version = 2): WireControl => ({
    kind: 'fold_parameters',
    timeMs: NOW_MS,
    foldParameters: { version, values },
  });

  test('fold parameters come out by name', () => {
    expect(control(parameters({ neighboursKept: 32 }))).toEqual({
      kind: 'event',
      event: { type: 'fold-parameters', timeMs: NOW_MS, version: 2, values: { neighboursKept: 32 } },
    });
  });

  test.each([
    ['an unknown name', parameters({ neighborsKept: 32 }), 'schema-violation'],
    ["a name of every object's", parameters({ constructor: 1 }), 'schema-violation'],
    ['a value out of range', parameters({ neighboursKept: 513 }), 'value-out-of-range'],
    ['a broken value', parameters({ neighboursKept: 1.5 }), 'value-out-of-range'],
    ['version 0', parameters({}, 0), 'value-out-of-range'],
    ['nothing in it', { kind: 'fold_parameters', timeMs: NOW_MS } as const, 'schema-violation'],
    ['a kind that only a newer writer knows', { kind: 'unknown', timeMs: NOW_MS } as const, 'schema-violation'],
  ])('a control record with %s is a dead letter', (_what, record, reason) => {
    expect(control(record)).toMatchObject({ kind: 'dead', reason });
  });
});
