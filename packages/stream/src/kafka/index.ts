export { connectKafka, type KafkaConnection, type KafkaConnectionOptions } from './kafka-connection.ts';
export { KafkaLog, type KafkaLogOptions } from './kafka-log.ts';
