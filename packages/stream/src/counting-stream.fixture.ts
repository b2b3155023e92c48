import type { EntityCodec, ShardFold, ShardScope, StreamHandler } from './handler.ts';
import type { Append } from './log.ts';

/** An event of {@link CountingStream}. */
export interface CountedEvent {
  readonly user: string;
  readonly timeMs: number;
  /** Sets the user's timer. */
  readonly dueMs?: number;
  /** Its fold throws. */
  readonly isPoison?: boolean;
}

export interface CountedUser {
  events: number;
  fired: number[];
}

/** The smallest stream that uses every part of the engine: it counts events by user, and announces each. */
export class CountingStream implements StreamHandler<CountedEvent> {
  readonly spec = {
    name: 'counting',
    kind: 'u',
    inputs: ['first', 'second'],
    journal: 'journal',
    deadLetters: 'dead',
    downstream: null,
    foldVersion: 1,
  } as const;
  readonly codecs = {
    u: {
      decode: (bytes) => (bytes === null ? { events: 0, fired: [] } : (JSON.parse(bytes.toString()) as CountedUser)),
      encode: (user: CountedUser) => (user.events === 0 ? null : Buffer.from(JSON.stringify(user))),
    } as EntityCodec<CountedUser> as EntityCodec<never>,
  };
  /** Ids of schemas that are known by now. */
  readonly schemas = new Set<number>();

  decode(_input: number, { value }: { readonly value: Buffer | null }): ReturnType<StreamHandler<CountedEvent>['decode']> {
    const text = value!.toString();
    const schema = /^schema (\d+) /.exec(text);
    if (schema !== null && !this.schemas.has(Number(schema[1]))) return { kind: 'wait', schemaId: Number(schema[1]) };
    if (text.startsWith('broken')) return { kind: 'dead', reason: 'unreadable', detail: 'it says so itself' };
    const event = JSON.parse(text.slice(schema?.[0].length ?? 0)) as CountedEvent;
    return { kind: 'event', event, timeMs: event.timeMs, keys: [`u:${event.user}`] };
  }

  learnSchema(schemaId: number): Promise<boolean> {
    return Promise.resolve(this.schemas.has(schemaId));
  }

  open(scope: ShardScope): ShardFold<CountedEvent> {
    let said: string[] = [];
    return {
      shardKeys: [],
      keysOfTimer: (name) => [`u:${name}`],
      begin: () => {
        said = [];
      },
      fold: ({ user, dueMs, isPoison }, { topic, offset }) => {
        if (isPoison === true) throw new TypeError('poison');
        const entity = scope.entity<CountedUser>(`u:${user}`);
        entity.value.events++;
        scope.touch(entity);
        if (dueMs !== undefined) scope.setTimer(user, dueMs);
        said.push(`${topic}/${offset} at ${scope.clockMs}`);
      },
      fire: ({ name, dueMs }) => {
        const entity = scope.entity<CountedUser>(`u:${name}`);
        entity.value.fired.push(dueMs);
        scope.touch(entity);
        said.push(`fired ${name} ${dueMs}`);
      },
      announcements: ({ journalOffset }): Append[] =>
        said.map((what) => ({
          topic: 'said',
          partition: scope.shard.number,
          records: [{ key: null, value: Buffer.from(`${journalOffset}: ${what}`) }],
        })),
      render: () => Promise.resolve([]),
      announced: () => undefined,
    };
  }
}
