import type { BrokerCount } from '../harness/fault-kafka.ts';
import type { LoadOptions } from '../harness/known-load.ts';
import type { World } from '../harness/world.ts';
import type { Expectations } from '../oracle/judge.ts';

/** How much of a fault: a test does with few rounds, `npm run faults` does many. */
export interface Dose {
  /** Rounds of a fault that comes again and again. */
  readonly rounds: number;
}

/** One kind of harm, and what must be left when it is over. */
export interface Scenario {
  readonly name: string;
  /** What is done, in a few words. */
  readonly does: string;
  readonly brokers: BrokerCount;
  /** Workers of each service at the beginning. */
  readonly workers: number;
  readonly load?: Omit<LoadOptions, 'seed'> | undefined;
  readonly recordsPerSecond?: number | undefined;
  /** After the fault's end everything must be folded within this time, on a machine that others use too. */
  readonly recoversWithinMs: number;
  readonly expectations?: Expectations | undefined;
  /** Starts the workers if the world is to have others than `workers` plain ones. */
  readonly begin?: ((world: World) => Promise<void>) | undefined;
  /** Does the harm while the load runs; answers how often. When it is over everything that was taken is back. */
  readonly inject: (world: World, dose: Dose) => Promise<number>;
}
