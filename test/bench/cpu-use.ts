/** CPU time of what is measured, by process. */

/** The four that count; the load generator does not. */
export const MEASURED_PROCESSES = ['userStream', 'itemStream', 'kafka', 'redis'] as const;
export type MeasuredProcess = (typeof MEASURED_PROCESSES)[number];

/** User plus system CPU seconds since each process began. */
export type CpuSeconds = Readonly<Record<MeasuredProcess, number>>;

/** CPU microseconds per event, and their sum. */
export type CpuPerEvent = Readonly<Record<MeasuredProcess | 'all', number>>;

/**
 * What `events` events have cost between two readings.
 *
 * @throws RangeError when nothing was counted, or a process used less than nothing: one was started anew in between
 */
export function cpuPerEvent(before: CpuSeconds, after: CpuSeconds, events: number): CpuPerEvent {
  if (!(events > 0)) throw new RangeError(`Cost per event needs events; ${events} were counted.`);
  const cost: Record<MeasuredProcess | 'all', number> = { userStream: 0, itemStream: 0, kafka: 0, redis: 0, all: 0 };
  for (const name of MEASURED_PROCESSES) {
    const seconds = after[name] - before[name];
    if (seconds < 0) throw new RangeError(`${name} used ${seconds} s of CPU between two readings: it was started anew.`);
    cost[name] = (seconds * 1e6) / events;
    cost.all += cost[name];
  }
  return cost;
}
