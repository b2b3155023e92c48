import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Health, HealthReport } from './health.ts';
import type { Logger } from './logger.ts';
import type { MetricsRegistry } from './metrics.ts';

export interface HealthServerOptions {
  /** The address to listen on: `127.0.0.1` for this machine only, `0.0.0.0` in a container. */
  readonly host: string;
  /** 0: any free port; see the answer. */
  readonly port: number;
  readonly registry: MetricsRegistry;
  readonly health: Health;
  readonly logger: Logger;
}

export interface HealthServer {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:9464` */
  readonly url: string;
  /** Ends open connections and frees the port. */
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 8_192;

/**
 * Serves `GET /metrics` (Prometheus text), `GET /healthz` and `GET /readyz` (JSON: every check with its reason; 200 or
 * 503). Nothing else, and nothing that changes anything.
 *
 * @throws Error with what to do when the port is taken or may not be used.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      options.logger.error('health.request-failed', { path: request.url, err: error });
      if (!response.headersSent) sendText(response, 500, 'The answer could not be made; the log says why.\n');
      else response.destroy();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, options.host, options.port);
  server.on('error', (error) => options.logger.error('health.server-error', { err: error }));
  const { port } = server.address() as AddressInfo;
  return {
    host: options.host,
    port,
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    close: () => close(server),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: HealthServerOptions): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return sendText(response, 405, 'Only GET and HEAD are answered here.\n');
  }
  switch (path) {
    case '/metrics':
      return send(response, 200, options.registry.contentType, await options.registry.metrics());
    case '/healthz':
      return sendReport(response, options.health.live());
    case '/readyz':
      return sendReport(response, options.health.ready());
    default:
      return sendText(response, 404, 'There are /metrics, /healthz and /readyz here.\n');
  }
}

function sendReport(response: ServerResponse, report: HealthReport): void {
  send(response, report.ok ? 200 : 503, 'application/json; charset=utf-8', `${JSON.stringify(report)}\n`);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, 'text/plain; charset=utf-8', text);
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(new Error(listenProblem(error, host, port), { cause: error }));
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function listenProblem(error: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `Metrics and health cannot be served on ${host}:${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `${where}: another program listens there. Stop it or choose another port`;
    case 'EACCES':
      return `${where}: this user may not open that port. Choose one above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${where}: this machine has no such address. Use 127.0.0.1, or 0.0.0.0 for all of its addresses`;
    default:
      return `${where}: ${error.message}`;
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    server.closeAllConnections();
  });
}
