import type { Expected, ExpectedItem, ExpectedUser } from './expected.ts';
import type { Stored } from './stored.ts';

/** Where the state parts from what the topics say; `lost` and `doubled` count events, all findings together. */
export interface StateComparison {
  readonly lost: number;
  readonly doubled: number;
  readonly problems: readonly string[];
}

const MOST_PROBLEMS = 12;
const UNIT = 5_040;
const NO_USER: ExpectedUser = { events: 0, views: 0, orders: 0, spendMinor: 0, lastViews: [] };

/** Persons are numbered in what is said of them, so that a report names nobody. */
export function compareState(expected: Expected, stored: Stored): StateComparison {
  let lost = 0;
  let doubled = 0;
  const problems: string[] = [];
  const say = (problem: string): void => void (problems.length < MOST_PROBLEMS && problems.push(problem));
  const weigh = (difference: number): void => {
    if (difference > 0) doubled += difference;
    else lost -= difference;
  };

  let number = 0;
  for (const user of new Set([...expected.users.keys(), ...stored.users.keys()])) {
    number += 1;
    const wanted = expected.users.get(user) ?? NO_USER;
    const found = stored.users.get(user) ?? NO_USER;
    weigh(found.events - wanted.events);
    for (const field of ['events', 'views', 'orders', 'spendMinor'] as const) {
      if (found[field] !== wanted[field]) say(`user no. ${number}: ${field} is ${found[field]} and must be ${wanted[field]}`);
    }
    if (found.lastViews.join() !== wanted.lastViews.join()) {
      say(`user no. ${number}: the last views are ${found.lastViews.join()} and must be ${wanted.lastViews.join()}`);
    }
  }
  for (const item of new Set([...expected.items.keys(), ...stored.items.keys()])) {
    const wanted = expected.items.get(item);
    const found = stored.items.get(item);
    if (wanted === undefined || found === undefined) {
      weigh(((found?.nVv ?? 0) - (wanted?.nVv ?? 0)) / UNIT);
      say(`item ${item} is ${found === undefined ? 'missing' : 'not to be there'}`);
      continue;
    }
    weigh((found.nVv - wanted.nVv) / UNIT);
    weigh((found.nBb - wanted.nBb) / UNIT);
    for (const problem of itemProblems(wanted, found)) say(`item ${item}: ${problem}`);
  }
  expected.orders.forEach((count, shard) => {
    if (stored.orders[shard] !== count) say(`shard u${shard} counts ${stored.orders[shard]} orders and must count ${count}`);
  });
  return { lost, doubled, problems };
}

function itemProblems(wanted: ExpectedItem, found: ExpectedItem): string[] {
  const problems: string[] = [];
  for (const field of ['nVv', 'nVbTarget', 'nBb'] as const) {
    if (found[field] !== wanted[field]) problems.push(`${field} is ${found[field]} and must be ${wanted[field]}`);
  }
  for (const table of ['vv', 'bb'] as const) {
    for (const other of new Set([...wanted[table].keys(), ...found[table].keys()])) {
      const [is, must] = [found[table].get(other) ?? 0, wanted[table].get(other) ?? 0];
      if (is !== must) problems.push(`${table} with ${other} is ${is} and must be ${must}`);
    }
  }
  return problems;
}
