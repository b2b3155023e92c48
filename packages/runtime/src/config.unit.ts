import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { boolean, durationMs, integer, number, oneOf, secret, string, stringList, url } from './config-fields.ts';
import { ConfigError, defineConfig, describeConfig, loadConfig, readConfig, secretValues, type ConfigProblem } from './config.ts';
import { environmentVariable } from './config-sources.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const schema = defineConfig({
  'kafka.brokers': stringList({ default: ['127.0.0.1:9092'], minItems: 1, maxItems: 3, pattern: /^[^:,]+:\d+$/, form: 'host:port', doc: 'Brokers to ask first.' }),
  'lists.maxAgeMs': durationMs({ default: 600_000, min: 0, max: 86_400_000, doc: 'Older events get no list.' }),
  'lists.coalesce': boolean({ default: true, doc: 'One list a user and batch while catching up.' }),
  'log.level': oneOf(['debug', 'info'], { default: 'info', doc: 'What is written to the log.' }),
  'ranking.share': number({ default: 0.5, min: 0, max: 1, doc: 'A share.' }),
  'redis.password': secret({ default: undefined, doc: 'Password of Redis.' }),
  'redis.url': url({ default: 'redis://127.0.0.1:6379', protocols: ['redis:', 'rediss:'], doc: 'Where Redis is.' }),
  'topic.prefix': string({ default: undefined, pattern: /^[a-z]+$/, form: 'lower-case letters', doc: 'Put in front of every topic.' }),
  shards: integer({ default: 8, min: 1, max: 256, doc: 'Shards of a stream.' }),
});

function problemsOf(env: Record<string, string>): readonly ConfigProblem[] {
  return readConfig(schema, { env }).problems;
}

describe('values', () => {
  test('defaults stand where nothing is given, with their types', () => {
    const config = loadConfig(schema, { env: { PATH: '/bin' } });
    expect(config).toEqual({
      'kafka.brokers': ['127.0.0.1:9092'],
      'lists.maxAgeMs': 600_000,
      'lists.coalesce': true,
      'log.level': 'info',
      'ranking.share': 0.5,
      'redis.password': undefined,
      'redis.url': 'redis://127.0.0.1:6379',
      'topic.prefix': undefined,
      shards: 8,
    });
    expectTypeOf(config['lists.maxAgeMs']).toEqualTypeOf<number>();
    expectTypeOf(config['log.level']).toEqualTypeOf<'debug' | 'info'>();
    expectTypeOf(config['redis.password']).toEqualTypeOf<string | undefined>();
    expectTypeOf(config['kafka.brokers']).toEqualTypeOf<readonly string[]>();
  });

  test('the environment wins over the file, the file over the default', () => {
    const path = file('order.json', { kafka: { brokers: ['file:1'] }, 'lists.maxAgeMs': 5, shards: 4 });
    const read = readConfig(schema, { env: { MILLRACE_CONFIG: path, MILLRACE_SHARDS: '16' } });
    expect(read.problems).toEqual([]);
    expect(read.values).toMatchObject({ 'kafka.brokers': ['file:1'], 'lists.maxAgeMs': 5, shards: 16, 'lists.coalesce': true });
    expect(read.origins.get('shards')).toEqual({ kind: 'environment', variable: 'MILLRACE_SHARDS' });
    expect(read.origins.get('lists.maxAgeMs')).toEqual({ kind: 'file', path });
    expect(read.origins.get('lists.coalesce')).toEqual({ kind: 'default' });
  });

  test('every type is read from text', () => {
    const config = loadConfig(schema, {
      env: {
        MILLRACE_KAFKA_BROKERS: 'a:1, b:2',
        MILLRACE_LISTS_MAX_AGE_MS: '0',
        MILLRACE_LISTS_COALESCE: 'false',
        MILLRACE_LOG_LEVEL: 'debug',
        MILLRACE_RANKING_SHARE: '2.5e-1',
        MILLRACE_REDIS_PASSWORD: ' with spaces ',
        MILLRACE_REDIS_URL: 'rediss://u:p@h:1/0',
        MILLRACE_TOPIC_PREFIX: 'shop',
        MILLRACE_SHARDS: '256',
      },
    });
    expect(config).toEqual({
      'kafka.brokers': ['a:1', 'b:2'],
      'lists.maxAgeMs': 0,
      'lists.coalesce': false,
      'log.level': 'debug',
      'ranking.share': 0.25,
      'redis.password': ' with spaces ',
      'redis.url': 'rediss://u:p@h:1/0',
      'topic.prefix': 'shop',
      shards: 256,
    });
  });

  test('a secret may come from the file that its _FILE variable names, without the last line break', () => {
    const path = file('password', 'from-file\n');
    const read = readConfig(schema, { env: { MILLRACE_REDIS_PASSWORD_FILE: path } });
    expect(read.problems).toEqual([]);
    expect(read.values['redis.password']).toBe('from-file');
    expect(read.origins.get('redis.password')).toMatchObject({ kind: 'secret-file', path });
  });

  test.each([
    ['shards', 'MILLRACE_SHARDS'],
    ['kafka.brokers', 'MILLRACE_KAFKA_BROKERS'],
    ['lists.maxAgeMs', 'MILLRACE_LISTS_MAX_AGE_MS'],
    ['http2.port', 'MILLRACE_HTTP2_PORT'],
  ])('%s is read from %s', (key, variable) => {
    expect(environmentVariable(key)).toBe(variable);
  });
});

describe('errors', () => {
  test('all are reported at once, each with key, origin, what was found and what is allowed', () => {
    const path = file('wrong.json', { lists: { maxAgeMs: '600000' }, ranking: { share: 1.5 } });
    const env = { MILLRACE_CONFIG: path, MILLRACE_KAFKA_BROKERS: 'nowhere', MILLRACE_SHARDS: '8.0', MILLRACE_LOG_LEVEL: '' };
    expect(problemsOf(env)).toEqual([
      { key: 'kafka.brokers', origin: 'environment MILLRACE_KAFKA_BROKERS', message: 'found "nowhere", allowed is 1 to 3 of: host:port; separated by commas' },
      { key: 'lists.maxAgeMs', origin: `file ${path}`, message: 'found "600000", allowed is a whole number from 0 to 86400000 (ms)' },
      { key: 'log.level', origin: 'environment MILLRACE_LOG_LEVEL', message: 'found nothing (unset the variable to use the default), allowed is one of debug, info' },
      { key: 'ranking.share', origin: `file ${path}`, message: 'found 1.5, allowed is a number from 0 to 1' },
      { key: 'shards', origin: 'environment MILLRACE_SHARDS', message: 'found "8.0", allowed is a whole number from 1 to 256' },
    ]);
    expect(() => loadConfig(schema, { env })).toThrow(ConfigError);
    expect(() => loadConfig(schema, { env })).toThrow(/^5 errors in the configuration:\n {2}kafka\.brokers \(environment/);
  });

  test.each(['0', '257', '1e1', '0x8', ' 8', '8 ', '+8', 'NaN', '99999999999999999999', '８'])('%j is no shard count', (text) => {
    expect(problemsOf({ MILLRACE_SHARDS: text })).toHaveLength(1);
  });

  test.each(['yes', 'TRUE', '1'])('%j is no boolean', (text) => {
    expect(problemsOf({ MILLRACE_LISTS_COALESCE: text })).toHaveLength(1);
  });

  test.each(['http://h:1', 'redis:h', 'redis://', 'h:6379'])('%j is no URL of Redis', (text) => {
    expect(problemsOf({ MILLRACE_REDIS_URL: text })).toHaveLength(1);
  });

  test('a list has its limits', () => {
    expect(problemsOf({ MILLRACE_KAFKA_BROKERS: 'a:1,b:1,c:1,d:1' })).toHaveLength(1);
    expect(problemsOf({ MILLRACE_KAFKA_BROKERS: 'a:1,,b:1' })).toHaveLength(1);
    expect(problemsOf({ MILLRACE_KAFKA_BROKERS: '' })).toHaveLength(1);
  });

  test('a value without default must be given', () => {
    const required = defineConfig({ 'redis.url': url({ protocols: ['redis:'], doc: 'x' }), 'redis.password': secret({ doc: 'x' }) });
    expect(readConfig(required, { env: {} }).problems.map((problem) => problem.message)).toEqual([
      'is required (a URL that begins with redis://): set MILLRACE_REDIS_URL, or redis.url in the file',
      'is required (text that is not empty, without line breaks): set MILLRACE_REDIS_PASSWORD or MILLRACE_REDIS_PASSWORD_FILE',
    ]);
  });

  test('unknown names are errors with the nearest known one, and their values are not shown', () => {
    const path = file('unknown.json', { kafka: { broker: ['h:1'] }, zzz: { qqq: 'hunter2' } });
    const problems = problemsOf({ MILLRACE_CONFIG: path, MILLRACE_REDIS_PASWORD: 'hunter2', MILLRACE_LIST_MAXAGE_MS: '1', MILLRACE_ZZZ: 'x' });
    expect(problems.map(({ key, message }) => `${key} ${message}`)).toEqual([
      'MILLRACE_REDIS_PASWORD is not known; did you mean MILLRACE_REDIS_PASSWORD?',
      'MILLRACE_LIST_MAXAGE_MS is not known; did you mean MILLRACE_LISTS_MAX_AGE_MS?',
      'MILLRACE_ZZZ is not known; remove it',
      'kafka.broker is not known; did you mean kafka.brokers?',
      'zzz.qqq is not known; remove it',
    ]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  test('names of tools, of other services and of Kubernetes service links are no mistake', () => {
    const env = {
      MILLRACE_SERVERS: 'local',
      MILLRACE_GATEWAY_SERVICE_HOST: '10.0.0.1',
      MILLRACE_GATEWAY_SERVICE_PORT_HTTP: '80',
      MILLRACE_GATEWAY_PORT: 'tcp://10.0.0.1:80',
      MILLRACE_GATEWAY_PORT_80_TCP_ADDR: '10.0.0.1',
      MILLRACE_TRAINER_PERIOD_MS: '5',
    };
    expect(readConfig(schema, { env, foreignKeys: ['trainer.periodMs'] }).problems).toEqual([]);
    expect(problemsOf(env).map((problem) => problem.key)).toEqual(['MILLRACE_TRAINER_PERIOD_MS']);
    expect(problemsOf({ MILLRACE_GATEWAY_PORT: '80' })).toHaveLength(1);
  });

  test('a file that is missing, too large, no JSON or no object says so', () => {
    expect(problemsOf({ MILLRACE_CONFIG: join(folder, 'none.json') })[0]?.message).toMatch(/cannot be read \(ENOENT\)/);
    expect(problemsOf({ MILLRACE_CONFIG: file('large.json', ' '.repeat(1_048_577)) })[0]?.message).toMatch(/1048576 are allowed/);
    expect(problemsOf({ MILLRACE_CONFIG: file('list.json', []) })[0]?.message).toMatch(/one JSON object/);
    const broken = problemsOf({ MILLRACE_CONFIG: file('broken.json', '{"redis.password": hunter2}') });
    expect(broken[0]?.message).toMatch(/is not JSON/);
    expect(broken[0]?.message).not.toContain('hunter2');
  });

  test('a key given twice in the file, nested and dotted, is an error', () => {
    const path = file('twice.json', { lists: { maxAgeMs: 1 }, 'lists.maxAgeMs': 2 });
    expect(problemsOf({ MILLRACE_CONFIG: path })).toEqual([
      { key: 'lists.maxAgeMs', origin: `file ${path}`, message: `is given twice in the file ${path}` },
    ]);
  });

  test('__proto__ and constructor in the file are unknown keys and change nothing', () => {
    const path = file('proto.json', '{"__proto__":{"shards":99,"polluted":1},"constructor":{"prototype":{"polluted":1}},"lists":{"__proto__":{"maxAgeMs":1}}}');
    const read = readConfig(schema, { env: { MILLRACE_CONFIG: path } });
    expect(read.problems.map((problem) => problem.key)).toEqual([
      '__proto__.shards',
      '__proto__.polluted',
      'constructor.prototype.polluted',
      'lists.__proto__.maxAgeMs',
    ]);
    expect(read.values.shards).toBe(8);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('secrets', () => {
  test('neither errors nor the description show one', () => {
    const env = {
      MILLRACE_REDIS_PASSWORD: 'hunter2',
      MILLRACE_REDIS_PASSWORD_FILE: join(folder, 'none'),
      MILLRACE_REDIS_URL: 'redis//user:hunter2@h:1',
    };
    const shown = JSON.stringify([problemsOf(env), describeConfig(schema, readConfig(schema, { env }))]);
    expect(shown).toContain('both are set');
    expect(shown).not.toContain('hunter2');
  });

  test('a long URL that cannot be read does not show its password either', () => {
    const [problem] = problemsOf({ MILLRACE_REDIS_URL: `redis//user:hunter2${'x'.repeat(300)}@h:1` });
    expect(problem?.message).toContain('********@h:1');
    expect(problem?.message).not.toContain('hunter2');
  });

  test('a URL is shown without what stands before its @, a secret that cannot be read not at all', () => {
    const read = readConfig(schema, { env: { MILLRACE_REDIS_URL: 'redis://u:hunter2@h:1', MILLRACE_REDIS_PASSWORD: 'hunter2\n' } });
    expect(read.problems).toEqual([
      {
        key: 'redis.password',
        origin: 'environment MILLRACE_REDIS_PASSWORD',
        message: 'found "********", allowed is text that is not empty, without line breaks',
      },
    ]);
    expect(describeConfig(schema, read).find((row) => row.key === 'redis.url')?.value).toBe('redis://********@h:1');
  });

  test('the log learns every one of them, also the password of a URL', () => {
    const config = loadConfig(schema, { env: { MILLRACE_REDIS_PASSWORD: 'hunter2', MILLRACE_REDIS_URL: 'redis://u:p%40ss@h:1' } });
    expect(secretValues(schema, config)).toEqual(['hunter2', 'p%40ss', 'p@ss']);
  });
});

describe('description', () => {
  test('a row a key, with the present value and where it comes from', () => {
    const rows = describeConfig(schema, readConfig(schema, { env: { MILLRACE_LISTS_MAX_AGE_MS: '5', MILLRACE_REDIS_PASSWORD: 'x' } }));
    expect(rows.map((row) => row.key)).toEqual(Object.keys(schema));
    expect(rows[1]).toEqual({
      key: 'lists.maxAgeMs',
      env: 'MILLRACE_LISTS_MAX_AGE_MS',
      type: 'duration',
      default: '600000',
      unit: 'ms',
      allowed: 'a whole number from 0 to 86400000',
      doc: 'Older events get no list.',
      secret: false,
      origin: 'environment MILLRACE_LISTS_MAX_AGE_MS',
      value: '5',
    });
    expect(rows[5]).toMatchObject({ key: 'redis.password', default: '', secret: true, value: '********' });
  });

  test('without values it is the table of the docs', () => {
    expect(describeConfig(schema)[0]).toMatchObject({ default: '127.0.0.1:9092', origin: undefined, value: undefined });
  });
});

describe('schema', () => {
  test('a key that is malformed, lacks its unit or shares a variable is refused', () => {
    expect(() => defineConfig({ 'Kafka.brokers': string({ doc: 'x' }) })).toThrow(/camelCase/);
    expect(() => defineConfig({ 'lists.maxAge': durationMs({ min: 0, max: 1, doc: 'x' }) })).toThrow(/end in its unit, Ms/);
    expect(() => defineConfig({ 'a.bC': string({ doc: 'x' }), 'a.b.c': string({ doc: 'x' }) })).toThrow(/belongs to a\.bC/);
    expect(() => defineConfig({ config: string({ doc: 'x' }) })).toThrow(/belongs to the tools/);
  });

  test('a default that its own field does not allow is refused', () => {
    expect(() => integer({ default: 9, min: 0, max: 8, doc: 'x' })).toThrow(/default 9/);
  });
});
