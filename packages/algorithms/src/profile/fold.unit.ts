import { describe, expect, test } from 'vitest';
import { AFFINITY_UNIT } from './affinity.ts';
import { encodeProfile } from './encode-profile.ts';
import { DAY_MS, dayOf } from './fold-environment.ts';
import { FOLD_NOTES } from './fold-result.ts';
import { click, customer, FoldBench, line, MINUTE_MS, order, START_MS } from './test-events.ts';

const HOUR_MS = 60 * MINUTE_MS;
const SHOES = { category: 'shoes', brand: 'acme', priceMinor: 5_000 };

function interest(bench: FoldBench, category = 'shoes'): number | undefined {
  const entry = bench.profile.categories.find((affinity) => affinity.key === category);
  return entry === undefined ? undefined : entry.interest / AFFINITY_UNIT;
}

describe('lists', () => {
  test.each([
    ['view', 'next'], ['cart_added', 'next'], ['cart_removed', 'next'], ['favourite', undefined], ['share', undefined],
    ['dwell', undefined], ['search', undefined], ['impression', undefined], ['recommendation_clicked', undefined],
  ] as const)('%s deserves %s', (kind, list) => {
    expect(new FoldBench().fold(click(kind, 'a', START_MS, { dwellMs: 40_000 })).list).toBe(list);
  });

  test('without consent there is none, and everything else goes on', () => {
    const bench = new FoldBench();
    bench.fold(customer(START_MS, { consent: false }));
    const result = bench.fold(click('view', 'a', START_MS));
    expect(result).toEqual({ notes: ['no-consent'], list: undefined, orders: 0 });
    expect(bench.calls).toHaveLength(1);
    bench.fold(customer(START_MS, { consent: undefined }));
    expect(bench.profile.consent).toBe(false);
    bench.fold(customer(START_MS, { consent: true }));
    expect(bench.fold(click('view', 'b', START_MS)).list).toBe('next');
  });
});

describe('guards', () => {
  test('an event id counts once within its window, and is forgotten after it', () => {
    const bench = new FoldBench();
    const event = click('view', 'a', START_MS);
    bench.fold(event);
    const bytes = encodeProfile(bench.profile);
    expect(bench.fold(event)).toEqual({ notes: ['duplicate'], list: undefined, orders: 0 });
    expect(encodeProfile(bench.profile)).toEqual(bytes);
    bench.clockMs = START_MS + 24 * HOUR_MS;
    expect(bench.fold(event).notes).toEqual(['duplicate']);
    bench.clockMs = START_MS + 25 * HOUR_MS;
    expect(bench.fold(event).notes).toEqual([]);
  });

  test('the last 64 ids are remembered, no more', () => {
    const bench = new FoldBench();
    const events = Array.from({ length: 65 }, (_, i) => click('search', undefined, START_MS + i));
    bench.foldAll(events);
    expect(bench.profile.idHashes).toHaveLength(64);
    expect(bench.fold(events[1]!).notes).toEqual(['duplicate']);
    expect(bench.fold(events[0]!).notes).toEqual([]);
  });

  test('parameters may remember fewer ids, or none', () => {
    const few = new FoldBench({ duplicateIds: 2 });
    few.foldAll([0, 1, 2].map((i) => click('search', undefined, START_MS + i)));
    expect(few.profile.idHashes).toHaveLength(2);
    const none = new FoldBench({ duplicateIds: 0 });
    const event = click('view', 'a', START_MS);
    none.fold(event);
    expect(none.fold(event).notes).toEqual([]);
  });

  test('what is more than 60 days behind the clock stays in the profile', () => {
    const bench = new FoldBench();
    bench.clockMs = START_MS + 61 * DAY_MS;
    expect(bench.fold(click('view', 'a', START_MS, SHOES))).toEqual({ notes: ['late-evidence'], list: undefined, orders: 0 });
    expect(bench.fold(order([line('a')], START_MS)).orders).toBe(0);
    expect(bench.calls).toEqual([]);
    expect(bench.repeatPrior.totals[0]).toBe(0);
    expect(bench.profile.views).toBe(1);
    expect(bench.profile.orders?.count).toBe(1);
    expect(bench.fold(click('view', 'b', START_MS + DAY_MS)).notes).toEqual([]);
    expect(bench.calls).toHaveLength(1);
  });

  test('more events in an hour than a person makes give no evidence until the next hour', () => {
    const bench = new FoldBench({ botEventsPerHour: 3 });
    const notes = ['a', 'b', 'c', 'd'].map((item, i) => bench.fold(click('view', item, START_MS + i)).notes);
    expect(notes).toEqual([[], [], [], ['bot']]);
    expect(bench.fold(order([line('a')], START_MS + 9))).toEqual({ notes: ['bot'], list: 'after-purchase', orders: 0 });
    expect(bench.calls).toHaveLength(3);
    expect(bench.fold(click('view', 'e', START_MS + HOUR_MS)).notes).toEqual([]);
    expect(bench.calls).toHaveLength(4);
  });

  test('erase leaves the deleting to the caller', () => {
    const bench = new FoldBench();
    bench.fold(click('view', 'a', START_MS));
    const bytes = encodeProfile(bench.profile);
    const result = bench.fold({ type: 'erase', eventId: 'x', timeMs: START_MS, user: 'user0001', known: true });
    expect(result).toEqual({ notes: ['erased'], list: undefined, orders: 0 });
    expect(encodeProfile(bench.profile)).toEqual(bytes);
  });

  test('an item that is not named is remarked', () => {
    const bench = new FoldBench();
    for (const kind of ['view', 'cart_added', 'cart_removed', 'favourite', 'share'] as const) {
      expect(bench.fold(click(kind, undefined, START_MS)).notes).toEqual(['item-missing']);
    }
    expect(bench.calls).toEqual([]);
  });

  test('the notes fit the bits of a set', () => {
    expect(FOLD_NOTES.length).toBeLessThan(31);
  });
});

describe('weights', () => {
  test('the largest weight of an item on a day counts, and only the increase is added', () => {
    const bench = new FoldBench();
    const sums = (['view', 'view', 'favourite', 'share', 'cart_added', 'favourite'] as const).map((kind, i) => {
      bench.fold(click(kind, 'a', START_MS + i, SHOES));
      return interest(bench);
    });
    expect(sums).toEqual([1, 1, 2, 2, 3, 3]);
    bench.fold(order([line('a', { category: 'shoes' })], START_MS + 9));
    expect(interest(bench)).toBe(5);
    bench.fold(click('view', 'b', START_MS + 10, SHOES));
    expect(interest(bench)).toBe(6);
  });

  test('an item that was never viewed is held to the same', () => {
    const bench = new FoldBench();
    bench.fold(click('cart_added', 'a', START_MS, SHOES));
    bench.fold(order([line('a', { category: 'shoes' })], START_MS + 1));
    expect(interest(bench)).toBe(5);
    bench.fold(click('view', 'a', START_MS + 2, SHOES));
    expect(interest(bench)).toBe(5);
  });

  test('out of the cart takes two back, never below nothing, and into it again adds them again', () => {
    const bench = new FoldBench();
    bench.fold(click('cart_added', 'a', START_MS, SHOES));
    bench.fold(click('cart_removed', 'a', START_MS + 1, SHOES));
    expect(interest(bench)).toBe(1);
    bench.fold(click('cart_added', 'a', START_MS + 2, SHOES));
    expect(interest(bench)).toBe(3);
    bench.fold(click('cart_removed', 'a', START_MS + 3, SHOES));
    bench.fold(click('cart_removed', 'a', START_MS + 4, SHOES));
    expect(interest(bench)).toBeUndefined();
    expect(bench.profile.brands).toEqual([]);
    expect(bench.profile.priceBands).toEqual([]);
  });

  test('a dwell counts as interest above 30 s and is summed in any case', () => {
    const bench = new FoldBench();
    bench.fold(click('dwell', 'a', START_MS, { ...SHOES, dwellMs: 30_000 }));
    expect(interest(bench)).toBeUndefined();
    bench.fold(click('dwell', 'a', START_MS, { ...SHOES, dwellMs: 30_001 }));
    expect(interest(bench)).toBe(2);
    expect([bench.profile.dwells, bench.profile.dwellMs]).toEqual([2, 60_001]);
    bench.fold(click('dwell', 'a', START_MS, SHOES));
    expect(bench.profile.dwells).toBe(2);
  });

  test('searches and clicked recommendations tell of a category, impressions of nothing', () => {
    const bench = new FoldBench();
    bench.fold(click('search', undefined, START_MS, SHOES));
    bench.fold(click('recommendation_clicked', 'a', START_MS, SHOES));
    bench.fold(click('impression', 'a', START_MS, SHOES));
    expect(interest(bench)).toBe(2);
    expect(bench.profile.brands).toEqual([]);
    expect([bench.profile.searches, bench.profile.recommendationClicks, bench.profile.impressions]).toEqual([1, 1, 1]);
  });

  test('interest halves in 30 days and intent in 7; what came late counts as if it had come in time', () => {
    const inTime = new FoldBench();
    for (let i = 0; i < 8; i++) inTime.fold(click('cart_added', `i${i}`, START_MS, SHOES));
    inTime.fold(click('search', undefined, START_MS + 7 * DAY_MS));
    expect(inTime.profile.categories[0]!.intent / AFFINITY_UNIT).toBeCloseTo(12, 1);
    inTime.fold(click('search', undefined, START_MS + 30 * DAY_MS));
    expect(interest(inTime)).toBeCloseTo(12, 1);

    const one = new FoldBench();
    one.foldAll([click('view', 'a', START_MS, SHOES), click('search', undefined, START_MS + 20 * DAY_MS)]);
    const late = new FoldBench();
    late.foldAll([click('search', undefined, START_MS + 20 * DAY_MS), click('view', 'a', START_MS, SHOES)]);
    expect(late.profile.categories).toEqual(one.profile.categories);
  });

  test('a newcomer to a full list takes the weakest place with its own weight', () => {
    const bench = new FoldBench();
    for (let i = 0; i < 6; i++) bench.fold(click('cart_added', `i${i}`, START_MS, { category: `c${i}` }));
    bench.fold(click('cart_added', 'i6', START_MS, { category: 'c0' }));
    bench.fold(click('view', 'i7', START_MS, { category: 'new' }));
    expect(bench.profile.categories.map((entry) => entry.key)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'new']);
    expect(interest(bench, 'new')).toBe(1);
  });

  test('a new day forgets the weights of the day before', () => {
    const unviewed = new FoldBench();
    unviewed.fold(click('cart_added', 'a', START_MS, SHOES));
    unviewed.fold(click('cart_added', 'a', START_MS + DAY_MS, SHOES));
    expect(interest(unviewed)).toBeGreaterThan(5.9);
    const bench = new FoldBench();
    bench.fold(click('view', 'a', START_MS, SHOES));
    bench.fold(click('view', 'a', START_MS + DAY_MS, SHOES));
    expect(interest(bench)).toBeGreaterThan(1.9);
    expect(dayOf(bench.profile.lastSeenMs) - dayOf(bench.profile.firstSeenMs)).toBe(1);
    expect(bench.profile.activityDays).toBe(2);
  });
});

describe('what the business says', () => {
  test('attributes are merged key by key, an empty one is removed, tags are replaced', () => {
    const bench = new FoldBench();
    bench.fold(customer(START_MS, { attributes: new Map([['region', 'north'], ['__proto__', 'x']]), tags: ['vip', 'vip'] }));
    bench.fold(customer(START_MS, { attributes: new Map([['region', ''], ['gender', 'f']]) }));
    expect([...bench.profile.attributes!]).toEqual([['__proto__', 'x'], ['gender', 'f']]);
    expect(bench.profile.tags).toEqual(['vip']);
    bench.fold(customer(START_MS, { tags: [] }));
    expect(bench.profile.tags).toEqual([]);
  });

  test('limits: 16 attributes, 32 tags, 64 bytes; what is above is left out whole', () => {
    const bench = new FoldBench();
    const many = new Map(Array.from({ length: 17 }, (_, i) => [`name${i}`, 'v']));
    expect(bench.fold(customer(START_MS, { attributes: many })).notes).toEqual(['attribute-limit']);
    expect(bench.profile.attributes!.size).toBe(16);
    const fits = '\u{1F600}'.repeat(16);
    expect(bench.fold(customer(START_MS, { attributes: new Map([['name0', fits]]) })).notes).toEqual([]);
    expect(bench.fold(customer(START_MS, { attributes: new Map([['name0', `${fits}.`]]) })).notes).toEqual(['attribute-limit']);
    expect(bench.profile.attributes!.get('name0')).toBe(fits);
    const tags = Array.from({ length: 33 }, (_, i) => `tag${i}`);
    expect(bench.fold(customer(START_MS, { tags })).notes).toEqual(['attribute-limit']);
    expect(bench.profile.tags).toHaveLength(32);
  });
});
