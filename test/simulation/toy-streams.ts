import type { Append, LogRecord } from '@millrace/stream/log';
import type {
  BatchIdentity,
  Cause,
  Decoded,
  EntityCodec,
  ShardFold,
  ShardScope,
  StreamHandler,
} from '@millrace/stream/handler';
import { AlarmError } from '@millrace/stream/errors';
import type { StateStore } from '@millrace/stream/state-store';

/**
 * Two streams as small as they can be and still need everything that the engine promises: a user stream that counts,
 * remembers the order, sets timers, announces and hands evidence on; an item stream that adds the evidence up. What
 * they must come to can be computed from the inputs by an oracle of a few lines.
 */

export const USER_SHARDS = 2;
export const ITEM_SHARDS = 2;
export const QUIET_AFTER_MS = 40;
/** Small, so that there are many parts to lose and to overtake each other. */
export const ADDS_PER_PART = 1;

export interface ToyEvent {
  readonly user: string;
  readonly t: number;
  readonly item: number;
  readonly n: number;
  readonly poison?: boolean;
}

export interface ToyUser {
  n: number;
  sum: number;
  hash: number;
  late: number;
  disorder: number;
  /** Last offset seen, by input topic. */
  seen: Record<string, number>;
}

interface ToyEvidence {
  readonly source: number;
  readonly incarnation: string;
  readonly journalOffset: number;
  readonly part: number;
  readonly adds: readonly (readonly [item: number, n: number])[];
}

function json<T>(fresh: () => T): EntityCodec<T> {
  return {
    decode: (bytes) => (bytes === null ? fresh() : (JSON.parse(bytes.toString()) as T)),
    encode: (value) => Buffer.from(JSON.stringify(value)),
  };
}

export const freshUser = (): ToyUser => ({ n: 0, sum: 0, hash: 7, late: 0, disorder: 0, seen: {} });

export class ToyUserStream implements StreamHandler<ToyEvent> {
  readonly spec = {
    name: 'toy-user',
    kind: 'u',
    inputs: ['big', 'small', 'control'],
    journal: 'user-journal',
    deadLetters: 'dead-letters',
    downstream: { kind: 'i', shards: ITEM_SHARDS },
    foldVersion: 1,
  } as const;
  readonly codecs = {
    u: json(freshUser) as EntityCodec<never>,
    q: json(() => ({ fired: 0 })) as EntityCodec<never>,
  };
  readonly #store: StateStore;

  /** @param store where lists look at the items: never part of the state. */
  constructor(store: StateStore) {
    this.#store = store;
  }

  decode(_input: number, record: LogRecord): Decoded<ToyEvent> {
    try {
      const event = JSON.parse(record.value!.toString()) as ToyEvent;
      return { kind: 'event', event, timeMs: event.t, keys: [`u:${event.user}`] };
    } catch {
      return { kind: 'dead', reason: 'unreadable', detail: 'not JSON' };
    }
  }

  learnSchema(): Promise<boolean> {
    return Promise.resolve(false);
  }

  open(scope: ShardScope): ShardFold<ToyEvent> {
    return new ToyUserFold(scope, this.#store);
  }
}

class ToyUserFold implements ShardFold<ToyEvent> {
  readonly shardKeys = ['q'];
  readonly #scope: ShardScope;
  readonly #store: StateStore;
  #adds: (readonly [number, number])[][] = [];
  #changes: { id: string; payload: string; user: string }[] = [];
  #lists = new Map<string, { id: string; item: number }>();

  constructor(scope: ShardScope, store: StateStore) {
    this.#scope = scope;
    this.#store = store;
  }

  keysOfTimer(name: string): readonly string[] {
    return [`u:${name.split('\0')[0]}`];
  }

  begin(): void {
    this.#adds = Array.from({ length: ITEM_SHARDS }, () => []);
    this.#changes = [];
    this.#lists = new Map();
  }

  fold(event: ToyEvent, { topic, partition, offset }: Cause): void {
    if (event.poison === true) throw new Error('this record kills its fold');
    const entity = this.#scope.entity<ToyUser>(`u:${event.user}`);
    const user = entity.value;
    user.n++;
    user.sum += event.n;
    user.hash = (Math.imul(user.hash, 31) + event.item * 1_000 + event.n) >>> 0;
    if (event.t < this.#scope.clockMs) user.late++;
    if (offset <= (user.seen[topic] ?? -1)) user.disorder++;
    user.seen[topic] = offset;
    this.#scope.touch(entity);
    // From the clock, not from the event: a late event must not set a due time that has fired already.
    this.#scope.setTimer(`${event.user}\0quiet`, this.#scope.clockMs + QUIET_AFTER_MS);
    this.#adds[event.item % ITEM_SHARDS]!.push([event.item, event.n]);
    const id = `${this.#scope.incarnation.toString('hex')}.${topic}.${partition}.${offset}`;
    if (this.#scope.coalesced) this.#scope.note('event-coalesced');
    if (user.n % 3 === 0) this.#changes.push({ id: `${id}.change`, payload: `${user.n}/${user.sum}`, user: event.user });
    this.#lists.set(this.#scope.coalesced ? event.user : id, { id: `${id}.list`, item: event.item });
  }

  fire({ name, dueMs }: { name: string; dueMs: number }): void {
    const user = name.split('\0')[0]!;
    const { hash } = this.#scope.entity<ToyUser>(`u:${user}`).value;
    const id = `${this.#scope.incarnation.toString('hex')}.quiet.${user}.${dueMs}`;
    this.#scope.note('timer-fired');
    // The number tells in which order the shard's timers fired.
    const quiet = this.#scope.entity<{ fired: number }>('q');
    this.#changes.push({ id, payload: `quiet ${hash} ${quiet.value.fired++}`, user });
    this.#scope.touch(quiet);
  }

  announcements({ journalOffset, incarnation }: BatchIdentity): Append[] {
    const source = this.#scope.shard.number;
    const appends: Append[] = [];
    this.#adds.forEach((adds, partition) => {
      const parts: ToyEvidence[] = [];
      for (let at = 0; at < adds.length; at += ADDS_PER_PART) {
        const evidence = { source, incarnation: incarnation.toString('hex'), journalOffset, part: parts.length };
        parts.push({ ...evidence, adds: adds.slice(at, at + ADDS_PER_PART) });
      }
      if (parts.length === 0) return;
      const records = parts.map((part) => ({ key: null, value: Buffer.from(JSON.stringify(part)) }));
      appends.push({ topic: 'item-evidence', partition, records });
    });
    for (const { id, payload, user } of this.#changes) {
      appends.push({
        topic: 'changes',
        partition: source,
        records: [{ key: Buffer.from(user), value: Buffer.from(payload), headers: { id } }],
      });
    }
    return appends;
  }

  announced(): void {
    // Nothing is measured here.
  }

  async render(): Promise<Append[]> {
    const lists = [...this.#lists.values()];
    const appends: Append[] = [];
    for (const { id, item } of lists) {
      const shard = { kind: 'i', number: item % ITEM_SHARDS } as const;
      const [value] = await this.#store.peek(shard, [`i:${item}`]);
      appends.push({
        topic: 'lists',
        partition: this.#scope.shard.number,
        records: [{ key: null, value: value ?? Buffer.from('none'), headers: { id } }],
      });
    }
    return appends;
  }
}

type ToyItemEvent = ToyEvidence | { readonly fact: number; readonly item: number };
interface Applied {
  incarnation: string;
  journalOffset: number;
  part: number;
}

export class ToyItemStream implements StreamHandler<ToyItemEvent> {
  readonly spec = {
    name: 'toy-item',
    kind: 'i',
    inputs: ['item-evidence', 'catalog'],
    journal: null,
    deadLetters: 'dead-letters',
    downstream: null,
    foldVersion: 1,
  } as const;
  readonly codecs = {
    i: json(() => ({ sum: 0 })) as EntityCodec<never>,
    f: json(() => ({ fact: 0 })) as EntityCodec<never>,
    s: json(() => ({})) as EntityCodec<never>,
  };

  decode(input: number, record: LogRecord): Decoded<ToyItemEvent> {
    const event = JSON.parse(record.value!.toString()) as ToyItemEvent;
    const keys = 'adds' in event ? event.adds.map(([item]) => `i:${item}`) : [`f:${event.item}`];
    return { kind: 'event', event, timeMs: input === 0 ? 1 : 0, keys };
  }

  learnSchema(): Promise<boolean> {
    return Promise.resolve(false);
  }

  open(scope: ShardScope): ShardFold<ToyItemEvent> {
    return {
      shardKeys: ['s'],
      keysOfTimer: () => [],
      begin: () => undefined,
      fold: (event) => foldItem(scope, event),
      fire: () => undefined,
      announcements: () => [],
      render: () => Promise.resolve([]),
      announced: () => undefined,
    };
  }
}

function foldItem(scope: ShardScope, event: ToyItemEvent): void {
  if (!('adds' in event)) {
    const fact = scope.entity<{ fact: number }>(`f:${event.item}`);
    fact.value.fact = event.fact;
    scope.touch(fact);
    return;
  }
  const applied = scope.entity<Record<string, Applied>>('s');
  const { source, incarnation, journalOffset, part } = event;
  const last = applied.value[source];
  if (last !== undefined && last.incarnation !== incarnation) throw new AlarmError('incarnation-unknown', 'unknown source');
  if (last !== undefined && (journalOffset < last.journalOffset || (journalOffset === last.journalOffset && part <= last.part))) {
    scope.note('evidence-skipped');
    return;
  }
  applied.value[source] = { incarnation, journalOffset, part };
  scope.touch(applied);
  for (const [item, n] of event.adds) {
    const entity = scope.entity<{ sum: number }>(`i:${item}`);
    entity.value.sum += n;
    scope.touch(entity);
  }
}
