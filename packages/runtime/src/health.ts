import { monitorEventLoopDelay } from 'node:perf_hooks';

/** A check that does not hold says why, in words that help whoever reads the probe's answer. */
export type CheckResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Answers at once from what the process knows already; a check never waits for another server. */
export type HealthCheck = () => CheckResult;

export interface HealthReport {
  readonly ok: boolean;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface HealthOptions {
  /** A longer stretch without an answer from the event loop since the last probe is reported as not live. Default 10 s. */
  readonly maxEventLoopDelayMs?: number | undefined;
  /** The longest delay since it was last asked; measured by Node's own histogram by default. */
  readonly longestEventLoopDelayMs?: (() => number) | undefined;
}

/**
 * What a process says of itself. *Live* means that restarting would not help; *ready* that it does its work or waits its
 * turn. Waiting for Kafka or Redis is not ready, yet live: a restart would mend nothing there.
 */
export interface Health {
  /** @throws Error when the name is taken. */
  addReadyCheck(name: string, check: HealthCheck): void;
  /** @throws Error when the name is taken. */
  addLiveCheck(name: string, check: HealthCheck): void;
  /** From now on the process is not live: it has seen an error that only a restart can mend. The first one is kept. */
  fail(reason: string): void;
  /** From now on the process is not ready, whatever the checks say: it is on its way out. */
  stopping(): void;
  live(): HealthReport;
  ready(): HealthReport;
}

const DEFAULT_MAX_EVENT_LOOP_DELAY_MS = 10_000;

/** A process without checks is live and ready. */
export function createHealth(options: HealthOptions = {}): Health {
  const maxEventLoopDelayMs = options.maxEventLoopDelayMs ?? DEFAULT_MAX_EVENT_LOOP_DELAY_MS;
  const longestEventLoopDelayMs = options.longestEventLoopDelayMs ?? eventLoopDelayMeter();
  const liveChecks = new Map<string, HealthCheck>();
  const readyChecks = new Map<string, HealthCheck>();
  let failure: string | undefined;
  let leaving = false;

  const eventLoop: HealthCheck = () => {
    const delayMs = Math.round(longestEventLoopDelayMs());
    if (delayMs <= maxEventLoopDelayMs) return { ok: true };
    return { ok: false, reason: `the event loop stood still for ${delayMs} ms, ${maxEventLoopDelayMs} ms are allowed` };
  };
  liveChecks.set('event-loop', eventLoop);
  liveChecks.set('fatal-error', () => (failure === undefined ? { ok: true } : { ok: false, reason: failure }));
  readyChecks.set('process', () => {
    if (leaving) return { ok: false, reason: 'the process is stopping' };
    return failure === undefined ? { ok: true } : { ok: false, reason: failure };
  });

  return {
    addReadyCheck: (name, check) => add(readyChecks, name, check),
    addLiveCheck: (name, check) => add(liveChecks, name, check),
    fail(reason) {
      failure ??= reason;
    },
    stopping() {
      leaving = true;
    },
    live: () => report(liveChecks),
    ready: () => report(readyChecks),
  };
}

function add(checks: Map<string, HealthCheck>, name: string, check: HealthCheck): void {
  if (checks.has(name)) throw new Error(`There is a health check called ${name} already; give this one another name`);
  checks.set(name, check);
}

function report(checks: ReadonlyMap<string, HealthCheck>): HealthReport {
  const results = [...checks].map(([name, check]) => [name, outcome(check)] as const);
  return { ok: results.every(([, result]) => result.ok), checks: Object.fromEntries(results) };
}

function outcome(check: HealthCheck): CheckResult {
  try {
    return check();
  } catch (error) {
    return { ok: false, reason: `the check itself failed: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function eventLoopDelayMeter(): () => number {
  const histogram = monitorEventLoopDelay({ resolution: 20 });
  histogram.enable();
  return () => {
    const longestMs = histogram.max / 1e6;
    histogram.reset();
    return longestMs;
  };
}
