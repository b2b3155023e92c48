import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './logger.ts';

/** What the lifecycle needs of `process`; a test gives its own. */
export type ProcessHost = Pick<NodeJS.EventEmitter, 'on' | 'off'> & { exit(code: number): void };

export interface LifecycleOptions {
  readonly logger: Logger;
  /** For the stop as a whole, however many parts there are; when it is over the process exits with 1. */
  readonly stopDeadlineMs: number;
  /** Called once when the stop begins, before the first part is stopped: to answer "not ready" from then on. */
  readonly onStopping?: (() => void) | undefined;
  readonly host?: ProcessHost | undefined;
}

export interface Lifecycle {
  /** Aborted when the stop begins: loops end their waits on it. */
  readonly stopSignal: AbortSignal;
  /**
   * Starts a part and remembers how to stop it. Parts start in the order of the calls and stop in reverse, one after
   * the other. `stop` gets a signal that is aborted when the deadline of the whole stop is over.
   *
   * @throws StoppingError when the process is asked to stop meanwhile (what `start` made is stopped with the rest), and
   * whatever `start` throws.
   */
  start<T>(name: string, start: () => T | Promise<T>, stop: (part: T, deadline: AbortSignal) => void | Promise<void>): Promise<T>;
  /** Begins a stop that ends with exit code 0: the work is done, or somebody asked. */
  requestStop(reason: string): void;
  /** Begins a stop that ends with exit code 1: something failed that this process cannot mend. */
  fail(error: unknown): void;
}

/** Thrown by `start` when the process is stopping: `main` should end, and nothing is wrong. */
export class StoppingError extends Error {
  override readonly name = 'StoppingError';
  constructor() {
    super('The process is stopping, so nothing more is started');
  }
}

interface Part {
  readonly name: string;
  readonly stop: (deadline: AbortSignal) => void | Promise<void>;
}

/** Conventional exit codes of a process ended by a signal: 128 and the signal's number. */
const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNAL_EXIT_CODES;

/**
 * Runs a process: `main` starts the parts and returns; the process then lives until SIGTERM or SIGINT (stop in order,
 * exit 0), a second signal (exit at once), `requestStop`, `fail`, or an error that nobody caught (logged, stopped in
 * order, exit 1). An error in `main` stops what had been started and exits with 1.
 *
 * Answers the exit code after handing it to `host.exit`.
 */
export async function run(main: (lifecycle: Lifecycle) => void | Promise<void>, options: LifecycleOptions): Promise<number> {
  const { logger } = options;
  const host: ProcessHost = options.host ?? process;
  const parts: Part[] = [];
  const stopping = new AbortController();
  const stopRequested = Promise.withResolvers<void>();
  let exitCode = 0;
  let exited = false;

  const exit = (code: number) => {
    if (exited) return;
    exited = true;
    exitCode = code;
    host.exit(code);
  };
  const beginStop = (reason: string) => {
    if (stopping.signal.aborted) return;
    logger.info('process.stopping', { reason });
    stopping.abort();
    stopRequested.resolve();
    options.onStopping?.();
  };
  const lifecycle: Lifecycle = {
    stopSignal: stopping.signal,
    async start(name, start, stop) {
      if (stopping.signal.aborted) throw new StoppingError();
      logger.debug('process.part-starting', { part: name });
      const part = await start();
      parts.push({ name, stop: (deadline) => stop(part, deadline) });
      logger.info('process.part-started', { part: name });
      if (stopping.signal.aborted) throw new StoppingError();
      return part;
    },
    requestStop: beginStop,
    fail(error) {
      exitCode = 1;
      logger.error('process.failed', { err: error });
      beginStop('failure');
    },
  };

  const onSignal = (signal: Signal) => {
    if (!stopping.signal.aborted) return beginStop(signal);
    logger.warn('process.exit-forced', { signal });
    exit(SIGNAL_EXIT_CODES[signal]);
  };
  const onUncaught = (error: unknown) => lifecycle.fail(error);
  const listeners = [
    ['SIGTERM', () => onSignal('SIGTERM')],
    ['SIGINT', () => onSignal('SIGINT')],
    ['uncaughtException', onUncaught],
    ['unhandledRejection', onUncaught],
  ] as const;
  for (const [event, listener] of listeners) host.on(event, listener);

  const started = (async () => main(lifecycle))().catch((error: unknown) => {
    if (!(error instanceof StoppingError)) lifecycle.fail(error);
  });
  // Alone, an unsettled promise keeps no process alive; a part that is a server does, and main may start none.
  const keepAlive = setInterval(() => {}, 2 ** 30);
  await stopRequested.promise;
  const inTime = await stopParts(started, parts, options);
  clearInterval(keepAlive);
  exit(inTime ? exitCode : 1);
  for (const [event, listener] of listeners) host.off(event, listener);
  return exitCode;
}

/** Stops the parts in reverse order. False: a part failed to stop, or the deadline came first. */
async function stopParts(started: Promise<void>, parts: readonly Part[], options: LifecycleOptions): Promise<boolean> {
  const { logger, stopDeadlineMs } = options;
  const deadline = new AbortController();
  const done = new AbortController();
  let waitingFor = 'main';
  let clean = true;

  const inOrder = async () => {
    // What main is starting at this moment belongs to what must be stopped.
    await started;
    for (const part of [...parts].reverse()) {
      if (deadline.signal.aborted) return;
      waitingFor = part.name;
      try {
        await part.stop(deadline.signal);
        logger.info('process.part-stopped', { part: part.name });
      } catch (error) {
        // The parts below it still have work to finish, so the stop goes on.
        clean = false;
        logger.error('process.part-stop-failed', { part: part.name, err: error });
      }
    }
  };
  const overdue = delay(stopDeadlineMs, 'overdue' as const, { signal: done.signal }).catch(() => 'done' as const);
  const outcome = await Promise.race([inOrder().then(() => 'stopped' as const), overdue]);
  done.abort();
  if (outcome === 'stopped') {
    logger.info('process.stopped', { clean });
    return clean;
  }
  deadline.abort();
  logger.error('process.stop-overdue', { part: waitingFor, stopDeadlineMs });
  return false;
}
