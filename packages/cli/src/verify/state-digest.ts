import { createHash } from 'node:crypto';
import { digestOf, readShardState } from '@millrace/stream/shard-digest';
import { shardName, type ShardId, type StateAdmin, type StateStore } from '@millrace/stream/state-store';

/** The state of a pipeline in one line: SHA-256 over its shards' digests, and those. Hexadecimal. */
export interface StateDigest {
  readonly digest: string;
  readonly shards: readonly { readonly shard: string; readonly digest: string }[];
}

/** Every shard of a pipeline, user shards first. */
export function allShards(shards: number): ShardId[] {
  return (['u', 'i'] as const).flatMap((kind) => Array.from({ length: shards }, (_, number) => ({ kind, number })));
}

/**
 * The digest of what the store holds now, of the given shards or of all. Exact for a pipeline at rest; one at work moves
 * while it is read.
 *
 * @throws RetryableError when the store does not answer.
 */
export async function stateDigest(
  store: StateStore & StateAdmin,
  shards: number | readonly ShardId[],
): Promise<StateDigest> {
  const wanted = typeof shards === 'number' ? allShards(shards) : shards;
  const digests: { shard: string; digest: string }[] = [];
  for (const shard of wanted) {
    digests.push({ shard: shardName(shard), digest: digestOf(await readShardState(store, shard)) });
  }
  return { digest: digestOfShards(digests.map(({ digest }) => digest)), shards: digests };
}

/** One digest for many: SHA-256 over the sorted digests, one a line. */
export function digestOfShards(digests: readonly string[]): string {
  return createHash('sha256').update([...digests].sort().join('\n')).digest('hex');
}
