import type { Log, TopicPartition } from '@millrace/stream/log';
import { decodeHead, type ShardPosition } from '@millrace/stream/shard-head';
import { HEAD_KEY, type ShardKind, type StateStore } from '@millrace/stream/state-store';

/** How far the shards of one stream are, by what Redis and Kafka say, not by what the workers say of themselves. */
export interface StreamProgress {
  /** Records between the positions and the ends of the inputs, all shards together. */
  readonly lagRecords: number;
  /** Shards that have begun. */
  readonly begun: number;
  readonly positions: readonly (ShardPosition | undefined)[];
}

/** @param inputs topics on the broker in the order of the stream's inputs */
export async function streamProgress(
  log: Log,
  store: StateStore,
  kind: ShardKind,
  shards: number,
  inputs: readonly string[],
): Promise<StreamProgress> {
  const numbers = Array.from({ length: shards }, (_, number) => number);
  const partitions: TopicPartition[] = numbers.flatMap((partition) => inputs.map((topic) => ({ topic, partition })));
  const bounds = await log.bounds(partitions);
  const heads = await Promise.all(numbers.map((number) => store.peek({ kind, number }, [HEAD_KEY])));
  const positions = heads.map(([head]) => (head === null || head === undefined ? undefined : decodeHead(head)));
  let lagRecords = 0;
  partitions.forEach(({ partition, topic }, i) => {
    const position = positions[partition]?.positions[inputs.indexOf(topic)] ?? bounds[i]!.first;
    lagRecords += Math.max(0, bounds[i]!.next - position);
  });
  return { lagRecords, begun: positions.filter((position) => position !== undefined).length, positions };
}
