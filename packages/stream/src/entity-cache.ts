import type { Entity, EntityCodec } from './handler.ts';

interface CachedEntity extends Entity<unknown> {
  readonly codec: EntityCodec<never>;
  isDirty: boolean;
}

/** What a commit has to write for the entities that changed. */
export interface EntityChanges {
  readonly puts: (readonly [key: string, value: Buffer])[];
  readonly deletes: string[];
  readonly memos: (readonly [key: string, value: Buffer, ttlSeconds: number])[];
}

/**
 * The hot entities of one shard, decoded. The worker that owns the shard is the only writer, so what is here is what
 * the store holds, as long as the head is the one that the batch builds on.
 *
 * Bounded by two generations: what was not used while the younger one filled up is let go when it is full. That costs
 * one map access where an exact order of use would cost three.
 */
export class EntityCache {
  readonly #codecs: Readonly<Record<string, EntityCodec<never>>>;
  readonly #limitEntities: number;
  #young = new Map<string, CachedEntity>();
  #old = new Map<string, CachedEntity>();
  readonly #pinned = new Map<string, CachedEntity>();
  #dirty: CachedEntity[] = [];

  constructor(codecs: Readonly<Record<string, EntityCodec<never>>>, limitEntities: number) {
    this.#codecs = codecs;
    this.#limitEntities = limitEntities;
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  /** @throws Error when it was not loaded: the event did not name it. */
  get<T>(key: string): Entity<T> {
    const entity = this.#find(key);
    if (entity === undefined) throw new Error(`The fold asked for an entity of kind "${kindOf(key)}" that its event did not name.`);
    return entity as Entity<T>;
  }

  /** Takes in what the store holds. Pinned ones stay for as long as the shard is claimed. */
  load(key: string, bytes: Buffer | null, isPinned = false): void {
    const codec = this.#codecs[kindOf(key)];
    if (codec === undefined) throw new Error(`No codec is declared for keys of kind "${kindOf(key)}".`);
    const entity: CachedEntity = { key, value: codec.decode(bytes, key), codec, isDirty: false };
    (isPinned ? this.#pinned : this.#young).set(key, entity);
  }

  touch(entity: Entity<unknown>): void {
    const cached = entity as CachedEntity;
    if (cached.isDirty) return;
    cached.isDirty = true;
    this.#dirty.push(cached);
  }

  /** Bytes of everything touched since {@link settle}. */
  changes(): EntityChanges {
    const changes: EntityChanges = { puts: [], deletes: [], memos: [] };
    for (const { key, value, codec } of this.#dirty) {
      const bytes = codec.encode(value as never, key);
      if (codec.memoTtlSeconds !== undefined) {
        if (bytes === null) changes.deletes.push(key);
        else changes.memos.push([key, bytes, codec.memoTtlSeconds]);
      } else if (bytes === null) changes.deletes.push(key);
      else changes.puts.push([key, bytes]);
    }
    return changes;
  }

  /** The commit was applied: nothing is dirty any more, and room may be made. */
  settle(): void {
    for (const entity of this.#dirty) entity.isDirty = false;
    this.#dirty = [];
    if (this.#young.size * 2 <= this.#limitEntities) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  #find(key: string): CachedEntity | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#young.set(key, old);
      return old;
    }
    return this.#pinned.get(key);
  }
}

/** The kind of an entity: its key up to the colon. */
function kindOf(key: string): string {
  const colon = key.indexOf(':');
  return colon < 0 ? key : key.slice(0, colon);
}
