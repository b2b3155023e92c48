import { pipelineTopics } from '@millrace/pipeline';
import { checkTopics, createTopics } from '@millrace/stream/kafka/index';
import { defineCommand } from '../command/command.ts';
import { EXIT } from '../command/exit-codes.ts';
import { oneOfWords, wholeNumber } from '../command/parse-options.ts';
import { CONNECTION_OPTIONS, findPipeline } from '../connection/addresses.ts';
import { openPipeline } from '../connection/open-pipeline.ts';

const ACTIONS = ['create', 'check'] as const;
const PRODUCTION_REPLICAS = 3;
/** Two acknowledged copies survive the loss of one broker, and a replica that lags never becomes leader. */
const PRODUCTION_SETTINGS = { 'min.insync.replicas': '2', 'unclean.leader.election.enable': 'false' };

export const topicsCommand = defineCommand({
  name: 'topics',
  summary: 'create the topics of a pipeline, or check them against what they must be',
  usage: 'create | check',
  about: `"create" makes the topics that are missing, with the partition count and the settings that the pipeline relies on; topics that exist are left as they are. "check" compares every topic with what it must be and prints one sentence for each thing that is not, with what to do about it.

Create the topics once, before the services start; the number of shards is fixed from then on. Check after anybody changed the cluster. With --production both also see to what makes an acknowledged record survive the loss of a broker: three replicas, min.insync.replicas of 2, no unclean election.`,
  examples: [
    ['millrace topics create --shards 64 --production --kafka broker:9092 --redis redis://cache:6379', 'a new pipeline'],
    ['millrace topics check --production', 'as a scheduled check'],
  ],
  exitCodes: [
    [EXIT.ok, 'all topics are there (create), or as they must be (check)'],
    [EXIT.different, 'check found something'],
  ],
  options: {
    'replication-factor': { type: 'string', value: 'N', doc: 'Replicas of new topics. Default 1, with --production 3.' },
    production: { type: 'boolean', doc: 'See to durability too.' },
    ...CONNECTION_OPTIONS,
  },
  words: [1, 1],
  async run({ options, positionals, env, output }) {
    const action = oneOfWords('What to do with the topics', positionals[0]!, ACTIONS);
    const { production } = options;
    const replicationFactor =
      wholeNumber('replication-factor', options['replication-factor'], 1, 100) ?? (production ? PRODUCTION_REPLICAS : 1);
    const pipeline = await openPipeline(findPipeline(options, env), output.progress);
    try {
      const { shards, prefix, kafka } = pipeline;
      const config = production ? PRODUCTION_SETTINGS : undefined;
      const specs = pipelineTopics({ shards, prefix, replicationFactor, config });
      if (action === 'create') {
        const created = await createTopics(kafka, specs);
        output.object({ created, present: specs.length - created.length });
        for (const topic of created) output.text(`created ${topic}`);
        output.text(`${created.length} created, ${specs.length - created.length} were there already.`);
        return EXIT.ok;
      }
      const findings = await checkTopics(kafka, specs, { production });
      output.object({ equal: findings.length === 0, topics: specs.length, findings });
      for (const { message } of findings) output.text(message);
      output.text(findings.length === 0 ? `All ${specs.length} topics are as they must be.` : `${findings.length} findings.`);
      return findings.length === 0 ? EXIT.ok : EXIT.different;
    } finally {
      await pipeline.close();
    }
  },
});
