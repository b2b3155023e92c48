import { RegistryError } from '@millrace/events';
import { ConfigError } from '@millrace/runtime';
import { AlarmError, RetryableError } from '@millrace/stream/errors';
import { SetupError } from '@millrace/testkit/servers/setup-error';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from './commands.ts';
import { explainFailure } from './command/explain-failure.ts';
import { UsageError } from './command/usage-error.ts';
import { runCommandLine } from './run-command-line.ts';

async function millrace(args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runCommandLine(args, {
    env,
    write: (text) => (out += text),
    writeError: (text) => (err += text),
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

describe('the command line', () => {
  test('lists every command without a word, and with --help', async () => {
    const help = await millrace(['--help']);
    expect(help.code).toBe(0);
    for (const { name, summary } of COMMANDS) expect(help.out).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'));
    expect(await millrace([])).toMatchObject({ code: 2, out: help.out });
  });

  test.for(COMMANDS.map(({ name }) => name))('%s --help teaches: what, examples, options, exit codes', async (name) => {
    const { code, out } = await millrace([name, '--help']);
    expect(code).toBe(0);
    for (const heading of [`millrace ${name}`, 'Examples', 'Options', 'Exit codes']) expect(out).toContain(heading);
    const command = COMMANDS.find((one) => one.name === name)!;
    for (const option of Object.keys(command.options)) expect(out).toContain(`--${option}`);
    for (const [example] of command.examples) expect(example).toContain(`millrace ${name}`);
    expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect((await millrace(['help', name])).out).toBe(out);
  });

  test('suggests the nearest command', async () => {
    const { code, err } = await millrace(['verfy']);
    expect(code).toBe(2);
    expect(err).toMatch(/^There is no command "verfy"; did you mean verify\./);
    expect(err).toContain('See "millrace --help".');
  });

  test('says every wrong setting at once, before anything is started', async () => {
    const { code, err } = await millrace(['verify', '--shards', '0', '--redis', 'http://x', '--kafka', 'nowhere']);
    expect(code).toBe(2);
    expect(err).toContain('3 errors in the configuration');
  });

  test.for([
    [['rebuild'], 'Say which shard: either --shard SHARD or --all.'],
    [['rebuild', '--all', '--shard', 'u1'], 'Say which shard: either --shard SHARD or --all.'],
    [['verify', '--kafka', 'h:1', '--redis', 'redis://h', '--shard', 'x7'], '"x7" is no shard: u7 is user shard 7, i3 is item shard 3.'],
    [['verify', '--kafka', 'h:1', '--redis', 'redis://h', '--shard', 'u8'], 'There is no shard u8: this pipeline has 8 of each kind, from 0 to 7.'],
    [['inspect', 'usr', '1'], 'What to inspect is "usr", allowed is user or item or shard; did you mean user.'],
    [['replay', 'x', '--speed', 'fast'], '--speed is "fast", allowed is a number above 0, or max.'],
    [['replay', 'x', '--from', 'May'], '--from is "May"'],
    [['tail', 'letters'], 'What to print is "letters"'],
    [['config'], 'Say which service'],
  ] as const)('%j is wrong usage', async ([args, message]) => {
    const { code, err } = await millrace(args);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain(`See "millrace ${args[0]} --help".`);
  });

  test('puts a failure into JSON too', async () => {
    const { out } = await millrace(['rebuild', '--json']);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'usage' } });
  });
});

describe('config', () => {
  test('masks secrets and says where values come from', async () => {
    const { code, out } = await millrace(['config', '--service', 'user-stream', '--print', '--json'], {
      MILLRACE_REDIS_PASSWORD: 'hush-hush',
      MILLRACE_SHARDS: '64',
    });
    expect(code).toBe(0);
    expect(out).not.toContain('hush-hush');
    const { settings } = JSON.parse(out) as { settings: { key: string; value: string; origin: string }[] };
    expect(settings.find(({ key }) => key === 'shards')).toMatchObject({ value: '64', origin: 'environment MILLRACE_SHARDS' });
  });

  test('ends with 2 and names every problem of a wrong configuration', async () => {
    const { code, err } = await millrace(['config', '--service', 'item-stream', '--print'], { MILLRACE_SHARDS: 'many', MILLRACE_KAFKA_BROKER: 'x:1' });
    expect(code).toBe(2);
    expect(err).toContain('found "many"');
    expect(err).toContain('did you mean MILLRACE_KAFKA_BROKERS');
  });
});

describe('failures', () => {
  test.for([
    [new UsageError('Wrong.'), 2, 'usage'],
    [new ConfigError([]), 2, 'config'],
    [new AlarmError('state-missing', 'Gone.'), 3, 'state-missing'],
    [new RetryableError('redis-connection', 'Down.'), 3, 'redis-connection'],
    [new SetupError('No Java.'), 3, 'setup'],
    [new RegistryError('No answer.', true), 3, 'registry'],
  ] as const)('%s', ([error, exitCode, code]) => {
    const failure = explainFailure(error, 'verify');
    expect(failure).toMatchObject({ exitCode, code });
    expect(failure.message.startsWith(error.message)).toBe(true);
    expect(failure.message).not.toMatch(/\n\s+at /);
  });

  test('anything else is a bug and shows its stack', () => {
    const failure = explainFailure(new TypeError('x is not a function'), 'verify');
    expect(failure.exitCode).toBe(70);
    expect(failure.message).toMatch(/\n\s+at /);
  });
});
