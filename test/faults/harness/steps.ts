/** Places in the life of a batch at which a worker can be made to die, in their order. */
export const STEPS = [
  'before-fetch',
  'before-load',
  'after-load',
  'before-journal',
  'after-journal',
  'half-announced',
  'after-announcing',
  'before-commit',
  'after-commit',
] as const;
export type Step = (typeof STEPS)[number];

/** Those that an item-stream worker comes to: it writes no journal and announces nothing. */
export const ITEM_STEPS = ['before-fetch', 'before-load', 'after-load', 'before-commit', 'after-commit'] as const satisfies readonly Step[];

type FaultVariables = Readonly<Record<`FAULTS_${string}`, string>>;

/** Environment of a worker that is made to fail; see `failpoints.ts`. */
export function failpoint(variables: FaultVariables): Record<string, string> {
  return { NODE_OPTIONS: `--import=${new URL('../failpoints.ts', import.meta.url).href}`, ...variables };
}

/** Environment of every worker of a world whose engine is broken on purpose; see `mutate.ts`. */
export function mutated(name: string): Record<string, string> {
  return { NODE_OPTIONS: `--import=${new URL('../mutate.ts', import.meta.url).href}`, FAULTS_MUTATION: name };
}
