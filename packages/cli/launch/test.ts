// Behind `npm test`: the type check, then the tests, then one line that says how many of them passed.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseCLI, startVitest } from 'vitest/node';
import { repositoryRoot } from '@millrace/testkit/servers/maven';
import { concludeRun, ProgressReporter } from './progress-reporter.ts';

function typeCheck(): boolean {
  const startedMs = Date.now();
  const compiler = join(repositoryRoot, 'node_modules', '.bin', 'tsc');
  const result = spawnSync(compiler, ['-p', '.', '--pretty', 'false'], { cwd: repositoryRoot, encoding: 'utf8' });
  const passed = result.status === 0;
  console.log(`${passed ? 'ok  ' : 'FAIL'} type check (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
  if (!passed) console.log(`${result.stdout}${result.stderr}`.trimEnd());
  return passed;
}

process.chdir(repositoryRoot);
// What follows `npm test --` goes to vitest: file filters, --project pure, -t "name".
const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const typesPassed = typeCheck();
const reporter = new ProgressReporter();
const vitest = await startVitest('test', filter, {
  ...options,
  watch: false,
  reporters: [reporter],
  // Nothing found is a failure too, but one that the closing line reports like any other.
  passWithNoTests: true,
});
await vitest.close();
for (const { name, reason } of reporter.skippedTests) {
  console.log(`skipped: ${name}${reason === undefined ? '' : ` (${reason})`}`);
}
const outcome = concludeRun(reporter.counts, typesPassed);
process.exitCode = outcome.exitCode;
console.log(outcome.text);
