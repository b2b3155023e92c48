import { denseBaskets, interleavedSessions } from '@millrace/testkit/load/index';
import { runCatchUp, type CatchUpPart } from './catch-up.ts';
import type { BenchOptions } from './options.ts';
import type { BenchRun } from './bench-run.ts';
import type { PartName, PartResult } from './result.ts';
import { runSteady } from './steady.ts';

export const OPEN_SESSIONS = 2_000;

/** Old data must not be moved on by a clock of today, and its lists are wanted though they are old. */
const REPLAY_ENV = { MILLRACE_CLOCK_TICK_EVERY_MS: '0', MILLRACE_LISTS_MAX_AGE_MS: '86400000' } as const;

/** Runs one part with everything fresh. */
export function runPart(name: PartName, options: BenchOptions, run: BenchRun): Promise<PartResult> {
  switch (name) {
    case 'coalesced':
      return runCatchUp(sessionsPart(name, 'catch-up of sessions, lists coalesced', {}, true, options), run);
    case 'every-event':
      return runCatchUp(
        sessionsPart(name, 'catch-up of sessions, a list for every event', { MILLRACE_ENGINE_COALESCE_LAG_MS: '86400000' }, false, options),
        run,
      );
    case 'dense-baskets':
      return runCatchUp(
        {
          name,
          title: 'catch-up of the shop\'s orders, lists coalesced',
          load: () => denseBaskets({ events: options.events }),
          env: REPLAY_ENV,
          measuresMemory: false,
        },
        run,
      );
    case 'steady':
      return runSteady({ ratePerSecond: options.rate, seconds: options.steadySeconds, events: options.events, seed: options.seed, open: OPEN_SESSIONS }, run);
  }
}

function sessionsPart(name: PartName, title: string, env: Readonly<Record<string, string>>, measuresMemory: boolean, options: BenchOptions): CatchUpPart {
  const { events, seed } = options;
  return {
    name,
    title,
    load: () => interleavedSessions({ open: OPEN_SESSIONS, events, seed }),
    env: { ...REPLAY_ENV, ...env },
    measuresMemory,
  };
}
