import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on the loopback interface that loses what a test wants lost. */
export interface BreakableProxy {
  readonly port: number;
  /** From now on the next request on any connection breaks it before it reaches the server. */
  loseNextRequest(): void;
  /** From now on the next reply on any connection breaks it after the server has answered. */
  loseNextReply(): void;
  /** Breaks every open connection at once. */
  breakAll(): void;
  /** Takes no connections, or takes them again. */
  refuse(refusing: boolean): void;
  close(): Promise<void>;
}

/** Forwards connections to `host:port` until told otherwise. */
export async function startBreakableProxy(host: string, port: number): Promise<BreakableProxy> {
  let losing: 'nothing' | 'request' | 'reply' = 'nothing';
  let refusing = false;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    const upstream = connect({ host, port });
    const breakBoth = (): void => {
      client.destroy();
      upstream.destroy();
      open.delete(client);
    };
    const forward = (from: Socket, to: Socket, what: 'request' | 'reply'): void => {
      from.on('data', (chunk) => {
        if (losing === what) {
          losing = 'nothing';
          breakBoth();
        } else {
          to.write(chunk);
        }
      });
      from.on('close', breakBoth);
      from.on('error', breakBoth);
    };
    open.add(client);
    forward(client, upstream, 'request');
    forward(upstream, client, 'reply');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  const breakAll = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: address.port,
    loseNextRequest: () => void (losing = 'request'),
    loseNextReply: () => void (losing = 'reply'),
    breakAll,
    refuse: (value) => void (refusing = value),
    close: () =>
      new Promise((resolve) => {
        breakAll();
        server.close(() => resolve());
      }),
  };
}
