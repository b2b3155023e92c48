import { defineCommand } from '../command/command.ts';
import { EXIT } from '../command/exit-codes.ts';
import { UsageError } from '../command/usage-error.ts';
import { CONNECTION_OPTIONS, findPipeline } from '../connection/addresses.ts';
import { openPipeline } from '../connection/open-pipeline.ts';
import { parseShard } from '../connection/shard-names.ts';
import { allShards } from '../verify/state-digest.ts';
import { rebuildShard, type RebuiltShard } from './rebuild-shard.ts';

export const rebuildCommand = defineCommand({
  name: 'rebuild',
  summary: 'fold a shard from the log and write its state into Redis',
  usage: '--shard SHARD | --all',
  about: `Folds a shard from its beginning, along its journal, into memory, and writes what comes out into Redis: values first, the head last. Use it when a shard stands with the alarm state-missing because Redis was emptied, or when "verify" found a difference that nobody can explain.

It is a dry run unless --yes is given: it folds, says what it would write, and writes nothing. A shard that has a state is left alone unless --replace is given. Services may go on running: they notice that the head is gone, wait, and take up the shard from where the new head stands. Running it twice does no harm. There is nothing to undo: what comes out is what the log says.

The log must reach back to the shard's beginning. The last batch of a user shard is left to the worker that takes the shard up: it announces it again, since nobody knows whether that had been done. Of all others, what followed from them is in the log already.`,
  examples: [
    ['millrace rebuild --shard u7', 'what would be written'],
    ['millrace rebuild --shard u7 --yes', 'write it, if the shard has no state'],
    ['millrace rebuild --all --replace --yes', 'everything anew'],
  ],
  exitCodes: [
    [EXIT.ok, 'written, or with a dry run: could be'],
    [EXIT.different, 'a shard has a state and --replace was not given'],
  ],
  options: {
    shard: { type: 'string', value: 'SHARD', doc: 'One shard: u7, i3.' },
    all: { type: 'boolean', doc: 'Every shard of both streams.' },
    replace: { type: 'boolean', doc: 'Remove a state that is there first.' },
    yes: { type: 'boolean', doc: 'Write. Without it nothing is changed.' },
    ...CONNECTION_OPTIONS,
  },
  words: [0, 0],
  async run({ options, env, output, signal }) {
    if (options.all === (options.shard !== undefined)) throw new UsageError('Say which shard: either --shard SHARD or --all.');
    const addresses = findPipeline(options, env);
    const { shards } = addresses.config;
    const wanted = options.shard === undefined ? allShards(shards) : [parseShard(options.shard, shards)];
    const pipeline = await openPipeline(addresses, output.progress);
    try {
      const done: RebuiltShard[] = [];
      for (const shard of wanted) {
        signal.throwIfAborted();
        const rebuilt = await rebuildShard(pipeline, shard, { write: options.yes, replace: options.replace });
        done.push(rebuilt);
        output.object(rebuilt);
        output.text(describe(rebuilt));
      }
      if (!options.yes && done.some(({ outcome }) => outcome === 'would-write')) output.progress('Nothing was written: this was a dry run. --yes writes.');
      return done.some(({ outcome }) => outcome === 'has-state') ? EXIT.different : EXIT.ok;
    } finally {
      await pipeline.close();
    }
  },
});

function describe({ shard, outcome, keys, timers, bytes, digest }: RebuiltShard): string {
  const what = `${keys} keys, ${timers} timers, ${bytes} bytes, digest ${digest}`;
  switch (outcome) {
    case 'written':
      return `${shard}: written, ${what}`;
    case 'would-write':
      return `${shard}: would write ${what}`;
    case 'has-state':
      return `${shard}: has a state, which is left as it is; --replace folds it anew`;
    case 'not-begun':
      return `${shard}: has never begun, so there is nothing to fold`;
  }
}
