import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findPipeline, type ConnectionOptions } from './addresses.ts';

const NONE: ConnectionOptions = { kafka: undefined, redis: undefined, registry: undefined, shards: undefined, prefix: undefined, 'data-dir': undefined };
/** No process has it: Linux counts up to 2^22. */
const DEAD_PID = 2 ** 22 + 1;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-addresses-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function dataDir(name: string, file?: Record<string, unknown>): string {
  const directory = join(root, '.millrace', name);
  mkdirSync(directory, { recursive: true });
  if (file !== undefined) writeFileSync(join(directory, 'pipeline.json'), JSON.stringify({ shards: 8, prefix: '', seed: 1, replayedRecords: 0, ...file }));
  return directory;
}

test('options come before the environment', () => {
  const env = { MILLRACE_KAFKA_BROKERS: 'env:1', MILLRACE_REDIS_URL: 'redis://env', MILLRACE_SHARDS: '4', MILLRACE_TOPICS_PREFIX: 'env.' };
  const found = findPipeline({ ...NONE, kafka: 'a:1,b:2', prefix: 'option.' }, env, root);
  expect(found).toMatchObject({ kafka: 'a:1,b:2', redis: 'redis://env', dataDir: undefined });
  expect(found.config.shards).toBe(4);
  expect(found.config['topics.prefix']).toBe('option.');
});

test('without addresses it is the last run with --once, else the data directory', () => {
  const data = dataDir('data', { shards: 3, prefix: 'shop.' });
  expect(findPipeline(NONE, {}, root)).toMatchObject({ kafka: undefined, redis: undefined, dataDir: data });
  const once = dataDir('once', { shards: 5, prefix: '' });
  const found = findPipeline(NONE, {}, root);
  expect(found.dataDir).toBe(once);
  expect(found.config.shards).toBe(5);
  const named = findPipeline({ ...NONE, 'data-dir': data }, {}, root);
  expect(named.dataDir).toBe(data);
  expect([named.config.shards, named.config['topics.prefix']]).toEqual([3, 'shop.']);
});

test('what the directory says does not overrule what was asked for', () => {
  dataDir('once', { shards: 5, prefix: 'shop.' });
  const { config } = findPipeline({ ...NONE, shards: '6' }, { MILLRACE_TOPICS_PREFIX: 'other.' }, root);
  expect([config.shards, config['topics.prefix']]).toEqual([6, 'other.']);
});

test('servers of a running start are used, those of a dead one are started again', () => {
  const running = { kafka: '127.0.0.1:1111', redis: 'redis://127.0.0.1:2222', registry: 'http://127.0.0.1:3333' };
  const directory = dataDir('data', { running: { pid: process.pid, ...running } });
  const found = findPipeline(NONE, {}, root);
  expect(found).toMatchObject({ kafka: running.kafka, redis: running.redis, dataDir: undefined });
  expect(found.config['registry.url']).toBe(running.registry);
  dataDir('data', { running: { pid: DEAD_PID, ...running } });
  expect(findPipeline(NONE, {}, root)).toMatchObject({ kafka: undefined, redis: undefined, dataDir: directory });
});

test('one address given, the other is started', () => {
  const directory = dataDir('data', {});
  expect(findPipeline({ ...NONE, redis: 'redis://r:1' }, {}, root)).toMatchObject({ kafka: undefined, redis: 'redis://r:1', dataDir: directory });
});

test('nowhere is one sentence, and a mistyped variable is an error instead of another pipeline', () => {
  expect(() => findPipeline(NONE, {}, root)).toThrow(/run "npm start -- --once" first/);
  expect(() => findPipeline(NONE, { MILLRACE_KAFKA_BROKER: 'x:1' }, root)).toThrow(/did you mean MILLRACE_KAFKA_BROKERS/);
});

test('what a test run says to its tests is no setting', () => {
  const env = { MILLRACE_TEST_KAFKA: 'x:1', MILLRACE_KAFKA_BROKERS: 'k:1', MILLRACE_REDIS_URL: 'redis://r' };
  expect(findPipeline(NONE, env, root).kafka).toBe('k:1');
});
