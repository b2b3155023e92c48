// Runs under Node 24 with all packages installed: looks for the system's programs, then becomes the entry.
// Arguments: the path of the entry and the arguments for it.

import { pathToFileURL } from 'node:url';
import { SetupError } from '@millrace/testkit/servers/setup-error';
import { provideSystemPrograms } from './system-programs.ts';

const [node = process.execPath, , entry = '', ...args] = process.argv;

try {
  await provideSystemPrograms(args, process.env, (line) => process.stderr.write(`${line}\n`));
  // The entry sees the arguments that it would see if it had been run itself.
  process.argv = [node, entry, ...args];
  await import(pathToFileURL(entry).href);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
