import { AlarmError, RetryableError } from '../errors.ts';

/** First word of a Redis error that means "ask again", with our code and what an operator can do. */
const ASK_AGAIN: Readonly<Record<string, readonly [code: string, advice: string]>> = {
  OOM: ['redis-oom', 'Redis has reached maxmemory: raise it or remove shards from this node'],
  MISCONF: ['redis-misconf', 'Redis cannot save and refuses writes: look at its disk and its log'],
  READONLY: ['redis-readonly', 'this is a replica: a fail-over is under way, or the address is not the master'],
  CLUSTERDOWN: ['redis-clusterdown', 'the cluster has no majority or uncovered slots'],
  MASTERDOWN: ['redis-masterdown', 'the replica has lost its master'],
  TRYAGAIN: ['redis-tryagain', 'the slot is being moved to another node'],
  MOVED: ['redis-redirected', 'the slot has moved'],
  ASK: ['redis-redirected', 'the slot is being moved to another node'],
  LOADING: ['redis-loading', 'Redis is reading its data from disk'],
  BUSY: ['redis-busy', 'a script runs for longer than busy-reply-threshold'],
  NOREPLICAS: ['redis-noreplicas', 'fewer replicas than min-replicas-to-write are in step'],
  NOSCRIPT: ['redis-noscript', 'the script cache was flushed between two tries'],
  UNBLOCKED: ['redis-unblocked', 'the role of the node changed while the command waited'],
};

/** First word of a Redis error that no repetition mends, with our code and what an operator can do. */
const STOP: Readonly<Record<string, readonly [code: string, advice: string]>> = {
  WRONGTYPE: [
    'redis-wrongtype',
    'a key of the shard holds another type: something else writes into this database. Give Millrace a database of its own, then `millrace rebuild` the shard',
  ],
  NOAUTH: ['redis-auth', 'Redis asks for a password: put user and password into the address (redis://user:password@host)'],
  WRONGPASS: ['redis-auth', 'user or password is wrong: correct them in the address (redis://user:password@host)'],
  NOPERM: [
    'redis-noperm',
    'the Redis user lacks a permission: allow it all keys of the shards and the commands of the categories read, write, scripting and connection',
  ],
  CROSSSLOT: ['redis-crossslot', 'keys of two shards met in one command: this is a bug in Millrace, report it'],
};

/** What the client says by itself when the server was not reached, or was lost before it answered. */
const CONNECTION = new RegExp(
  [
    'connection is (closed|discarded|aborted|not ready)',
    'due to connection close',
    'max retries per request',
    "stream isn't writeable",
    'socket timeout',
    '^timeout$',
    'none of startup nodes',
    'failed to refresh slots cache',
    "^cluster (is (ended|disconnect)|isn't ready)",
    'max number of clients',
    'ECONN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN',
  ].join('|'),
  'i',
);

const TLS = /certificate|^CERT_|ERR_TLS|ERR_SSL|ssl routines/i;

/**
 * Names an error of Redis or its client for what happens next.
 *
 * @param action What was being done and to what, as part of a sentence: `commit of shard u7`.
 * @param address Where: host and port, never a password.
 * @returns RetryableError when asking again can help (code `redis-…`), AlarmError when a person must look.
 */
export function redisError(error: unknown, action: string, address: string): RetryableError | AlarmError {
  if (error instanceof RetryableError || error instanceof AlarmError) return error;
  const cause = rootOf(error);
  const options = { cause };
  const said = `Redis at ${address}, ${action}: ${cause.message}`;
  const word = /^[A-Z]+/.exec(cause.message)?.[0] ?? '';

  const again = ASK_AGAIN[word];
  if (again !== undefined) return new RetryableError(again[0], `${said} — ${again[1]}.`, options);
  const stop = STOP[word];
  if (stop !== undefined) return new AlarmError(stop[0], `${said} — ${stop[1]}.`, options);

  if (cause.message.startsWith('Too many Cluster redirections')) {
    return new RetryableError('redis-redirected', `${said}. The cluster is moving slots or its nodes disagree.`, options);
  }
  if (cause.message === 'Command timed out') {
    return new RetryableError('redis-timeout', `${said}. Whether it was carried out is unknown.`, options);
  }
  if (CONNECTION.test(cause.message) || CONNECTION.test(codeOf(cause))) {
    return new RetryableError('redis-connection', `${said}. Whether it was carried out is unknown.`, options);
  }
  if (TLS.test(cause.message) || TLS.test(codeOf(cause))) {
    return new AlarmError('redis-tls', `${said} — TLS failed: look at the certificates, and whether this port speaks TLS.`, options);
  }
  if (/script/i.test(cause.message)) {
    return new AlarmError('redis-script', `${said} — a script failed: this is a bug in Millrace or a Redis older than 7.0.`, options);
  }
  return new AlarmError('redis-unexpected', `${said} — no such answer was expected.`, options);
}

/** The cluster client wraps what the last node said; that is what tells the story. */
function rootOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if ('lastNodeError' in error && error.lastNodeError instanceof Error) return error.lastNodeError;
  return error;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
