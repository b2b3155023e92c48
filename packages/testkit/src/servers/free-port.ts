import { createServer } from 'node:net';
import { SetupError } from './setup-error.ts';

/** True when nobody listens on `port` of the loopback interface (1–65535). */
export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * `count` distinct ports of the loopback interface that are free at this moment. They are all held open until the last
 * one is known, so that no two are equal; somebody else may still take one before it is used.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () =>
      new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
        const server = createServer();
        server.once('error', reject);
        server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => resolve(server));
      })),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** One free port of the loopback interface. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('No free port was found.');
  return port;
}

/**
 * Throws a `SetupError` when `port` is taken.
 * @param what the server that wants the port, as in "Kafka"
 * @param option the command-line option that chooses another port, as in "--kafka-port"
 */
export async function requireFreePort(port: number, what: string, option: string): Promise<void> {
  if (await portIsFree(port)) return;
  throw new SetupError(
    `Port ${port}, which ${what} needs, is taken by another program: stop that program or choose another port with ${option}.`,
  );
}
