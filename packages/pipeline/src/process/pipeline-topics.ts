import { partitionsOf, TOPICS, topicOnBroker } from '@millrace/events';
import type { TopicSpec } from '@millrace/stream/kafka/index';

export interface PipelineTopicsOptions {
  readonly shards: number;
  readonly prefix: string;
  readonly replicationFactor: number;
  /** Settings of the cluster's owner, such as `min.insync.replicas`, for every topic. */
  readonly config?: Readonly<Record<string, string>> | undefined;
}

/** Every topic of a pipeline as it must be created. */
export function pipelineTopics({ shards, prefix, replicationFactor, config }: PipelineTopicsOptions): TopicSpec[] {
  return TOPICS.map((topic) => ({
    topic: topicOnBroker(topic.name, prefix),
    partitions: partitionsOf(topic, shards),
    replicationFactor,
    config: { ...topic.configs, ...config },
  }));
}
