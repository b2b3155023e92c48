import { defineConfig } from 'vitest/config';

/** The files of one kind of test: beside the code, and under `test/`. */
function filesOfKind(...kinds: readonly string[]): string[] {
  return kinds.flatMap((kind) => [
    `packages/**/*.${kind}.ts`,
    `services/**/*.${kind}.ts`,
    `test/**/*.${kind}.ts`,
  ]);
}

const exclude = ['**/node_modules/**', '**/.millrace/**'];

export default defineConfig({
  test: {
    // Two processes: the machine that this suite is sized for has two cores, and the broker wants some of them.
    pool: 'forks',
    maxWorkers: 2,
    // kafkajs 2.2.4 asks for a timer in the past once per process, and Node 24 says so in the middle of the results.
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
    // Time limits only end what hangs: a machine ten times slower than usual must still pass.
    projects: [
      {
        test: {
          name: 'pure',
          include: filesOfKind('unit', 'prop'),
          exclude,
          testTimeout: 300_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'sim',
          include: filesOfKind('sim'),
          exclude,
          testTimeout: 600_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'int',
          include: filesOfKind('int'),
          exclude,
          globalSetup: ['test/setup/servers.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'journey',
          include: filesOfKind('e2e'),
          exclude,
          // A journey starts the whole pipeline with servers of its own; two at once would only wait for each other.
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
