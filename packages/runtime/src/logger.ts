/**
 * What a part of Millrace needs of a log, and nothing of the library behind it: packages take a `Logger`, processes
 * make one with `createLogger`.
 *
 * `event` is the stable id of the message (`shard.claimed`): runbooks and alerts name it, so it is never assembled from
 * values. Everything that varies goes into `fields`. Nothing that identifies a person may go into either: name topic,
 * partition and offset instead, which lead those who may look to the record.
 */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/**
 * `error`: somebody has to do something. `warn`: the system copes, but look at it if it repeats. `info`: what a
 * process went through, a few lines a minute. `debug`: one line a batch at most, off in production.
 */
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** Says nothing; for tests and tools. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** The same log with `fields` on every line; a field given with a line wins. */
export function withFields(logger: Logger, fields: LogFields): Logger {
  return {
    debug: (event, more) => logger.debug(event, { ...fields, ...more }),
    info: (event, more) => logger.info(event, { ...fields, ...more }),
    warn: (event, more) => logger.warn(event, { ...fields, ...more }),
    error: (event, more) => logger.error(event, { ...fields, ...more }),
  };
}
