/** What the bench writes. Figures are in the units that their names end in. */
import type { SessionSource } from '@millrace/testkit/load/index';
import type { Figure } from './figures.ts';
import type { LatencySummary } from './latencies.ts';
import type { Memory } from './memory.ts';
import type { Measured } from './reading.ts';

/** The parts of the bench, in the order in which they run. */
export const PARTS = ['coalesced', 'every-event', 'dense-baskets', 'steady'] as const;
export type PartName = (typeof PARTS)[number];

export interface BenchResult {
  readonly conditions: Conditions;
  readonly parts: Partial<Record<PartName, PartResult>>;
  /** What matters of it, line by line, with targets. */
  readonly figures: readonly Figure[];
}

/** What has to be known to compare this result with another. */
export interface Conditions {
  readonly startedAt: string;
  /** null outside a git checkout. */
  readonly commit: string | null;
  /** The checkout had changes that are not in the commit. */
  readonly isDirty: boolean;
  readonly cores: number;
  readonly cpuModel: string;
  readonly memoryBytes: number;
  /** Load averages of 1, 5 and 15 minutes before the first part. Above the cores in use, times mean little. */
  readonly loadBefore: readonly number[];
  readonly node: string;
  readonly kafka: string;
  readonly redis: string;
  readonly shards: number;
  readonly seed: number;
  readonly openSessions: number;
  readonly sessionSource: SessionSource;
  /** With a profiler inside the services, figures are higher. */
  readonly isProfiled: boolean;
  /** How the figures were measured, in words. */
  readonly method: Readonly<Record<string, string>>;
}

interface PartCommon extends Measured {
  readonly title: string;
  readonly events: number;
  readonly records: number;
  /** Configuration of the services that differs from their defaults. */
  readonly env: Readonly<Record<string, string>>;
}

/** From topics filled beforehand to lag 0. */
export interface CatchUpResult extends PartCommon {
  readonly kind: 'catch-up';
  /** Events that were folded between the two readings; those before the first one are not counted. */
  readonly countedEvents: number;
  readonly eventsPerSecond: number;
  readonly memory?: Memory | undefined;
}

/** Events sent at a steady rate. */
export interface SteadyResult extends PartCommon {
  readonly kind: 'steady';
  readonly eventsPerSecond: number;
  /** From the scheduled sending to the list in the subscriber's hands. */
  readonly latency: LatencySummary;
  /** Measured events that got no list: silent, coalesced, or without anything to show. */
  readonly unanswered: number;
  /** How far the sender can be trusted: the longest that an event went out after its time. */
  readonly worstSendDelayMs: number;
  /** CPU of the sender and the subscriber together, a share of one core; not in the cost per event. */
  readonly loadGeneratorCores: number;
}

export type PartResult = CatchUpResult | SteadyResult;
