/**
 * Microbenchmark of the user profile: microseconds of CPU to encode, decode and fold, and bytes, as one JSON object.
 * `node test/bench/profile.bench.ts`. One thread; the numbers depend on the machine and are no test.
 */
import { loadavg } from 'node:os';
import type { UserEvent } from '@millrace/events/types';
import { DEFAULT_FOLD_PARAMETERS } from '@millrace/algorithms/fold-parameters';
import type { EvidenceSink } from '@millrace/algorithms/pairs/evidence-sink';
import { emptyRepeatPrior } from '@millrace/algorithms/pairs/repeat-prior';
import { decodeProfile, encodeProfile, foldUserEvent, Profile } from '@millrace/algorithms/profile/index';
import { fullEvents, typicalEvents, youngEvents } from '@millrace/algorithms/profile/test-profiles';

const ROUNDS = 9;
const silent: EvidenceSink = { view() {}, bought() {}, basket() {} };

function foldAll(events: readonly UserEvent[]): Profile {
  const profile = new Profile();
  const env = { clockMs: 0, parameters: DEFAULT_FOLD_PARAMETERS, repeatPrior: emptyRepeatPrior(), evidence: silent };
  for (const event of events) {
    env.clockMs = Math.max(env.clockMs, event.timeMs);
    foldUserEvent(profile, event, env);
  }
  return profile;
}

/** CPU time of the best of several rounds: what the code costs when nothing else gets in its way. */
function microsecondsEach(times: number, run: () => void): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < times; i++) run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / times);
  }
  return best;
}

function measure(events: readonly UserEvent[]): Record<string, number> {
  const profile = foldAll(events);
  const bytes = encodeProfile(profile);
  const folds = Math.ceil(50_000 / events.length);
  const foldAllMicros = microsecondsEach(folds, () => void foldAll(events));
  return {
    events: events.length,
    bytes: bytes.length,
    encodeMicros: rounded(microsecondsEach(30_000, () => void encodeProfile(profile))),
    decodeMicros: rounded(microsecondsEach(30_000, () => void decodeProfile(bytes))),
    foldMicrosPerEvent: rounded(foldAllMicros / events.length),
  };
}

function rounded(micros: number): number {
  return Math.round(micros * 100) / 100;
}

const result = {
  node: process.version,
  loadAverage: loadavg()[0],
  young: measure(youngEvents()),
  typical: measure(typicalEvents()),
  full: measure(fullEvents()),
};
console.log(JSON.stringify(result, undefined, 2));
