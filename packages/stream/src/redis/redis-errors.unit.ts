import { describe, expect, test } from 'vitest';
import { AlarmError, RetryableError } from '../errors.ts';
import { redisError } from './redis-errors.ts';

describe('an error of Redis is named for what happens next', () => {
  test.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", 'redis-oom'],
    ["OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'", 'redis-oom'],
    ['MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk.', 'redis-misconf'],
    ["READONLY You can't write against a read only replica.", 'redis-readonly'],
    ['READONLY Can not run script with write flag on readonly replica.', 'redis-readonly'],
    ['CLUSTERDOWN The cluster is down', 'redis-clusterdown'],
    ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 'redis-masterdown'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'redis-tryagain'],
    ['MOVED 3999 127.0.0.1:6381', 'redis-redirected'],
    ['Too many Cluster redirections. Last error: ReplyError: MOVED 3999 127.0.0.1:6381', 'redis-redirected'],
    ['LOADING Redis is loading the dataset in memory', 'redis-loading'],
    ['BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.', 'redis-busy'],
    ['NOREPLICAS Not enough good replicas to write.', 'redis-noreplicas'],
    ['NOSCRIPT No matching script. Please use EVAL.', 'redis-noscript'],
    ['Command timed out', 'redis-timeout'],
    ['Connection is closed.', 'redis-connection'],
    ['Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.', 'redis-connection'],
    ['Command aborted due to connection close', 'redis-connection'],
    ['connect ECONNREFUSED 127.0.0.1:6379', 'redis-connection'],
    ['read ECONNRESET', 'redis-connection'],
    ['getaddrinfo EAI_AGAIN cache.example', 'redis-connection'],
    ['Failed to refresh slots cache.', 'redis-connection'],
    ['None of startup nodes is available', 'redis-connection'],
    ['timeout', 'redis-connection'],
    ['Cluster is ended.', 'redis-connection'],
    ['ERR max number of clients reached', 'redis-connection'],
  ])('ask again: %s', (message, code) => {
    const error = redisError(new Error(message), 'commit of shard u7', 'h:1');
    expect(error).toBeInstanceOf(RetryableError);
    expect(error.code).toBe(code);
    expect(error.message).toContain('Redis at h:1, commit of shard u7');
  });

  test.each([
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'redis-wrongtype'],
    ['NOAUTH Authentication required.', 'redis-auth'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'redis-auth'],
    ["NOPERM this user has no permissions to run the 'eval' command", 'redis-noperm'],
    ["CROSSSLOT Keys in request don't hash to the same slot", 'redis-crossslot'],
    ['ERR user_script:12: attempt to index a nil value script: 0123, on @user_script:12.', 'redis-script'],
    ['self-signed certificate in certificate chain', 'redis-tls'],
    ["ERR unknown command 'FOO'", 'redis-unexpected'],
  ])('stop and say what to do: %s', (message, code) => {
    const error = redisError(new Error(message), 'read of shard i3', 'h:1');
    expect(error).toBeInstanceOf(AlarmError);
    expect(error.code).toBe(code);
  });

  test('a word inside the message does not count, only the first one', () => {
    expect(redisError(new Error("ERR unknown command 'OOM'"), 'x', 'h:1').code).toBe('redis-unexpected');
  });

  test('what the last node said counts when the cluster client gives up', () => {
    const wrapped = Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError: new Error('WRONGPASS no') });
    expect(redisError(wrapped, 'x', 'h:1').code).toBe('redis-auth');
  });

  test('a named error stays what it is; the cause is kept', () => {
    const named = new RetryableError('redis-closed', 'closed');
    expect(redisError(named, 'x', 'h:1')).toBe(named);
    const cause = new Error('Connection is closed.');
    expect(redisError(cause, 'x', 'h:1').cause).toBe(cause);
    expect(redisError('text', 'x', 'h:1').message).toContain('text');
  });
});
