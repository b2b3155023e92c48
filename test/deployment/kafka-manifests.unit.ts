import { topicNames, replayHandler, type WireTools } from '@millrace/pipeline';
import { checkDurability, compareWithSpec } from '@millrace/stream/kafka/topics';
import { describe, expect, test } from 'vitest';
import { manifest, manifestsOf, text } from './deployment-files.ts';
import { GENERATED, PRODUCTION_SHARDS, productionTopics } from './manifests.ts';

test.each(GENERATED.map(({ path, make }) => [path, make] as const))('%s is what the code makes of it', (path, make) => {
  expect(text(path), 'Run "node test/deployment/write-manifests.ts" and look at the difference').toBe(make());
});

describe('topics for Strimzi', () => {
  interface TopicSpecManifest {
    readonly partitions: number;
    readonly replicas: number;
    readonly config: Record<string, string>;
  }
  const made = new Map(manifestsOf('KafkaTopic').map(({ metadata, spec }) => [metadata!.name, spec as unknown as TopicSpecManifest]));

  test('are all of the pipeline, and no others', () => {
    expect([...made.keys()]).toEqual(productionTopics().map(({ topic }) => topic));
  });

  test('satisfy "millrace topics check --production"', () => {
    const findings = productionTopics().flatMap((spec) => {
      const { partitions, replicas, config } = made.get(spec.topic)!;
      const actual = { partitions, replicas, config: new Map(Object.entries(config)) };
      return [...compareWithSpec(spec, actual), ...checkDurability(spec.topic, actual)];
    });
    expect(findings).toEqual([]);
  });
});

describe('users for Strimzi', () => {
  const topics = topicNames('');
  const wire = { topics } as WireTools;
  const user = replayHandler('u', wire, PRODUCTION_SHARDS).spec;
  const item = replayHandler('i', wire, PRODUCTION_SHARDS).spec;

  /** `topic clickstream: Read`, sorted. */
  function rights(name: string): string[] {
    const { acls } = (manifest('KafkaUser', name).spec as { authorization: { acls: { resource: { type: string; name: string; patternType: string }; operations: string[] }[] } }).authorization;
    expect(acls.every(({ resource }) => resource.patternType === 'literal')).toBe(true);
    return acls.flatMap(({ resource, operations }) => operations.map((operation) => `${resource.type} ${resource.name}: ${operation}`)).sort();
  }
  const read = (names: readonly string[]): string[] => names.map((name) => `topic ${name}: Read`);
  const write = (names: readonly string[]): string[] => names.map((name) => `topic ${name}: Write`);

  test('user-stream reads its inputs and its journal, and writes what it announces', () => {
    expect(rights('millrace-user-stream')).toEqual(
      [
        ...read([...user.inputs, user.journal!]),
        ...write([user.journal!, user.deadLetters, topics.itemEvidence, topics.recommendations]),
        // Ticks of the clock.
        ...write([topics.control]),
        'group millrace-user-stream: Read',
      ].sort(),
    );
  });

  test('item-stream reads its inputs, and begins its log', () => {
    expect(rights('millrace-item-stream')).toEqual(
      [...read(item.inputs), ...write([topics.itemEvidence, item.deadLetters]), 'group millrace-item-stream: Read'].sort(),
    );
  });

  test('the check of the topics looks at all of them and does nothing', () => {
    expect(rights('millrace-topics')).toEqual(
      productionTopics().flatMap(({ topic }) => ['Describe', 'DescribeConfigs'].map((operation) => `topic ${topic}: ${operation}`)).sort(),
    );
  });
});
