import { replayHandler } from '@millrace/pipeline';
import { journalOf } from '@millrace/stream/claim';
import { AlarmError } from '@millrace/stream/errors';
import { digestOf, readShardState } from '@millrace/stream/shard-digest';
import { ShardReplay } from '@millrace/stream/shard-replay';
import { HEAD_KEY, shardName, type ShardId } from '@millrace/stream/state-store';
import type { VerifyParts } from '../verify/verify-shard.ts';

export interface RebuildOptions {
  /** Carry it out; otherwise only fold and say what would be written. */
  readonly write: boolean;
  /** Where the store has a state already, remove it first. */
  readonly replace: boolean;
}

/** What became of one shard. */
export interface RebuiltShard {
  readonly shard: string;
  /**
   * `written`; `would-write` without `write`; `has-state` where there is one and `replace` is not set; `not-begun` where
   * the log has nothing to fold.
   */
  readonly outcome: 'written' | 'would-write' | 'has-state' | 'not-begun';
  readonly keys: number;
  readonly timers: number;
  /** Of the values, without what Redis adds. */
  readonly bytes: number;
  /** Of the state folded; empty where nothing was. */
  readonly digest: string;
}

/**
 * Folds a shard from its genesis along its log into memory, and writes what came out: values in chunks, the head last. Of
 * a user shard the last journaled batch is left to the worker that claims it, because nobody knows whether it was
 * announced. Safe beside running workers: without a head they stand with the alarm `state-missing`, and once it is there they
 * take up the shard where it stands.
 *
 * @throws AlarmError when the log cannot be walked, or another worker began the shard meanwhile. @throws RetryableError
 */
export async function rebuildShard(
  { log, store, wire, shards }: VerifyParts,
  shard: ShardId,
  options: RebuildOptions,
): Promise<RebuiltShard> {
  const name = shardName(shard);
  const nothing = { shard: name, keys: 0, timers: 0, bytes: 0, digest: '' };
  const handler = replayHandler(shard.kind, wire, shards);
  const [bounds] = await log.bounds([journalOf({ handler }, shard)]);
  if (bounds!.first === 0 && bounds!.next === 0) return { ...nothing, outcome: 'not-begun' };
  const { head: present } = await store.read(shard, []);
  if (present !== null && !options.replace) return { ...nothing, outcome: 'has-state' };

  // Everything is folded before anything is removed: a log that cannot be walked leaves the state as it is.
  const replay = await ShardReplay.begin({ handler, log, journalCodec: wire.journalCodec }, shard);
  await replay.advanceToLastAnnounced();
  const folded = new Map(replay.store.snapshot(shard).values);
  const head = folded.get(HEAD_KEY)!;
  folded.delete(HEAD_KEY);
  const { timers } = await replay.store.timers(shard);
  const bytes = [...folded.values()].reduce((total, value) => total + value.length, head.length);
  const digest = digestOf(await readShardState(replay.store, shard));
  const result = { shard: name, keys: folded.size + 1, timers: timers.length, bytes, digest };
  if (!options.write) return { ...result, outcome: 'would-write' };

  await store.clear(shard);
  if (await store.writeState(shard, { head, values: folded, timers })) return { ...result, outcome: 'written' };
  throw new AlarmError(
    'rebuild-overtaken',
    `Shard ${name} got a head while it was being rebuilt, so somebody else writes to it: run "millrace verify --shard ${name}", and rebuild again with --replace if it differs.`,
  );
}
