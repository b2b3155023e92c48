import { topicOnBroker } from '@millrace/events';
import { defineCommand } from '../command/command.ts';
import { EXIT } from '../command/exit-codes.ts';
import { oneOfWords, wholeNumber } from '../command/parse-options.ts';
import { CONNECTION_OPTIONS, findPipeline } from '../connection/addresses.ts';
import { openPipeline } from '../connection/open-pipeline.ts';
import { decodeDeadLetter, decodeList, describeDeadLetter, describeList } from './decode-output.ts';
import { followRecords, lastRecords, type TailedRecord } from './last-records.ts';

const OUTPUTS = ['recommendations', 'dead-letters'] as const;
const DEFAULT_COUNT = 10;
const MAX_COUNT = 100_000;

export const tailCommand = defineCommand({
  name: 'tail',
  summary: 'print the newest recommendations or dead letters, decoded',
  usage: 'recommendations | dead-letters',
  about: `Prints the newest records of an output topic, oldest first, one a line: of a list, for whom it is, the event that caused it, and its first items with score and strongest reason; of a dead letter, where it stood and what was wrong with it. --json gives everything there is. With --follow it goes on with what comes, until Ctrl-C.

Both topics are keyed by user and hold personal data. A dead letter keeps the bytes as they came.`,
  examples: [
    ['millrace tail recommendations', 'the last ten lists'],
    ['millrace tail recommendations --follow --count 0', 'every list from now on'],
    ['millrace tail dead-letters --count 100 --json', 'for counting reasons'],
  ],
  exitCodes: [[EXIT.ok, 'printed']],
  options: {
    count: { type: 'string', value: 'N', doc: `How many of those that are there. Default ${DEFAULT_COUNT}.` },
    follow: { type: 'boolean', doc: 'Go on with what is appended, until Ctrl-C.' },
    ...CONNECTION_OPTIONS,
  },
  words: [1, 1],
  async run({ options, positionals, env, output, signal }) {
    const name = oneOfWords('What to print', positionals[0]!, OUTPUTS);
    const count = wholeNumber('count', options.count, 0, MAX_COUNT) ?? DEFAULT_COUNT;
    const pipeline = await openPipeline(findPipeline(options, env), output.progress);
    try {
      const { log, shards, wire, prefix } = pipeline;
      const topic = topicOnBroker(name, prefix);
      const print = (record: TailedRecord): void => {
        const decoded = name === 'recommendations' ? decodeList(wire.encoder, record) : decodeDeadLetter(record);
        output.object(decoded);
        output.text(name === 'recommendations' ? describeList(decoded) : describeDeadLetter(decoded));
      };
      const { records, next } = await lastRecords(log, topic, shards, count);
      for (const record of records) print(record);
      if (options.follow) for await (const record of followRecords(log, topic, next, signal)) print(record);
      return EXIT.ok;
    } finally {
      await pipeline.close();
    }
  },
});
