import { Cluster, type Redis } from 'ioredis';
import type { RedisConnection } from './redis-connection.ts';

/** Something about a Redis node that Millrace's promises depend on and that is not so. */
export interface RedisFinding {
  /** `error`: do not start. `warning`: works, but less is safe than should be. */
  readonly severity: 'error' | 'warning';
  /** Host and port of the node. */
  readonly node: string;
  readonly setting: 'version' | 'maxmemory-policy' | 'appendonly' | 'cluster_state';
  readonly found: string;
  readonly required: string;
  /** A sentence that says why, and what to do. */
  readonly message: string;
}

const OLDEST_MAJOR_VERSION = 7;

/**
 * Looks at every node for what must hold before a shard is trusted to it. Reads `INFO` only, which managed services
 * allow where they forbid `CONFIG`.
 *
 * @returns What does not hold; empty when all is well. @throws RetryableError, AlarmError when Redis cannot be asked.
 */
export async function checkRedis(connection: RedisConnection): Promise<RedisFinding[]> {
  return connection.run('check of the preconditions', async () => {
    const { client } = connection;
    const nodes = client instanceof Cluster ? client.nodes('all') : [client];
    const findings = await Promise.all(nodes.map(checkNode));
    return findings.flat().sort((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : 0));
  });
}

async function checkNode(client: Redis): Promise<RedisFinding[]> {
  const { host, port } = client.options;
  const info = parseInfo(await client.info());
  const cluster = info.get('cluster_enabled') === '1' ? parseInfo(await client.cluster('INFO')) : null;
  return findingsOf(`${host}:${port}`, info, cluster);
}

/** Pure part of {@link checkRedis}: `info` is `INFO`, `cluster` is `CLUSTER INFO` or null on a standalone node. */
export function findingsOf(
  node: string,
  info: ReadonlyMap<string, string>,
  cluster: ReadonlyMap<string, string> | null,
): RedisFinding[] {
  const findings: RedisFinding[] = [];
  const version = info.get('redis_version') ?? 'unknown';
  if (!(Number.parseInt(version, 10) >= OLDEST_MAJOR_VERSION)) {
    findings.push({
      severity: 'error',
      node,
      setting: 'version',
      found: version,
      required: `${OLDEST_MAJOR_VERSION}.0 or later`,
      message: `The scripts decide by a flag of Redis ${OLDEST_MAJOR_VERSION} whether they may write: upgrade Redis, or use Valkey.`,
    });
  }
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy !== 'noeviction') {
    findings.push({
      severity: 'error',
      node,
      setting: 'maxmemory-policy',
      found: policy,
      required: 'noeviction',
      message: 'Any other policy throws away state that nothing notices to be gone: set maxmemory-policy noeviction.',
    });
  }
  if (info.get('aof_enabled') !== '1') {
    findings.push({
      severity: 'warning',
      node,
      setting: 'appendonly',
      found: 'no',
      required: 'yes',
      message: 'After a restart shards are rebuilt from the log, which takes long: set appendonly yes.',
    });
  }
  const state = cluster?.get('cluster_state');
  if (state !== undefined && state !== 'ok') {
    findings.push({
      severity: 'error',
      node,
      setting: 'cluster_state',
      found: state,
      required: 'ok',
      message: 'The cluster does not serve all slots: look at CLUSTER INFO and CLUSTER NODES.',
    });
  }
  return findings;
}

/** Lines `name:value` of `INFO` and `CLUSTER INFO`. */
export function parseInfo(text: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) entries.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return entries;
}
