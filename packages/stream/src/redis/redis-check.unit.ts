import { expect, test } from 'vitest';
import { findingsOf, parseInfo } from './redis-check.ts';

const GOOD = '# Server\r\nredis_version:7.0.15\r\n# Memory\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n';

test('a node as it should be gives no finding', () => {
  expect(findingsOf('h:1', parseInfo(GOOD), null)).toEqual([]);
  expect(findingsOf('h:1', parseInfo(GOOD.replace('7.0.15', '10.2.0')), parseInfo('cluster_state:ok\r\n'))).toEqual([]);
});

test.each([
  ['redis_version:7.0.15', 'redis_version:6.2.14', 'version', '6.2.14', 'error'],
  ['redis_version:7.0.15', '', 'version', 'unknown', 'error'],
  ['maxmemory_policy:noeviction', 'maxmemory_policy:allkeys-lru', 'maxmemory-policy', 'allkeys-lru', 'error'],
  ['aof_enabled:1', 'aof_enabled:0', 'appendonly', 'no', 'warning'],
])('%s → %s', (line, changed, setting, found, severity) => {
  const findings = findingsOf('h:1', parseInfo(GOOD.replace(line, changed)), null);
  expect(findings).toEqual([expect.objectContaining({ node: 'h:1', setting, found, severity })]);
});

test('a cluster that does not serve all slots is an error', () => {
  const findings = findingsOf('h:1', parseInfo(GOOD), parseInfo('cluster_state:fail\r\ncluster_slots_ok:1\r\n'));
  expect(findings).toEqual([expect.objectContaining({ setting: 'cluster_state', found: 'fail', severity: 'error' })]);
});
