import { describe, expect, test } from 'vitest';
import { RETAILROCKET_TRAIN, findData, missingData, retailrocketSessions } from '../data-sets.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { WireEvent } from '../shop/wire-event.ts';
import { denseBaskets, generatedLoad, interleavedSessions, shopSessions } from './bench-loads.ts';
import { Zipf, itemOf } from './generated-sessions.ts';

const eventsOf = (events: readonly WireEvent[]): number => events.reduce((sum, event) => sum + event.events, 0);

const present = findData(RETAILROCKET_TRAIN) !== undefined;
describe.skipIf(!present)(`sessions of Retailrocket${present ? '' : ` (${missingData(RETAILROCKET_TRAIN)})`}`, () => {
  test('make the load of the bench: 2,000 open, one user each, about 54,000 in 300,000 events', () => {
    const seen = new Map<string, string[]>();
    let events = 0;
    let lastMs = 0;
    let firstMs = Number.POSITIVE_INFINITY;
    for (const event of interleavedSessions({ open: 2_000, events: 300_000, seed: 1 })) {
      if (event.topic !== 'clickstream') throw new Error('The load is made of views.');
      events += event.events;
      const items = seen.get(event.key);
      if (items === undefined) seen.set(event.key, [event.payload.itemId!]);
      else items.push(event.payload.itemId!);
      firstMs = Math.min(firstMs, event.timeMs);
      lastMs = event.timeMs;
    }
    expect(events).toBe(300_000);
    expect(seen.size).toBeGreaterThan(50_000);
    expect(seen.size).toBeLessThan(58_000);
    expect((lastMs - firstMs) / 86_400_000).toBeGreaterThan(1);
    expect((lastMs - firstMs) / 86_400_000).toBeLessThan(3);
    const sessions = retailrocketSessions();
    expect(seen.get('u0000001')).toEqual(sessions[0]);
    expect(seen.get('u0002001')).toEqual(sessions[2_000]);
  });
});

describe('sessions of the shop', () => {
  test('take the place of Retailrocket\'s where they are not', () => {
    const sessions = shopSessions(1, 20_000);
    const views = sessions.reduce((sum, items) => sum + items.length, 0);
    expect(views).toBeGreaterThan(15_000);
    expect(views).toBeLessThanOrEqual(20_000);
    expect(sessions.every((items) => items.length >= 3)).toBe(true);
    const events = [...interleavedSessions({ open: 100, events: 1_000, seed: 1, source: 'shop' })];
    expect(eventsOf(events)).toBe(1_000);
    expect(events.filter((event) => event.key === 'u0000001').length).toBeGreaterThan(0);
  });
});

describe('the generated load', () => {
  const events = [...generatedLoad({ users: 500, items: 2_000, events: 20_000, seed: 1 })];
  const views = events.filter((event) => event.topic === 'clickstream');

  test('brings all its users, in views and in orders', () => {
    expect(eventsOf(events)).toBeGreaterThanOrEqual(20_000);
    expect(new Set(events.map((event) => event.key)).size).toBe(500);
    expect(events.filter((event) => event.topic === 'purchases').length).toBeGreaterThan(400);
  });

  test('has popular items and items that go together', () => {
    const counts = new Map<string, number>();
    for (const event of views) counts.set(event.payload.itemId!, (counts.get(event.payload.itemId!) ?? 0) + 1);
    const ordered = [...counts.values()].sort((a, b) => b - a);
    expect(ordered.length).toBeGreaterThan(1_000);
    expect(ordered[0]!).toBeGreaterThan(20 * ordered[Math.floor(ordered.length / 2)]!);

    const before = new Map<string, string>();
    let same = 0;
    for (const event of views) {
      const category = event.payload.category!;
      if (before.get(event.key) === category) same += 1;
      before.set(event.key, category);
    }
    expect(same / views.length).toBeGreaterThan(0.4);
    expect(views[0]?.payload).toMatchObject(itemOf(views[0]!.payload.itemId!));
  });

  test('gives an event no id twice, also when a user comes again', () => {
    expect(new Set(events.map((event) => 'eventId' in event.payload && event.payload.eventId)).size).toBe(events.length);
  });

  test('draws by Zipf\'s law: rank r as 1 / (r + 1)', () => {
    const zipf = new Zipf(4);
    const random = new SeededRandom(2);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 25_000; i += 1) counts[zipf.draw(random)]! += 1;
    // The weights 12, 6, 4, 3 of 25; 3.5 standard deviations are less than 280.
    for (const [rank, expected] of [12_000, 6_000, 4_000, 3_000].entries()) expect(Math.abs(counts[rank]! - expected)).toBeLessThan(280);
  });
});

describe('dense baskets', () => {
  test('are orders of the shop, and nothing else', () => {
    const orders = [...denseBaskets({ events: 3_000 })];
    expect(eventsOf(orders)).toBeGreaterThanOrEqual(3_000);
    expect(eventsOf(orders.slice(0, -1))).toBeLessThan(3_000);
    expect(orders.every((event) => event.topic === 'purchases' && event.payload.kind === 'order')).toBe(true);
    expect(eventsOf(orders) / orders.length).toBeGreaterThan(15);
  });
});
