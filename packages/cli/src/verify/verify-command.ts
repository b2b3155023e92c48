import { shardName } from '@millrace/stream/state-store';
import { defineCommand } from '../command/command.ts';
import { EXIT } from '../command/exit-codes.ts';
import type { Output } from '../command/output.ts';
import { CONNECTION_OPTIONS, findPipeline } from '../connection/addresses.ts';
import { openPipeline } from '../connection/open-pipeline.ts';
import { parseShard } from '../connection/shard-names.ts';
import { verifyPipeline, type Verification } from './verify-pipeline.ts';
import type { Difference } from './verify-shard.ts';

export const verifyCommand = defineCommand({
  name: 'verify',
  summary: 'prove that the state in Redis is the one that the log folds to',
  usage: '[--shard SHARD]',
  about: `Folds every shard again from its beginning, along its journal, with the code of the services, and compares each key with Redis: profiles, item rows, lists, timers, positions. Where they part it names shard, entity and field. Then it compares the evidence that the user shards derive with the evidence on the log: nothing lost, nothing twice, nothing invented.

Use it after a crash or a fail-over, after changing Redis or Kafka, and before and after an upgrade. It only reads, and it may run beside working services: it follows the head that each chunk of keys was read with. It walks the whole log and holds one shard in memory at a time.`,
  examples: [
    ['millrace verify', 'the whole pipeline of the last "npm start"'],
    ['millrace verify --shard u7', 'user shard 7 and its evidence'],
    ['millrace verify --json --kafka broker:9092 --redis redis://cache:6379', 'for a scheduled check'],
  ],
  exitCodes: [
    [EXIT.ok, 'equal'],
    [EXIT.different, 'different; every difference is printed, the first 100 of each shard'],
  ],
  options: { shard: { type: 'string', value: 'SHARD', doc: 'One shard only: u7, i3.' }, ...CONNECTION_OPTIONS },
  words: [0, 0],
  async run({ options, env, output, signal }) {
    const addresses = findPipeline(options, env);
    const only = options.shard === undefined ? undefined : [parseShard(options.shard, addresses.config.shards)];
    const pipeline = await openPipeline(addresses, output.progress);
    try {
      const result = await verifyPipeline(pipeline, {
        only,
        signal,
        onShard: (shard, done, total) =>
          output.progress(shard === undefined ? 'Comparing the evidence …' : `Walking ${shardName(shard)} (${done + 1} of ${total}) …`),
      });
      report(result, output);
      return result.equal ? EXIT.ok : EXIT.different;
    } finally {
      await pipeline.close();
    }
  },
});

function report(result: Verification, output: Output): void {
  output.object(result);
  for (const { shard, digest, storedDigest, begun } of result.shards) {
    output.text(`${shard.padEnd(6)}${begun ? digest : 'not begun'}${storedDigest === undefined ? '' : `  (Redis has ${storedDigest})`}`);
  }
  for (const { shard, headProblem, differences, differenceCount } of result.shards) {
    if (headProblem !== undefined) {
      output.text(`${shard}: ${headProblem} Compared with the end of the log instead.`);
    }
    for (const difference of differences) output.text(describeDifference(difference));
    const left = differenceCount - differences.length;
    if (left > 0) output.text(`${shard}: ${left} more differences.`);
  }
  const { evidence } = result;
  for (const { shard, message } of evidence?.problems ?? []) output.text(`evidence for ${shard}: ${message}`);
  if (evidence !== undefined && evidence.problemCount > evidence.problems.length) {
    output.text(`evidence: ${evidence.problemCount - evidence.problems.length} more problems.`);
  }
  output.text(`all   ${result.digest}`);
  output.text(summary(result));
}

/** One line for one difference; a line more for every further field. */
export function describeDifference({ shard, key, entity, kind, fields }: Difference): string {
  const what = `${shard}: ${entity} (key ${JSON.stringify(key)})`;
  if (kind === 'missing') return `${what} is missing in Redis`;
  if (kind === 'unexpected') return `${what} is in Redis, and the log folds to none`;
  const parts = fields.map(({ field, stored, folded }) =>
    folded === undefined ? `${field} ${JSON.stringify(stored)}` : `${field} is ${JSON.stringify(stored) ?? 'absent'}, must be ${JSON.stringify(folded)}`,
  );
  return `${what} differs: ${parts.join('; ')}`;
}

function summary({ equal, shards, commits, events, evidenceRecords, keys, evidence }: Verification): string {
  const walked = `${shards.length} ${shards.length === 1 ? 'shard' : 'shards'}, ${count(keys)} keys, ${count(commits)} commits, ${count(events)} events and ${count(evidenceRecords)} evidence records walked`;
  if (equal) return `equal: ${walked}`;
  const wrong = shards.reduce((total, { differenceCount }) => total + differenceCount, 0);
  return `different: ${count(wrong)} in Redis, ${count(evidence?.problemCount ?? 0)} in the evidence; ${walked}`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
