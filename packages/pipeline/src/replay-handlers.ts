import { DEFAULT_FOLD_PARAMETERS, DEFAULT_NEIGHBOUR_CACHE_LIMITS } from '@millrace/algorithms';
import type { StreamHandler } from '@millrace/stream/handler';
import { MemoryStateStore } from '@millrace/stream/memory-state-store';
import type { ShardKind } from '@millrace/stream/state-store';
import { ItemStream, type ItemShardEvent } from './item/item-stream.ts';
import type { WireTools } from './process/wire-tools.ts';
import { ListRenderer } from './user/list-renderer.ts';
import { UserStream, type UserShardEvent } from './user/user-stream.ts';

/** An event of either stream. */
export type PipelineEvent = UserShardEvent | ItemShardEvent;

/** A replay renders no list, so what would be kept for lists is kept as small as it gets. */
const NO_LISTS = { ...DEFAULT_NEIGHBOUR_CACHE_LIMITS, catalogMaxAgeMs: 0, maxAvailabilities: 0 };

/**
 * The handler that folds shards of one kind again: the same decoding, fold and announcements as in the services. Lists are
 * no part of a replay, because they look at other shards at the moment when they are made.
 *
 * One handler serves any number of shards; a new one for each lets go of the item ids that the last one met.
 *
 * @param shards of the pipeline, which is also the number of item shards.
 */
export function replayHandler(kind: ShardKind, wire: WireTools, shards: number): StreamHandler<PipelineEvent> {
  if (kind === 'i') return new ItemStream(wire);
  return new UserStream({
    ...wire,
    itemShards: shards,
    renderer: new ListRenderer(new MemoryStateStore(), shards, DEFAULT_FOLD_PARAMETERS, NO_LISTS),
    lists: { length: 0, maxAgeMs: 0 },
    listObserver: { published: () => undefined },
  });
}
