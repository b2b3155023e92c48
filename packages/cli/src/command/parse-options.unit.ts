import { describe, expect, test } from 'vitest';
import { defineCommand } from './command.ts';
import { oneOfWords, parseOptions, requireWords, wholeNumber } from './parse-options.ts';
import { UsageError } from './usage-error.ts';

const command = defineCommand({
  name: 'test',
  summary: '',
  usage: 'user ID',
  about: '',
  examples: [],
  exitCodes: [],
  options: {
    shard: { type: 'string', value: 'SHARD', doc: '' },
    replace: { type: 'boolean', doc: '' },
  },
  words: [1, 2],
  run: () => Promise.resolve(0),
});

describe('options', () => {
  test('stand anywhere, with = or without', () => {
    expect(parseOptions(command, ['a', '--shard', 'u7', 'b', '--json'])).toEqual({
      values: { shard: 'u7', replace: false, json: true, help: false },
      positionals: ['a', 'b'],
    });
    expect(parseOptions(command, ['--shard=u7', '--replace', '-h']).values).toEqual({ shard: 'u7', replace: true, json: false, help: true });
  });

  test('end at --, so that an id may begin with a dash', () => {
    expect(parseOptions(command, ['user', '--', '--shard']).positionals).toEqual(['user', '--shard']);
  });

  test.for([
    [['--shrad', 'u7'], 'There is no option --shrad; did you mean --shard.'],
    [['-x'], 'There is no option -x.'],
    [['--__proto__'], 'There is no option --__proto__.'],
    [['--shard'], '--shard needs a value: --shard SHARD.'],
    [['--shard', 'u1', '--shard', 'u2'], '--shard is given twice.'],
    [['--replace=yes'], '--replace takes no value, "yes" was given.'],
  ] as const)('%j: %s', ([args, message]) => {
    expect(() => parseOptions(command, args)).toThrow(new UsageError(message));
  });

  test('words must be as many as the command takes', () => {
    expect(() => requireWords(command as never, [])).toThrow('"millrace test" needs user ID.');
    expect(() => requireWords(command as never, ['user', '42', '43'])).toThrow('"millrace test" does not know what to do with "43": it takes user ID.');
  });

  test('numbers must be whole and inside their range', () => {
    expect(wholeNumber('count', '10', 0, 10)).toBe(10);
    expect(wholeNumber('count', undefined, 0, 10)).toBeUndefined();
    for (const text of ['11', '-1', '1.5', '1e1', '', 'ten']) {
      expect(() => wholeNumber('count', text, 0, 10)).toThrow(`--count is "${text}", allowed is a whole number from 0 to 10.`);
    }
  });

  test('choices suggest the nearest', () => {
    expect(oneOfWords('What', 'check', ['create', 'check'])).toBe('check');
    expect(() => oneOfWords('What', 'chek', ['create', 'check'])).toThrow('What is "chek", allowed is create or check; did you mean check.');
  });
});
