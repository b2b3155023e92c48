import type { LogFields, Logger, LogLevel } from './logger.ts';

export interface LogRateLimitOptions {
  /** Lines of one event that pass in an interval. */
  readonly maxLines: number;
  readonly intervalMs: number;
}

export interface RateLimitedLogger extends Logger {
  /** Says now what has been held back; to be called before the process ends. */
  flush(): void;
}

interface Window {
  readonly level: LogLevel;
  readonly timer: NodeJS.Timeout;
  lines: number;
  suppressed: number;
}

/**
 * A log for messages that could flood (a dead letter, a retry): of each event the first `maxLines` in an interval pass,
 * the others are counted, and the count is said at the end of the interval as `log.suppressed`.
 *
 * Event ids are a closed set of literals, so the number of windows is bounded by the code.
 */
export function rateLimited(logger: Logger, options: LogRateLimitOptions): RateLimitedLogger {
  if (!(options.maxLines >= 1)) throw new RangeError(`maxLines must be at least 1, found ${options.maxLines}`);
  if (!(options.intervalMs >= 1)) throw new RangeError(`intervalMs must be at least 1, found ${options.intervalMs}`);
  const windows = new Map<string, Window>();

  const close = (event: string, window: Window) => {
    clearTimeout(window.timer);
    windows.delete(event);
    if (window.suppressed > 0) logger[window.level]('log.suppressed', { suppressedEvent: event, count: window.suppressed });
  };

  const method = (level: LogLevel) => (event: string, fields?: LogFields) => {
    let window = windows.get(event);
    if (window === undefined) {
      const opened: Window = {
        level,
        timer: setTimeout(() => close(event, opened), options.intervalMs),
        lines: 0,
        suppressed: 0,
      };
      // A count that is still to be said keeps no process alive.
      opened.timer.unref();
      windows.set(event, opened);
      window = opened;
    }
    if (window.lines < options.maxLines) {
      window.lines += 1;
      logger[level](event, fields);
    } else {
      window.suppressed += 1;
    }
  };

  return {
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    flush() {
      for (const [event, window] of [...windows]) close(event, window);
    },
  };
}
