import {
  findData,
  missingData,
  RETAILROCKET_TEST,
  RETAILROCKET_TRAIN,
  retailrocketCases,
  retailrocketSessions,
  rsc15Clicks,
  rsc15File,
} from '@millrace/testkit/data-sets';
import { serenadeClicks } from '@millrace/testkit/serenade';
import { UsageError } from '../command/usage-error.ts';
import { byTime, type Part, type RecordedVisit, type SessionData, visitsOf } from './data-set.ts';

export const KNOWN_DATA_SETS = ['retailrocket', 'rsc15', 'serenade'] as const;
export type KnownDataSet = (typeof KNOWN_DATA_SETS)[number];

const DAY_MS = 86_400_000;
const RETAILROCKET_DAYS = 139;
/** The training days that are tested on when settings are tuned. */
const RETAILROCKET_VALID_DAYS = 7;
const RETAILROCKET_LEAST_VIEWS = 2;

/** @throws UsageError when the data set may not be copied and is not where it is looked for. */
export function knownDataSet(name: KnownDataSet, part: Part): SessionData {
  switch (name) {
    case 'retailrocket':
      return retailrocket(part);
    case 'rsc15':
      return rsc15(part);
    case 'serenade':
      return serenade(part);
  }
}

function retailrocket(part: Part): SessionData {
  requireData(RETAILROCKET_TRAIN, RETAILROCKET_TEST);
  const sessions = retailrocketSessions();
  const firstHeldOut = part === 'test' ? sessions.length : Math.floor((sessions.length * (RETAILROCKET_DAYS - RETAILROCKET_VALID_DAYS)) / RETAILROCKET_DAYS);
  const visits: RecordedVisit[] = sessions.map((items, index) => at(items, (index * RETAILROCKET_DAYS) / sessions.length));
  if (part === 'test') for (const items of retailrocketTestSessions()) visits.push(at(items, RETAILROCKET_DAYS - 1));
  const trainingVisits = visits.slice(0, firstHeldOut);
  return {
    kind: 'sessions',
    name: 'retailrocket',
    protocol: [
      'Retailrocket view sessions (30-minute gap, COTREC split). The training sessions have no times: in file order, spread evenly over 139 days.',
      part === 'test'
        ? 'Tested on the published cases: every position of the test sessions after the second view, on the last training day.'
        : 'Held out: the sessions of the last 7 of the 139 training days, every position after the second view. The test file is not read.',
    ],
    visits,
    training: Int32Array.from(trainingVisits.flatMap(({ items }, number) => items.map(() => number))),
    test: numbersFrom(firstHeldOut, visits.length),
    leastViews: RETAILROCKET_LEAST_VIEWS,
  };
}

/** A visit without times of its own: all of it at the start of a day. */
function at(items: readonly string[], day: number): RecordedVisit {
  const timeMs = Math.floor(day) * DAY_MS;
  return { items, timesMs: items.map(() => timeMs) };
}

/** The cases of one session follow each other, the longest first, so that one has all the views. */
function retailrocketTestSessions(): string[][] {
  const sessions: string[][] = [];
  let sessionId: string | undefined;
  for (const { sessionId: id, prefix, label } of retailrocketCases()) {
    if (id === sessionId) continue;
    sessionId = id;
    sessions.push([...prefix, label]);
  }
  return sessions;
}

function rsc15(part: Part): SessionData {
  const [train, held] = part === 'test' ? (['train_full', 'test'] as const) : (['train_tr', 'train_valid'] as const);
  requireData(rsc15File(train), rsc15File(held));
  return split(
    'rsc15',
    [
      'RSC15 slice of 100,000 clicks as prepared by session-rec (real times; a session ends after 30 minutes without a click).',
      part === 'test' ? 'Learned: train_full. Tested: every position of the sessions of test after the first.' : 'Learned: train_tr. Tested: every position of the sessions of train_valid after the first. The test file is not read.',
    ],
    visitsOf(rsc15Clicks(train)),
    visitsOf(rsc15Clicks(held)),
  );
}

function serenade(part: Part): SessionData {
  return split(
    'serenade',
    [
      'Example sessions of bol.com Serenade (Apache-2.0), real times; a session ends after 30 minutes without a click.',
      `Learned: train. Tested: every position of the sessions of ${part} after the first.`,
    ],
    visitsOf(serenadeClicks('train')),
    visitsOf(serenadeClicks(part)),
  );
}

function split(name: string, protocol: readonly string[], training: readonly RecordedVisit[], test: readonly RecordedVisit[]): SessionData {
  const visits = [...training, ...test];
  return {
    kind: 'sessions',
    name,
    protocol,
    visits,
    training: byTime(visits, numbersFrom(0, training.length)),
    test: numbersFrom(training.length, visits.length),
    leastViews: 1,
  };
}

function numbersFrom(first: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
}

function requireData(...files: readonly string[]): void {
  const absent = files.find((file) => findData(file) === undefined);
  if (absent !== undefined) throw new UsageError(`The data set is not here: it ${missingData(absent)}.`);
}
