/** Where a Redis is: what an address such as `redis://host:6379/2` says, in parts. */
export interface RedisAddress {
  readonly cluster: boolean;
  readonly tls: boolean;
  /** At least one; of a cluster, any of its nodes that can be asked for the others. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Number of the database; always 0 on a cluster. */
  readonly database: number;
}

const FORMS =
  'redis://[user:password@]host[:port][/database], rediss://… (TLS), redis-cluster://[user:password@]host:port,host:port or rediss-cluster://…';

const ADDRESS = /^(redis|rediss|redis-cluster|rediss-cluster):\/\/(?:([^@/]*)@)?([^/?#]+)(?:\/(\d*))?$/;
const NODE = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\[\]]+))(?::(\d{1,5}))?$/;

/**
 * Reads an address. User name and password are percent-decoded.
 *
 * @throws RangeError that says which forms are allowed; it never repeats the address, which may hold a password.
 */
export function parseRedisAddress(text: string): RedisAddress {
  const match = ADDRESS.exec(text.trim());
  if (match === null) throw new RangeError(`A Redis address must have one of these forms: ${FORMS}.`);
  const [, scheme = '', credentials, hosts = '', database = ''] = match;
  const cluster = scheme.endsWith('-cluster');
  const nodes = hosts.split(',').map(parseNode);
  if (!cluster && nodes.length > 1) {
    throw new RangeError(`Several Redis hosts are a cluster: write ${scheme}-cluster://${hosts}.`);
  }
  if (cluster && database !== '' && database !== '0') {
    throw new RangeError(`A Redis Cluster has only database 0, found database ${database}.`);
  }
  const [username, password] = parseCredentials(credentials);
  return { cluster, tls: scheme.startsWith('rediss'), nodes, username, password, database: Number(database) };
}

/** The address in words for messages: hosts and ports, nothing secret. */
export function describeAddress(address: RedisAddress): string {
  return address.nodes.map(({ host, port }) => `${host}:${port}`).join(',');
}

function parseNode(text: string): { host: string; port: number } {
  const match = NODE.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? 6379);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new RangeError(`"${text}" is no host of a Redis address: write host:port, the port from 1 to 65535.`);
  }
  return { host, port };
}

function parseCredentials(text: string | undefined): [username: string | undefined, password: string | undefined] {
  if (text === undefined || text === '') return [undefined, undefined];
  const colon = text.indexOf(':');
  if (colon < 0) throw new RangeError('A Redis address with a user needs a password too: redis://user:password@host.');
  const username = decodeURIComponent(text.slice(0, colon));
  return [username === '' ? undefined : username, decodeURIComponent(text.slice(colon + 1))];
}
