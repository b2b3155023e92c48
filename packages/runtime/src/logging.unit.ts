import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rateLimited } from './log-rate-limit.ts';
import { withFields, type Logger, type LogLevel } from './logger.ts';
import { createLogger } from './logging.ts';

function capture(options: { level?: LogLevel; secrets?: string[] } = {}) {
  const text: string[] = [];
  const logger = createLogger({
    service: 'user-stream',
    level: options.level ?? 'debug',
    secrets: options.secrets,
    destination: { write: (line) => text.push(line) },
  });
  return { logger, text, lines: () => text.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('a line', () => {
  test('is one JSON object with level, time, service and event', () => {
    const { logger, text, lines } = capture();
    logger.info('shard.claimed', { shard: 7, tookMs: 12.5, note: 'two\nlines' });
    expect(text[0]).toMatch(/^\{.*\}\n$/);
    expect(lines()).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), service: 'user-stream', event: 'shard.claimed', shard: 7, tookMs: 12.5, note: 'two\nlines' },
    ]);
  });

  test('is written from its level on', () => {
    const { logger, lines } = capture({ level: 'warn' });
    logger.debug('a');
    logger.info('b');
    logger.warn('c');
    logger.error('d');
    expect(lines().map((line) => line['event'])).toEqual(['c', 'd']);
  });

  test('that is not written does not cost the walk through its fields', () => {
    const { logger } = capture({ level: 'info' });
    let looks = 0;
    const fields = {
      get costly() {
        looks += 1;
        return looks;
      },
    };
    logger.debug('a', fields);
    expect(looks).toBe(0);
    logger.info('a', fields);
    expect(looks).toBe(1);
  });

  test('keeps its own names when a field has one of them', () => {
    const { logger, lines } = capture();
    logger.info('real', { event: 'other', level: 3, service: 'x', time: 1, instance: 'y' });
    expect(lines()[0]).toMatchObject({ event: 'real', level: 'info', service: 'user-stream', event_: 'other', level_: 3 });
  });

  test('takes anything that JSON does not', () => {
    const { logger, lines } = capture();
    const circular: Record<string, unknown> = { name: 'x' };
    circular['self'] = circular;
    logger.info('odd', {
      offset: 2n ** 60n,
      bytes: Buffer.from('personal'),
      nan: NaN,
      none: undefined,
      circular,
      list: Array.from({ length: 60 }, (_, i) => i),
      long: 'x'.repeat(5_000),
      map: new Map([['a', 1]]),
    });
    const [line] = lines();
    expect(line).toMatchObject({ offset: '1152921504606846976', bytes: '[8 bytes]', nan: 'NaN', map: '[1 entries]' });
    expect(line).not.toHaveProperty('none');
    expect((line?.['list'] as unknown[]).at(-1)).toBe('[10 more]');
    expect(String(line?.['long'])).toHaveLength(2_000 + '… [5000 characters]'.length);
    expect(JSON.stringify(line?.['circular'])).toContain('[deeper]');
  });

  test('shows an error with its code and causes', () => {
    const { logger, lines } = capture();
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    logger.error('redis.lost', { err: new Error('no connection', { cause }) });
    expect(lines()[0]).toMatchObject({ err: { name: 'Error', message: 'no connection', cause: { message: 'refused', code: 'ECONNREFUSED' } } });
  });

  test('is not disturbed by __proto__', () => {
    const { logger, text } = capture();
    logger.info('a', JSON.parse('{"__proto__":{"polluted":1}}') as Record<string, unknown>);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(text[0]).toContain('"__proto__":{"polluted":1}');
  });
});

describe('what may not be written', () => {
  test('secrets and persons are masked by name at any depth', () => {
    const { logger, text, lines } = capture();
    logger.info('a', {
      password: 'hunter2',
      sasl: { saslPassword: 'hunter2', list: [{ apiKey: 'hunter2' }] },
      user: 'anna',
      visitorId: 'anna',
      nested: { userId: 'anna', email: 'anna' },
      token: 'a1b2',
      users: 3,
    });
    expect(text.join('')).not.toMatch(/hunter2|anna/);
    expect(lines()[0]).toMatchObject({ password: '[secret]', user: '[person]', nested: { userId: '[person]' }, token: 'a1b2', users: 3 });
  });

  test('a known secret is masked wherever it stands', () => {
    const { logger, text } = capture({ secrets: ['hun"ter2', 'abc'] });
    logger.error('a', { err: new Error('cannot reach redis://:hun"ter2@h'), note: 'abc' });
    expect(text[0]).not.toContain('ter2');
    expect(text[0]).toContain('redis://:[secret]@h');
    expect(text[0]).toContain('"note":"abc"');
    expect(() => JSON.parse(text[0] ?? '')).not.toThrow();
  });
});

test('withFields puts its fields on every line; the line wins', () => {
  const { logger, lines } = capture();
  const shard = withFields(logger, { shard: 7, kind: 'u' });
  shard.warn('a', { kind: 'i' });
  shard.debug('b');
  shard.info('c');
  shard.error('d');
  expect(lines()).toMatchObject([{ event: 'a', shard: 7, kind: 'i' }, { event: 'b', shard: 7 }, { event: 'c', shard: 7 }, { event: 'd', shard: 7, kind: 'u' }]);
});

describe('a limited log', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function limited() {
    const { logger, lines } = capture();
    const limit = rateLimited(logger, { maxLines: 2, intervalMs: 1_000 });
    const said = () => lines().map(({ level, event, suppressedEvent, count }) => [level, event, suppressedEvent, count].filter((x) => x !== undefined));
    return { limit, said };
  }

  function times(n: number, logger: Logger, event: string) {
    for (let i = 0; i < n; i += 1) logger.warn(event);
  }

  test('lets the first lines of an interval pass and says how many it held back', () => {
    const { limit, said } = limited();
    times(5, limit, 'record.dead');
    limit.info('shard.claimed');
    expect(said()).toEqual([['warn', 'record.dead'], ['warn', 'record.dead'], ['info', 'shard.claimed']]);
    vi.advanceTimersByTime(1_000);
    expect(said().slice(3)).toEqual([['warn', 'log.suppressed', 'record.dead', 3]]);
    times(1, limit, 'record.dead');
    expect(said().slice(4)).toEqual([['warn', 'record.dead']]);
  });

  test('says nothing about an interval in which nothing was held back', () => {
    const { limit, said } = limited();
    times(2, limit, 'record.dead');
    vi.advanceTimersByTime(5_000);
    expect(said()).toHaveLength(2);
  });

  test('flush says at once what was held back, and only once', () => {
    const { limit, said } = limited();
    times(4, limit, 'a');
    limit.flush();
    limit.flush();
    vi.advanceTimersByTime(5_000);
    expect(said().slice(2)).toEqual([['warn', 'log.suppressed', 'a', 2]]);
  });

  test('refuses limits that make no sense', () => {
    const { logger } = capture();
    expect(() => rateLimited(logger, { maxLines: 0, intervalMs: 1 })).toThrow(RangeError);
    expect(() => rateLimited(logger, { maxLines: 1, intervalMs: NaN })).toThrow(RangeError);
  });
});
