import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SetupError } from '@millrace/testkit/servers/setup-error';

/** What `npm start` was asked for. */
export interface StartOptions {
  readonly once: boolean;
  /** Events to replay with `--once`. */
  readonly events: number;
  readonly dataDir: string;
  readonly kafka: string | undefined;
  readonly redis: string | undefined;
  readonly registry: string | undefined;
  readonly kafkaPort: number | undefined;
  readonly redisPort: number | undefined;
  readonly shards: number;
  readonly prefix: string;
  /** Events a second; Infinity is as fast as it goes. */
  readonly speed: number;
  readonly seed: number;
}

export const START_HELP = `npm start -- [options]

Runs the whole pipeline on this machine: a Kafka broker and a Redis of its own, the topics, the two stream services,
and a real shop's year (UCI Online Retail; its click stream is simulated) streamed through them. Ctrl-C stops everything
in order; the next start goes on where this one stopped.

  --once             replay a part of the data in a directory of its own, wait until everything is folded, print a
                     summary and exit; the last line is one JSON object
  --events N         events of --once (default 100000; the whole year has about 1,060,000)
  --speed N|max      events a second while streaming (default 500)
  --data-dir DIR     where Kafka and Redis keep their data (default .millrace/data, with --once .millrace/once)
  --kafka HOST:PORT  use this Kafka instead of starting one (several brokers separated by commas)
  --redis URL        use this Redis instead of starting one: redis://host:port, redis-cluster://host:port,host:port
  --registry URL     use this schema registry instead of the schemas in this repository
  --kafka-port N     port of the Kafka that is started (default: a free one)
  --redis-port N     port of the Redis that is started (default: a free one)
  --shards N         partitions of every topic, fixed with the first start (default 8)
  --prefix TEXT      in front of every topic's name (default: none)
  --seed N           of the simulated clicks (default 1)
  --help             this text

Exit codes: 0 done or stopped by Ctrl-C, 1 something failed, 2 wrong options.
`;

const DEFAULT_EVENTS = 100_000;
const DEFAULT_SPEED = 500;

/** Wrong usage: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError naming the option, the value found and what is allowed; 'help' when help was asked for. */
export function parseStartOptions(args: readonly string[], repositoryRoot: string): StartOptions | 'help' {
  const text = { type: 'string' } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean' },
        help: { type: 'boolean' },
        events: text,
        speed: text,
        'data-dir': text,
        kafka: text,
        redis: text,
        registry: text,
        'kafka-port': text,
        'redis-port': text,
        shards: text,
        prefix: text,
        seed: text,
      },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message} npm start -- --help lists the options.`);
  }
  if (values.help === true) return 'help';
  const once = values.once === true;
  if (!once && values.events !== undefined) throw new UsageError('--events belongs to --once: without it the stream goes on until Ctrl-C.');
  return {
    once,
    events: whole('--events', values.events, DEFAULT_EVENTS, 100, 2_000_000),
    dataDir: resolve(repositoryRoot, values['data-dir'] ?? (once ? '.millrace/once' : '.millrace/data')),
    kafka: values.kafka,
    redis: values.redis,
    registry: values.registry,
    kafkaPort: optionalPort('--kafka-port', values['kafka-port']),
    redisPort: optionalPort('--redis-port', values['redis-port']),
    shards: whole('--shards', values.shards, 8, 1, 4_096),
    prefix: values.prefix ?? '',
    speed: values.speed === 'max' ? Number.POSITIVE_INFINITY : whole('--speed', values.speed, DEFAULT_SPEED, 1, 1_000_000, ' or max'),
    seed: whole('--seed', values.seed, 1, 0, 2 ** 31),
  };
}

function whole(name: string, text: string | undefined, otherwise: number, least: number, greatest: number, also = ''): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > greatest) {
    throw new UsageError(`${name} is "${text}"; it must be a whole number from ${least} to ${greatest}${also}.`);
  }
  return value;
}

function optionalPort(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : whole(name, text, 0, 1, 65_535);
}

/** A data directory was made with other options than these. */
export function mismatch(dataDir: string, what: string, was: unknown, is: unknown): SetupError {
  return new SetupError(`${dataDir} was made with ${what} ${String(was)}, and this start has ${String(is)}: state belongs to its partitions. Use the same value, or another --data-dir.`);
}
