import { killWorkers } from './kills.ts';
import type { Scenario } from './scenario.ts';

/** Every scenario, in the order in which `npm run faults` goes through them. */
export const SCENARIOS: readonly Scenario[] = [killWorkers];
