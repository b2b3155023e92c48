import type { ShardId } from '@millrace/stream/state-store';
import { UsageError } from '../command/usage-error.ts';

/**
 * The shard that a name such as `u7` or `i3` stands for.
 *
 * @param shards of each stream
 * @throws UsageError when there is no such shard.
 */
export function parseShard(name: string, shards: number): ShardId {
  const match = /^([ui])(\d{1,6})$/.exec(name);
  if (match === null) throw new UsageError(`"${name}" is no shard: u7 is user shard 7, i3 is item shard 3.`);
  const number = Number(match[2]);
  if (number >= shards) throw new UsageError(`There is no shard ${name}: this pipeline has ${shards} of each kind, from 0 to ${shards - 1}.`);
  return { kind: match[1] as ShardId['kind'], number };
}
