import type { BenchResult, CatchUpResult, PartName, PartResult, SteadyResult } from './result.ts';

/** One line of the table: a number with its unit, and the target it has, if any. */
export interface Figure {
  readonly part: PartName;
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly target?: { readonly atMost: number; readonly isMet: boolean } | undefined;
}

/** Targets on two cores with broker and Redis on the same machine, otherwise quiet. */
export const TARGETS = {
  coalescedCpuUs: 75,
  everyEventCpuUs: 95,
  denseRatio: 2,
  bytesPerUser: 1_024,
  bytesPerItem: 2_048,
  latencyP50Ms: 15,
  latencyP99Ms: 60,
} as const;

const PROCESS_NAMES = { userStream: 'user-stream', itemStream: 'item-stream', kafka: 'Kafka', redis: 'Redis' } as const;

/** The figures of all parts that were run, in their order. */
export function figuresOf(parts: BenchResult['parts']): Figure[] {
  const sparse = catchUp(parts['coalesced']);
  const every = catchUp(parts['every-event']);
  const dense = catchUp(parts['dense-baskets']);
  const steady = parts['steady'];
  const figures: Figure[] = [];
  if (sparse !== undefined) figures.push(...catchUpFigures('coalesced', sparse, TARGETS.coalescedCpuUs));
  if (every !== undefined) figures.push(...catchUpFigures('every-event', every, TARGETS.everyEventCpuUs));
  if (dense !== undefined) {
    figures.push(...catchUpFigures('dense-baskets', dense, undefined));
    if (sparse !== undefined) {
      figures.push(figure('dense-baskets', 'CPU per event against sessions', 'times', dense.cpuUsPerEvent.all / sparse.cpuUsPerEvent.all, TARGETS.denseRatio));
    }
  }
  if (steady?.kind === 'steady') figures.push(...steadyFigures('steady', steady));
  return figures;
}

function catchUp(part: PartResult | undefined): CatchUpResult | undefined {
  return part?.kind === 'catch-up' ? part : undefined;
}

function catchUpFigures(part: PartName, result: CatchUpResult, atMostUs: number | undefined): Figure[] {
  const { memory, services } = result;
  return [
    ...cpuFigures(part, result, atMostUs),
    figure(part, 'throughput', 'events/s', result.eventsPerSecond),
    figure(part, 'Redis operations', 'per event', result.redisPerEvent.operations),
    figure(part, 'bytes to Redis', 'B per event', result.redisPerEvent.bytesIn),
    figure(part, 'bytes from Redis', 'B per event', result.redisPerEvent.bytesOut),
    figure(part, 'lists published', 'per event', services['user-stream'].lists / result.events),
    ...(memory === undefined
      ? []
      : [
          figure(part, 'memory per user', 'B', memory.bytesPerUser, TARGETS.bytesPerUser),
          figure(part, 'memory per item', 'B', memory.bytesPerItem, TARGETS.bytesPerItem),
        ]),
  ];
}

function steadyFigures(part: PartName, result: SteadyResult): Figure[] {
  const { latency } = result;
  return [
    figure(part, 'latency p50', 'ms', latency.p50Ms, TARGETS.latencyP50Ms),
    figure(part, 'latency p90', 'ms', latency.p90Ms),
    figure(part, 'latency p99', 'ms', latency.p99Ms, TARGETS.latencyP99Ms),
    figure(part, 'latency p99.9', 'ms', latency.p999Ms),
    ...cpuFigures(part, result, undefined),
    figure(part, 'events with a list', '%', (100 * latency.count) / (latency.count + result.unanswered)),
    figure(part, 'worst delay of the sender', 'ms', result.worstSendDelayMs),
  ];
}

function cpuFigures(part: PartName, { cpuUsPerEvent }: PartResult, atMostUs: number | undefined): Figure[] {
  return [
    figure(part, 'CPU per event', 'µs', cpuUsPerEvent.all, atMostUs),
    ...(['userStream', 'itemStream', 'kafka', 'redis'] as const).map((process) =>
      figure(part, `CPU per event, ${PROCESS_NAMES[process]}`, 'µs', cpuUsPerEvent[process]),
    ),
  ];
}

function figure(part: PartName, name: string, unit: string, value: number, atMost?: number): Figure {
  return { part, name, unit, value, ...(atMost === undefined ? {} : { target: { atMost, isMet: value <= atMost } }) };
}
