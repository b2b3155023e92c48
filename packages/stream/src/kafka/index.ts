export { assignShards, type ShardMember } from './assigner.ts';
export { connectKafka, type KafkaConnection, type KafkaConnectionOptions } from './kafka-connection.ts';
export { KafkaLog, type KafkaLogOptions } from './kafka-log.ts';
export { ShardMembership, type MembershipOptions, type PublishedOffset } from './membership.ts';
export { checkTopics, createTopics, type TopicFinding, type TopicFindingCode, type TopicSpec } from './topics.ts';
