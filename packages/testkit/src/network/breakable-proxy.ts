import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a proxy does with bytes: pass them on, or take them and let them vanish while the connections stay open. */
export type ProxyFlow = 'open' | 'stalled' | 'replies-stalled';

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
  /**
   * `stalled` is a network that swallows packets without a word: what is sent meanwhile never arrives, in both directions
   * or in that of the replies. Back to `open` breaks the connections that have lost something.
   */
  flow(flow: ProxyFlow): void;
  /** Every chunk, in both directions, takes so much longer from now on. */
  delay(delayMs: number): void;
  close(): Promise<void>;
}

/**
 * Forwards connections to `host:port` until told otherwise.
 *
 * @param listenPort where to listen; a free port when left out
 */
export async function startBreakableProxy(host: string, port: number, listenPort = 0): Promise<BreakableProxy> {
  let losing: 'nothing' | 'request' | 'reply' = 'nothing';
  let refusing = false;
  let flow: ProxyFlow = 'open';
  let delayMs = 0;
  const open = new Set<Socket>();
  /** Connections on which something was swallowed: what came later would be taken for what is missing. */
  const torn = new Set<Socket>();
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
      torn.delete(client);
    };
    const forward = (from: Socket, to: Socket, what: 'request' | 'reply'): void => {
      let underWay = Promise.resolve();
      let late = 0;
      from.on('data', (chunk) => {
        if (losing === what) {
          losing = 'nothing';
          breakBoth();
        } else if (torn.has(client) || flow === 'stalled' || (flow === 'replies-stalled' && what === 'reply')) {
          torn.add(client);
        } else if (delayMs > 0 || late > 0) {
          // One after the other: what comes when the delay is over must not overtake what is still under way.
          const arrived = sleep(delayMs);
          late += 1;
          underWay = underWay.then(() => arrived).then(() => {
            late -= 1;
            to.write(chunk);
          });
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
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenPort, '127.0.0.1', resolve);
  });
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
    flow: (value) => {
      flow = value;
      if (value === 'open') for (const socket of torn) socket.destroy();
    },
    delay: (value) => void (delayMs = value),
    close: () =>
      new Promise((resolve) => {
        breakAll();
        server.close(() => resolve());
      }),
  };
}
