/** The `millrace` command. */
import { runCommandLine } from './run-command-line.ts';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The first one lets the command clean up; whoever cannot wait says it twice.
    if (interruption.signal.aborted) process.exit(130);
    interruption.abort();
  });
}
// Whoever reads our output may have seen enough: `millrace tail … | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  interruption.abort();
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  signal: interruption.signal,
});
