/** `npm start`: the whole pipeline on this machine, with a real shop streamed through it. */
import { AlarmError, RetryableError } from '@millrace/stream/errors';
import { repositoryRoot } from '@millrace/testkit/servers/maven';
import { SetupError } from '@millrace/testkit/servers/setup-error';
import { RegistryError } from '@millrace/events';
import { parseStartOptions, START_HELP, UsageError, type StartOptions } from './options.ts';
import { replayOnce } from './replay-once.ts';
import { RunningPipeline } from './running-pipeline.ts';
import { streamShop } from './stream-shop.ts';

const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

const say = (line: string): void => console.log(line);

async function main(): Promise<number> {
  const options = parseStartOptions(process.argv.slice(2), repositoryRoot);
  if (options === 'help') {
    console.log(START_HELP);
    return EXIT.ok;
  }
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(EXIT.failed);
    say('\nStopping in order; once more Ctrl-C to stop at once.');
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return runPipeline(options, stop.signal);
}

async function runPipeline(options: StartOptions, signal: AbortSignal): Promise<number> {
  say(options.once ? `Replaying ${options.events} events of the shop in ${options.dataDir} …` : `Millrace on ${options.dataDir}`);
  const pipeline = await RunningPipeline.open(options, say);
  let last: string | undefined;
  try {
    if (options.once) last = JSON.stringify(await replayOnce(pipeline, signal, say));
    else await streamShop(pipeline, signal, say);
  } finally {
    await pipeline.stop(say);
  }
  if (last !== undefined && !signal.aborted) console.log(last);
  else say('Stopped. The next start goes on from here.');
  return EXIT.ok;
}

/** What a person can act on is one sentence; everything else is a bug and shows its stack. */
function explain(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(error.message);
    return EXIT.usage;
  }
  const isPlain = [SetupError, AlarmError, RetryableError, RegistryError].some((kind) => error instanceof kind);
  console.error(isPlain ? (error as Error).message : error);
  return EXIT.failed;
}

process.exitCode = await main().catch(explain);
// Sockets of clients that were closed may linger; everything that had to be finished is.
process.exit();
