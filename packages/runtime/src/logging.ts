import { pino } from 'pino';
import { MASKED_SECRET, writableFields } from './log-fields.ts';
import type { LogFields, Logger, LogLevel } from './logger.ts';

export interface LogDestination {
  write(line: string): void;
}

export interface LoggerOptions {
  /** Which service writes: `user-stream`. */
  readonly service: string;
  /** Which of its processes, when there are several: a host or pod name. */
  readonly instance?: string | undefined;
  readonly level: LogLevel;
  /** Values that must never appear in a line, wherever they come from (see `secretValues` of the configuration). */
  readonly secrets?: readonly string[] | undefined;
  /** Where lines go; standard output, written synchronously, by default, so that the last line before a crash is there. */
  readonly destination?: LogDestination | undefined;
}

/** Shorter secrets are masked by field name only: replacing three letters everywhere would shred the log. */
const MIN_SCRUBBED_SECRET_CHARS = 4;

/**
 * A log of JSON lines, one event each: `{"level":"info","time":"2026-01-31T10:00:00.000Z","service":"user-stream",
 * "event":"shard.claimed","shard":7}`.
 *
 * Secrets are kept out twice: by field name, and by value (a broker's error message may quote the address it was given).
 */
export function createLogger(options: LoggerOptions): Logger {
  const lines = scrubbing(options.destination ?? pino.destination({ fd: 1, sync: true }), options.secrets ?? []);
  const writer = pino(
    {
      level: options.level,
      base: options.instance === undefined ? { service: options.service } : { service: options.service, instance: options.instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      // writableFields has made errors writable already; the library's own way would flatten their causes.
      serializers: { err: (error: unknown) => error },
      formatters: { level: (label) => ({ level: label }) },
    },
    lines,
  );
  const method = (level: LogLevel) => (event: string, fields?: LogFields) => {
    // The check comes first: a line that nobody will see must not cost the walk through its fields.
    if (writer.isLevelEnabled(level)) writer[level](writableFields(event, fields));
  };
  return { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') };
}

function scrubbing(destination: LogDestination, secrets: readonly string[]): LogDestination {
  // As they stand inside a JSON string: a secret with a quote in it is escaped there.
  const needles = [...new Set(secrets)]
    .filter((secret) => secret.length >= MIN_SCRUBBED_SECRET_CHARS)
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .sort((a, b) => b.length - a.length);
  if (needles.length === 0) return destination;
  return {
    write(line) {
      let scrubbed = line;
      for (const needle of needles) scrubbed = scrubbed.replaceAll(needle, MASKED_SECRET);
      destination.write(scrubbed);
    },
  };
}
