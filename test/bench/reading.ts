import { cpuPerEvent, type CpuPerEvent, type CpuSeconds } from './cpu-use.ts';
import { redisPerEvent, type RedisCounters, type RedisPerEvent } from './redis-use.ts';
import { countersOf, faultsOf, samplesBetween, type Sample, type ServiceCounters } from './service-counters.ts';

/** Everything used and counted so far, read at one moment. */
export interface Reading {
  /** The system's monotonic clock, which CPU profiles have too. */
  readonly atUs: number;
  readonly cpu: CpuSeconds;
  readonly redis: RedisCounters;
  /** What the services say at /metrics. */
  readonly samples: Readonly<Record<'user-stream' | 'item-stream', readonly Sample[]>>;
  /** Resident memory of the services. */
  readonly residentBytes: Readonly<Record<'user-stream' | 'item-stream', number>>;
}

/** What happened between two readings, shared out to the events. */
export interface Measured {
  readonly seconds: number;
  readonly cpuUsPerEvent: CpuPerEvent;
  readonly redisPerEvent: RedisPerEvent;
  readonly redisVersion: string;
  readonly services: Readonly<Record<'user-stream' | 'item-stream', ServiceCounters>>;
  readonly residentBytes: Reading['residentBytes'];
  /** Why the figures do not count; empty when they do. */
  readonly invalid: readonly string[];
}

/** @throws RangeError when there were no events, or a process was started anew in between */
export function between(before: Reading, after: Reading, events: number): Measured {
  const services = {
    'user-stream': countersOf(samplesBetween(before.samples['user-stream'], after.samples['user-stream'])),
    'item-stream': countersOf(samplesBetween(before.samples['item-stream'], after.samples['item-stream'])),
  };
  return {
    seconds: (after.atUs - before.atUs) / 1e6,
    cpuUsPerEvent: cpuPerEvent(before.cpu, after.cpu, events),
    redisPerEvent: redisPerEvent(before.redis, after.redis, events),
    redisVersion: after.redis.version,
    services,
    residentBytes: after.residentBytes,
    // What went wrong before the first reading spoils the state that the second one measures.
    invalid: Object.entries(after.samples).flatMap(([service, samples]) => faultsOf(service, countersOf(samples))),
  };
}
