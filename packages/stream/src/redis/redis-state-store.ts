import { AlarmError } from '../errors.ts';
import {
  HEAD_KEY,
  OWNER_KEY,
  shardName,
  TIMERS_KEY,
  ATTEMPTS_KEY,
  type CommitOutcome,
  type ShardCommit,
  type ShardHead,
  type ShardId,
  type StateAdmin,
  type StateStore,
  type Timer,
  type WholeState,
} from '../state-store.ts';
import type { RedisConnection } from './redis-connection.ts';

const TOKEN_BYTES = 8;
/** Keys in one command of a read that need not be of one instant: short enough that no other shard waits for it. */
const KEYS_PER_PEEK = 1_000;
const KEYS_PER_ADMIN_CALL = 500;
const SCAN_BUCKETS_PER_CALL = 1_000;
const LONGEST_MEMO_TTL_S = 2 ** 31 - 1;

const OUTCOMES: readonly CommitOutcome[] = ['refused', 'applied', 'already'];

/**
 * The state store on Redis, standalone or Cluster.
 *
 * The logical key `p:42` of user shard 7 is the Redis key `{u7}p:42`: the text in braces decides the slot, so that all
 * keys of a shard live on one node and one script can change them together. Timers are the sorted set `{u7}timers`,
 * attempts the hash `{u7}attempts`, everything else strings.
 *
 * Values that come back may be views into a receive buffer of up to 64 KB: copy what is kept for long.
 */
export class RedisStateStore implements StateStore, StateAdmin {
  readonly #connection: RedisConnection;
  /** Shards that this process has committed to, so that the user is known to have all permissions. */
  readonly #permitted = new Set<string>();

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  async read(shard: ShardId, keys: readonly string[]): Promise<ShardHead & { readonly values: (Buffer | null)[] }> {
    const tag = hashTag(shard);
    const names = [tag + HEAD_KEY, tag + OWNER_KEY];
    for (const key of keys) names.push(tag + key);
    const values = await this.#run('read of', shard, () => this.#connection.client.mgetBuffer(names));
    const [head = null, owner = null] = values.splice(0, 2);
    return { head, owner: textOf(owner), values };
  }

  async dueTimers(
    shard: ShardId,
    dueUpToMs: number,
    limit: number,
  ): Promise<ShardHead & { readonly timers: Timer[]; readonly nextDueMs: number | null }> {
    const tag = hashTag(shard);
    const [head, owner, due, first] = await this.#run('timers of', shard, () =>
      this.#connection.scripts.millraceDueTimersBuffer(
        3,
        tag + HEAD_KEY,
        tag + OWNER_KEY,
        tag + TIMERS_KEY,
        dueUpToMs === Number.POSITIVE_INFINITY ? '+inf' : String(dueUpToMs),
        String(limit),
      ),
    );
    const timers: Timer[] = [];
    for (let i = 0; i + 1 < due.length; i += 2) {
      timers.push({ name: String(due[i]), dueMs: Number(due[i + 1]) });
    }
    return { head, owner: textOf(owner), timers, nextDueMs: first === null ? null : Number(first) };
  }

  async commit(shard: ShardId, commit: ShardCommit): Promise<CommitOutcome> {
    checkCommit(shard, commit);
    const tag = hashTag(shard);
    const { puts, deletes, timersSet, timersCancelled, memos } = commit;
    const keys: string[] = [tag + HEAD_KEY, tag + TIMERS_KEY];
    const values: (string | Buffer)[] = [
      commit.parentToken ?? '',
      commit.head,
      String(puts.length),
      String(deletes.length),
      String(timersCancelled.length),
      String(timersSet.length),
      this.#permitted.has(tag) ? '0' : '1',
    ];
    for (const [key, value] of puts) {
      keys.push(tag + key);
      values.push(value);
    }
    for (const key of deletes) keys.push(tag + key);
    for (const name of timersCancelled) values.push(name);
    for (const { dueMs, name } of timersSet) values.push(String(dueMs), name);
    for (const [key, value, ttlSeconds] of memos) {
      keys.push(tag + key);
      values.push(value, String(ttlSeconds));
    }
    const reply = await this.#run('commit of', shard, () =>
      this.#connection.scripts.millraceCommitBuffer(keys.length, keys, values),
    );
    const outcome = OUTCOMES[reply];
    if (outcome === undefined) {
      throw new AlarmError('redis-unexpected', `The commit script answered ${reply} for shard ${shardName(shard)}.`);
    }
    if (outcome === 'applied') this.#permitted.add(tag);
    return outcome;
  }

  async own(shard: ShardId, owner: string): Promise<void> {
    await this.#run('owner of', shard, () => this.#connection.client.set(hashTag(shard) + OWNER_KEY, owner));
  }

  /** Whole values are cheaper than prefixes up to about 1 KB each: the server cuts in a script, which costs 1 µs a key. */
  async peek(shard: ShardId, keys: readonly string[], bytes?: number): Promise<(Buffer | null)[]> {
    const { client, scripts } = this.#connection;
    const chunks = chunksOf(keysOf(shard, keys), KEYS_PER_PEEK);
    // GETRANGE has no answer of zero bytes, so one is read and cut off here.
    const length = String(Math.max(bytes ?? 0, 1));
    const replies = await this.#run('peek into', shard, () =>
      Promise.all(
        chunks.map((chunk) =>
          bytes === undefined
            ? client.mgetBuffer(chunk)
            : scripts.millracePeekPrefixBuffer(chunk.length, chunk, length),
        ),
      ),
    );
    const values = replies.flat();
    return bytes === 0 ? values.map((value) => value?.subarray(0, 0) ?? null) : values;
  }

  async countAttempt(
    shard: ShardId,
    token: Buffer,
    mark: string,
  ): Promise<{ attempts: number; previousMark: string | null }> {
    const [attempts, previousMark] = await this.#run('attempts of', shard, () =>
      this.#connection.scripts.millraceCountAttemptBuffer(1, hashTag(shard) + ATTEMPTS_KEY, token, mark),
    );
    return { attempts, previousMark: textOf(previousMark) };
  }

  /** Walks the whole node, for Redis has no index of a shard's keys: for tools, not for the engine. */
  async *keys(shard: ShardId): AsyncIterable<string[]> {
    const tag = hashTag(shard);
    const pattern = `${globLiteral(tag)}*`;
    // SCAN may answer a key twice when the table shrinks meanwhile; a digest must not.
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const [next, names] = await this.#run('scan of', shard, () =>
        this.#connection.scripts.millraceScanBuffer(1, tag + HEAD_KEY, cursor, pattern, String(SCAN_BUCKETS_PER_CALL)),
      );
      const batch: string[] = [];
      for (const name of names) {
        const key = name.toString().slice(tag.length);
        if (seen.has(key)) continue;
        seen.add(key);
        batch.push(key);
      }
      if (batch.length > 0) yield batch;
      cursor = String(next);
    } while (cursor !== '0');
  }

  async timers(shard: ShardId): Promise<ShardHead & { readonly timers: Timer[] }> {
    const { head, owner, timers } = await this.dueTimers(shard, Number.POSITIVE_INFINITY, -1);
    return { head, owner, timers };
  }

  async memoryBytes(shard: ShardId): Promise<{ bytes: number; keys: number }> {
    const { scripts } = this.#connection;
    let bytes = 0;
    let found = 0;
    for await (const batch of this.keys(shard)) {
      const chunks = chunksOf(keysOf(shard, batch), KEYS_PER_ADMIN_CALL);
      const replies = await this.#run('memory of', shard, () =>
        Promise.all(chunks.map((chunk) => scripts.millraceMemoryUsageBuffer(chunk.length, chunk))),
      );
      for (const [bytesOfChunk, foundInChunk] of replies) {
        bytes += bytesOfChunk;
        found += foundInChunk;
      }
    }
    return { bytes, keys: found };
  }

  async clear(shard: ShardId): Promise<void> {
    const { client } = this.#connection;
    await this.#run('clearing of', shard, () => client.unlink(hashTag(shard) + HEAD_KEY));
    for await (const batch of this.keys(shard)) {
      const chunks = chunksOf(keysOf(shard, batch), KEYS_PER_ADMIN_CALL);
      await this.#run('clearing of', shard, () => Promise.all(chunks.map((chunk) => client.unlink(chunk))));
    }
  }

  async writeState(shard: ShardId, { head, values, timers }: WholeState): Promise<boolean> {
    const { client } = this.#connection;
    const tag = hashTag(shard);
    const { head: present } = await this.read(shard, []);
    if (present !== null) return false;
    for (const chunk of chunksOf([...values], KEYS_PER_ADMIN_CALL)) {
      const pairs = chunk.flatMap(([key, value]) => [tag + key, value]);
      await this.#run('writing of', shard, () => client.mset(...pairs));
    }
    for (const chunk of chunksOf(timers, KEYS_PER_ADMIN_CALL)) {
      const members = chunk.flatMap(({ dueMs, name }) => [dueMs, name]);
      await this.#run('writing of', shard, () => client.zadd(tag + TIMERS_KEY, ...members));
    }
    return (await this.#run('writing of', shard, () => client.set(tag + HEAD_KEY, head, 'NX'))) === 'OK';
  }

  #run<T>(action: string, shard: ShardId, commands: () => Promise<T>): Promise<T> {
    return this.#connection.run(`${action} shard ${shardName(shard)}`, commands);
  }
}

/** `{u7}`: the part of a Redis key that decides its slot. */
function hashTag(shard: ShardId): string {
  return `{${shardName(shard)}}`;
}

function keysOf(shard: ShardId, keys: readonly string[]): string[] {
  const tag = hashTag(shard);
  return keys.map((key) => tag + key);
}

function textOf(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString();
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let from = 0; from < items.length; from += size) chunks.push(items.slice(from, from + size));
  return chunks;
}

/** Text that SCAN's MATCH takes as it is. */
function globLiteral(text: string): string {
  return text.replace(/[\\*?[\]^]/g, '\\$&');
}

/** What the script could only find out half-way is refused before anything is sent. */
function checkCommit(shard: ShardId, commit: ShardCommit): void {
  const wrong = wrongWith(commit);
  if (wrong === null) return;
  throw new AlarmError('commit-invalid', `The commit of shard ${shardName(shard)} was not sent: ${wrong}.`);
}

function wrongWith({ parentToken, head, timersSet, memos }: ShardCommit): string | null {
  if (parentToken !== null && parentToken.length !== TOKEN_BYTES) {
    return `the parent token must have ${TOKEN_BYTES} bytes, it has ${parentToken.length}`;
  }
  if (head.length < TOKEN_BYTES) {
    return `the head must begin with a token of ${TOKEN_BYTES} bytes, it has ${head.length} in all`;
  }
  const timer = timersSet.find(({ dueMs }) => !Number.isSafeInteger(dueMs));
  if (timer !== undefined) return `the due time of a timer must be a whole number of milliseconds, it is ${timer.dueMs}`;
  const memo = memos.find(([, , ttl]) => !Number.isInteger(ttl) || ttl < 1 || ttl > LONGEST_MEMO_TTL_S);
  if (memo !== undefined) {
    return `a memo must live for a whole number of seconds from 1 to ${LONGEST_MEMO_TTL_S}, not ${memo[2]}`;
  }
  return null;
}
