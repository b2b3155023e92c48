import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDependencies } from './dependencies.mjs';
import { runInForeground } from './foreground.mjs';
import { LaunchError } from './launch-error.mjs';
import { chooseNode, requireLauncherNode } from './node-version.mjs';

// Node 20.0 to 20.10 have no import.meta.dirname.
const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../../..');

/** What can be launched, and the file that does it, relative to the root of the repository. */
export const entries = Object.freeze({
  start: 'packages/cli/src/start/main.ts',
  millrace: 'packages/cli/src/main.ts',
  test: 'packages/cli/launch/test.ts',
  bench: 'test/bench/main.ts',
  faults: 'test/faults/main.ts',
});

/** Progress goes to standard error: standard output belongs to the entry, which may print JSON. */
function log(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Installs what is missing and runs an entry in the foreground.
 * @param {string} command a key of `entries`
 * @param {readonly string[]} args for the entry
 * @returns {Promise<number>} the exit code: that of the entry, or 1 when it could not be run
 */
export async function launch(command, args) {
  try {
    requireLauncherNode(process.version);
    if (!Object.hasOwn(entries, command)) {
      throw new LaunchError(
        `There is no command "${command}" to launch: choose one of ${Object.keys(entries).join(', ')}.`,
      );
    }
    await installDependencies(root, log);
    const node = chooseNode(root, process.execPath, process.version);
    return await runInForeground(node, [
      // kafkajs 2.2.4 asks for a timer in the past once per connection; Node 24 says so on every process's terminal.
      '--disable-warning=TimeoutNegativeWarning',
      join(here, 'prepared.ts'),
      join(root, entries[command]),
      ...args,
    ]);
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    log(error.message);
    return 1;
  }
}
