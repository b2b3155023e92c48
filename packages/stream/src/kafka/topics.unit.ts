import { describe, expect, test } from 'vitest';
import { checkDurability, compareWithSpec, type ActualTopic, type TopicSpec } from './topics.ts';

const spec: TopicSpec = {
  topic: 'clickstream',
  partitions: 8,
  replicationFactor: 3,
  config: { 'cleanup.policy': 'compact,delete', 'message.timestamp.type': 'LogAppendTime' },
};

function actual(config: Record<string, string>, { partitions = 8, replicas = 3 } = {}): ActualTopic {
  return { partitions, replicas, config: new Map(Object.entries(config)) };
}

describe('topic checks', () => {
  test('a topic that is as it must be gives no finding; a list is the same in any order', () => {
    expect(compareWithSpec(spec, actual({ 'cleanup.policy': 'delete, compact', 'message.timestamp.type': 'LogAppendTime' }))).toEqual([]);
  });

  test('names every difference, what must be, and the command that mends it', () => {
    const findings = compareWithSpec(spec, actual({ 'cleanup.policy': 'delete' }, { partitions: 4 }));
    expect(findings.map(({ code }) => code)).toEqual(['partition-count', 'config', 'config']);
    expect(findings[0]!.message).toMatch(/4 partitions and must have 8/);
    expect(findings[1]!.message).toMatch(/cleanup\.policy=delete .* --add-config cleanup\.policy=\[compact,delete\]/);
    expect(findings[2]!.message).toMatch(/message\.timestamp\.type=\(unknown\)/);
  });

  test('in production a record must survive the loss of a broker', () => {
    const good = { 'min.insync.replicas': '2', 'unclean.leader.election.enable': 'false' };
    expect(checkDurability('t', actual(good))).toEqual([]);
    const codes = (found: ActualTopic): string[] => checkDurability('t', found).map(({ code }) => code);
    expect(codes(actual(good, { replicas: 2 }))).toEqual(['replication']);
    expect(codes(actual({ ...good, 'min.insync.replicas': '1' }))).toEqual(['min-insync-replicas']);
    expect(codes(actual({ ...good, 'unclean.leader.election.enable': 'true' }))).toEqual(['unclean-election']);
    expect(codes(actual({}))).toEqual(['min-insync-replicas', 'unclean-election']);
  });
});
