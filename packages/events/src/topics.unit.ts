import { expect, test } from 'vitest';
import { partitionsOf, TOPIC_NAMES, TOPICS, topicByBrokerName, topicDefinition, topicOnBroker } from './topics.ts';

test('what is read again along the journal is never compacted, and all of it is kept equally long', () => {
  const replayed = TOPICS.filter(({ role }) => role !== 'output');
  expect(new Set(replayed.map(({ configs }) => configs['cleanup.policy']))).toEqual(new Set(['delete']));
  expect(new Set(replayed.map(({ configs }) => configs['retention.ms'])).size).toBe(1);
});

test('every input is stamped by the broker', () => {
  for (const topic of TOPICS) {
    expect(topic.configs['message.timestamp.type']).toBe(topic.role === 'input' ? 'LogAppendTime' : undefined);
  }
});

test('every topic that is keyed by user or item has as many partitions as there are shards', () => {
  for (const topic of TOPICS) if (topic.key !== 'none') expect(partitionsOf(topic, 8)).toBe(8);
  expect(partitionsOf(topicDefinition('control'), 8)).toBe(8);
  expect(partitionsOf(topicDefinition('model-proposals'), 8)).toBe(1);
});

test('lists and dead letters can be erased by key', () => {
  expect(topicDefinition('recommendations').configs['cleanup.policy']).toBe('compact,delete');
  expect(topicDefinition('dead-letters').configs['cleanup.policy']).toBe('compact,delete');
});

test('a dead letter has room for the largest input', () => {
  const inputs = TOPICS.filter(({ role }) => role === 'input').map(({ configs }) => Number(configs['max.message.bytes']));
  expect(Number(topicDefinition('dead-letters').configs['max.message.bytes'])).toBeGreaterThan(Math.max(...inputs));
});

test.each(TOPIC_NAMES)('%s is found again under a prefix, and not without it', (name) => {
  expect(topicByBrokerName(topicOnBroker(name, 'staging.'), 'staging.')?.name).toBe(name);
  expect(topicByBrokerName(name, 'staging.')).toBeUndefined();
});
