import { expect, test } from 'vitest';
import { compareState } from './compare-state.ts';
import { expectedOf, type Expected } from './expected.ts';
import { judgeDeadLetters, judgeLists } from './outputs.ts';
import type { KnownEvent } from './read-topics.ts';

let offset = 0;

function view(user: string, itemId: string, eventId = `e${offset}`): KnownEvent {
  return { topic: 'clickstream', partition: 0, offset: offset++, eventId, user, kind: 'view', itemId, lines: [] };
}

function order(user: string, items: readonly string[], eventId = `e${offset}`): KnownEvent {
  const lines = items.map((itemId) => ({ itemId, quantity: 2, unitPrice: 1.25 }));
  return { topic: 'purchases', partition: 0, offset: offset++, eventId, user, kind: 'order', itemId: undefined, lines };
}

const storedAs = ({ users, items, orders }: Expected) => ({ users, items, orders });

test('counts by hand: a b a a c', () => {
  const { users, items } = expectedOf(['a', 'b', 'a', 'a', 'c'].map((item) => view('u', item)), 1);
  expect(users.get('u')).toEqual({ events: 5, views: 5, orders: 0, spendMinor: 0, lastViews: ['c', 'a', 'a', 'b', 'a'] });
  // Positions a b a c: the refresh of a takes none. a before b at 1, b before a at 1, c after a at 1 and 3, after b at 2.
  expect(items.get('a')!.nVv).toBe(2 * 5040);
  expect([...items.get('a')!.vv]).toEqual([['b', 5040 + 2520], ['c', 5040 + 1680]]);
  expect([...items.get('c')!.vv]).toEqual([['a', 2520 + 840], ['b', 1260]]);
});

test('an order counts each pair of its items both ways, and its money', () => {
  const { users, items, orders } = expectedOf([order('u', ['a', 'b'])], 1);
  expect(users.get('u')).toMatchObject({ orders: 1, spendMinor: 500 });
  expect([items.get('a')!.nBb, [...items.get('a')!.bb], [...items.get('b')!.bb]]).toEqual([5040, [['b', 5040]], [['a', 5040]]]);
  expect(orders).toEqual([1]);
});

test('a repeated event counts once; one that is repeated after the ids are forgotten is beyond this oracle', () => {
  expect(expectedOf([view('u', 'a', 'same'), view('u', 'b'), view('u', 'a', 'same')], 1).events).toBe(2);
  const late = [view('u', 'a', 'again'), ...Array.from({ length: 64 }, () => view('u', 'b')), view('u', 'a', 'again')];
  expect(() => expectedOf(late, 1)).toThrow('longer than ids are remembered');
});

test('says what was lost and what was doubled', () => {
  const events = [view('u', 'a'), view('u', 'b'), view('v', 'b')];
  const expected = expectedOf(events, 1);
  expect(compareState(expected, storedAs(expected))).toEqual({ lost: 0, doubled: 0, problems: [] });
  // One view of v is missing: its user's event and its item's count.
  expect(compareState(expected, storedAs(expectedOf(events.slice(0, 2), 1)))).toMatchObject({ lost: 2, doubled: 0 });
  expect(compareState(expected, storedAs(expectedOf([...events, view('v', 'a')], 1)))).toMatchObject({ lost: 0, doubled: 2 });
  const wrongOrder = storedAs(expectedOf([events[1]!, events[0]!, events[2]!], 1));
  expect(compareState(expected, wrongOrder).problems).not.toEqual([]);
});

test('a dead letter that is missing, strange, altered, twice under two ids, or names a person is found', () => {
  const bad = { topic: 't', partition: 0, offset: 5, value: 'broken' };
  const letter = (id: string, place: number, value: string, extra: Record<string, string> = {}) => {
    const headers = { 'millrace-id': id, 'millrace-topic': 't', 'millrace-partition': '0', 'millrace-offset': String(place), ...extra };
    return {
      offset: 0,
      timestampMs: 0,
      key: null,
      value: Buffer.from(value),
      headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
    };
  };
  const good = letter('x', 5, 'broken');
  expect(judgeDeadLetters([bad], [good, good])).toEqual({ lost: 0, doubled: 0, problems: [] });
  expect(judgeDeadLetters([bad], []).lost).toBe(1);
  expect(judgeDeadLetters([bad], [good, letter('y', 5, 'broken')]).doubled).toBe(1);
  expect(judgeDeadLetters([bad], [good, letter('z', 6, 'fine')]).doubled).toBe(1);
  expect(judgeDeadLetters([bad], [letter('x', 5, 'br0ken')]).problems).toHaveLength(1);
  expect(judgeDeadLetters([bad], [letter('x', 5, 'broken', { 'millrace-detail': 'of u1@person.example' })]).problems).toHaveLength(1);
});

test('two lists of one event under two ids are found, copies of one id are not', () => {
  const event = view('u', 'a');
  const list = (id: string) => ({
    id,
    cause: { topic: 'p.clickstream', partition: 0, offset: event.offset, eventId: event.eventId },
    user: 'u',
    placement: 'next',
    items: [{ itemId: 'b' }],
  });
  expect(judgeLists([event], [list('1'), list('1')], 'p.')).toMatchObject({ doubled: 0, problems: [] });
  expect(judgeLists([event], [list('1'), list('2')], 'p.').doubled).toBe(1);
  expect(judgeLists([event], [{ ...list('1'), user: 'v' }], 'p.').problems).toHaveLength(1);
});
