import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startBreakableProxy, type BreakableProxy } from './breakable-proxy.ts';

let server: Server;
let proxy: BreakableProxy;
let client: Socket;
let received = '';
let isClosed = false;

/** An echo behind a proxy. */
beforeEach(async () => {
  server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startBreakableProxy('127.0.0.1', (server.address() as { port: number }).port);
  client = connect(proxy.port, '127.0.0.1');
  received = '';
  isClosed = false;
  client.on('data', (chunk) => void (received += chunk.toString()));
  client.on('error', () => undefined);
  client.on('close', () => void (isClosed = true));
  client.write('a');
  await vi.waitFor(() => expect(received).toBe('a'));
});

afterEach(async () => {
  client.destroy();
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
});

test('what comes when a delay is over does not overtake what is still under way', async () => {
  proxy.delay(100);
  client.write('b');
  await vi.waitFor(() => expect(received).toBe('ab'));
  client.write('c');
  // Long enough that it has reached the proxy, short enough that it has not left it.
  await new Promise((resolve) => setTimeout(resolve, 30));
  proxy.delay(0);
  client.write('d');
  await vi.waitFor(() => expect(received).toBe('abcd'));
});

test.for(['stalled', 'replies-stalled'] as const)('%s swallows what is sent, and breaks the connection that has lost something', async (flow) => {
  proxy.flow(flow);
  client.write('b');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([received, isClosed]).toEqual(['a', false]);
  proxy.flow('open');
  await vi.waitFor(() => expect(isClosed).toBe(true));
  expect(received).toBe('a');
});

test('refuses and takes connections as told', async () => {
  proxy.refuse(true);
  proxy.breakAll();
  await vi.waitFor(() => expect(isClosed).toBe(true));
  proxy.refuse(false);
  client = connect(proxy.port, '127.0.0.1');
  const answer = new Promise<string>((resolve) => client.once('data', (chunk) => resolve(chunk.toString())));
  client.write('again');
  expect(await answer).toBe('again');
});
