import { parseInfo } from '@millrace/stream/redis/index';

/** Counters of one Redis since it began. */
export interface RedisCounters {
  readonly version: string;
  /** Calls by command, in lower case; what a script calls inside counts too. */
  readonly calls: ReadonlyMap<string, number>;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** What an event has cost Redis. */
export interface RedisPerEvent {
  readonly operations: number;
  /** The commands that came most often, most first. */
  readonly operationsByCommand: Readonly<Record<string, number>>;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

const SHOWN_COMMANDS = 8;

/** Reads the answer of `INFO all`. */
export function redisCountersOf(info: string): RedisCounters {
  const calls = new Map<string, number>();
  const entries = parseInfo(info);
  for (const [name, text] of entries) {
    const count = name.startsWith('cmdstat_') ? /\bcalls=(\d+)/.exec(text)?.[1] : undefined;
    if (count !== undefined) calls.set(name.slice('cmdstat_'.length), Number(count));
  }
  return {
    version: entries.get('redis_version') ?? 'unknown',
    calls,
    bytesIn: Number(entries.get('total_net_input_bytes')),
    bytesOut: Number(entries.get('total_net_output_bytes')),
  };
}

/** The difference of two readings, per event. The bench's own looks at the shards are in it, some hundred commands a second. */
export function redisPerEvent(before: RedisCounters, after: RedisCounters, events: number): RedisPerEvent {
  const grown = [...after.calls]
    .map(([command, calls]) => [command, (calls - (before.calls.get(command) ?? 0)) / events] as const)
    .filter(([, calls]) => calls > 0)
    .sort(([, a], [, b]) => b - a);
  return {
    operations: grown.reduce((sum, [, calls]) => sum + calls, 0),
    operationsByCommand: Object.fromEntries(grown.slice(0, SHOWN_COMMANDS)),
    bytesIn: (after.bytesIn - before.bytesIn) / events,
    bytesOut: (after.bytesOut - before.bytesOut) / events,
  };
}
