import { defineCommand } from '../command/command.ts';
import { EXIT } from '../command/exit-codes.ts';
import { describeValue } from '../command/output.ts';
import { oneOfWords } from '../command/parse-options.ts';
import { CONNECTION_OPTIONS, findPipeline } from '../connection/addresses.ts';
import { openPipeline, type OpenPipeline } from '../connection/open-pipeline.ts';
import { parseShard } from '../connection/shard-names.ts';
import { inspectItem } from './inspect-item.ts';
import { inspectShard } from './inspect-shard.ts';
import { inspectUser } from './inspect-user.ts';

const SUBJECTS = ['user', 'item', 'shard'] as const;

export const inspectCommand = defineCommand({
  name: 'inspect',
  summary: 'show what is known of a user, an item or a shard',
  usage: 'user ID | item ID | shard SHARD',
  about: `Reads what Redis holds of one entity and shows it decoded. It reads only.

A user: profile with session, recent items, affinities and orders. An item: catalog facts, counts, neighbours by table (vv viewed together, vb viewed then bought, bb bought together), places in the top lists, and the pair rules from it with support, confidence, lift, leverage and conviction, worked out from the counts of this moment. A shard: head, positions, clock, lag, keys and bytes.

Counts of items decay, so they are fractions. What it shows of a user is personal data.`,
  examples: [
    ['millrace inspect user 17850', 'profile of user 17850'],
    ['millrace inspect item 85123A', 'counts, neighbours and rules of an item'],
    ['millrace inspect shard u7 --json', 'head, positions and lag of user shard 7'],
  ],
  exitCodes: [
    [EXIT.ok, 'shown'],
    [EXIT.different, 'nothing is known of it'],
  ],
  options: CONNECTION_OPTIONS,
  words: [2, 2],
  async run({ options, positionals, env, output }) {
    const [subject, id] = [oneOfWords('What to inspect', positionals[0]!, SUBJECTS), positionals[1]!];
    const addresses = findPipeline(options, env);
    // A wrong name is said before anything is started.
    if (subject === 'shard') parseShard(id, addresses.config.shards);
    const pipeline = await openPipeline(addresses, output.progress);
    try {
      const found = await inspect(pipeline, subject, id);
      output.object(found ?? { [subject]: id, found: false });
      output.text(found === undefined ? `Nothing is known of ${subject} ${id}.` : describeValue(found));
      return found === undefined ? EXIT.different : EXIT.ok;
    } finally {
      await pipeline.close();
    }
  },
});

function inspect(pipeline: OpenPipeline, subject: (typeof SUBJECTS)[number], id: string): Promise<Record<string, unknown> | undefined> {
  const { store, shards } = pipeline;
  switch (subject) {
    case 'user':
      return inspectUser(store, shards, id);
    case 'item':
      return inspectItem(store, shards, id);
    case 'shard':
      return inspectShard(pipeline, parseShard(id, shards));
  }
}
