/** One broker (which is a controller too) of a local cluster. */
export interface KafkaNodeAddress {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
}

/**
 * What Millrace's local clusters set otherwise than Kafka does, wherever they run.
 *
 * What differs from Kafka's defaults, and why: the group coordinator does not wait for further members before the first
 * assignment; topics are never created by accident; the internal topics have as many copies as there are brokers and few
 * partitions, which makes the first start quick; and a record larger than Millrace's limit of 1 MiB still reaches the
 * broker, so that it can be refused with a reason.
 */
export function commonKafkaSettings(copies: number): Record<string, string | number> {
  const minimumInSync = copies > 1 ? 2 : 1;
  return {
    'auto.create.topics.enable': 'false',
    'default.replication.factor': copies,
    'min.insync.replicas': minimumInSync,
    'unclean.leader.election.enable': 'false',
    'group.initial.rebalance.delay.ms': 0,
    'offsets.topic.replication.factor': copies,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': minimumInSync,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': minimumInSync,
    'share.coordinator.state.topic.num.partitions': 1,
    'message.max.bytes': 4 * 1024 * 1024,
    'replica.fetch.max.bytes': 4 * 1024 * 1024,
  };
}

/** The settings that make a KRaft node, broker and controller in one, of a process that others reach at `host`. */
export function nodeSettings(
  node: KafkaNodeAddress,
  nodes: readonly KafkaNodeAddress[],
  logDirectory: string,
  host: { readonly listen: string; readonly advertise: string } = { listen: '127.0.0.1', advertise: '127.0.0.1' },
): Record<string, string | number> {
  return {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': nodes.map((peer) => `${peer.id}@127.0.0.1:${peer.controllerPort}`).join(','),
    'listeners': `PLAINTEXT://${host.listen}:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${host.advertise}:${node.port}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': logDirectory,
  };
}

/** Settings of a broker by their names in `server.properties`. */
export type KafkaSettings = Readonly<Record<string, string | number>>;

/**
 * The text of `server.properties` for one node of a local cluster.
 *
 * @param overrides what one node sets otherwise, given its id and what it would set
 */
export function kafkaProperties(
  node: KafkaNodeAddress,
  nodes: readonly KafkaNodeAddress[],
  logDirectory: string,
  overrides: (id: number, settings: KafkaSettings) => KafkaSettings = () => ({}),
): string {
  const ours = { ...nodeSettings(node, nodes, logDirectory), ...commonKafkaSettings(nodes.length) };
  const settings = { ...ours, ...overrides(node.id, ours) };
  return `${Object.entries(settings).map(([key, value]) => `${key}=${value}`).join('\n')}\n`;
}

/** The same as environment variables of the image `apache/kafka`: `node.id` is `KAFKA_NODE_ID` there. */
export function kafkaEnvironment(settings: Readonly<Record<string, string | number>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`KAFKA_${key.toUpperCase().replaceAll('.', '_')}`, String(value)]),
  );
}
