import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startHealthServer, type HealthServer } from './health-server.ts';
import { createHealth, type Health } from './health.ts';
import { silentLogger, type Logger } from './logger.ts';
import { createMetricsRegistry, registerMetrics, type MetricsRegistry } from './metrics.ts';
import { defineMetrics } from './metric-definition.ts';

const steady = { longestEventLoopDelayMs: () => 0 };

describe('health', () => {
  test('a process is live and ready until a check says otherwise, and its reason is told', () => {
    const health = createHealth(steady);
    expect(health.live()).toEqual({ ok: true, checks: { 'event-loop': { ok: true }, 'fatal-error': { ok: true } } });
    let owned = 0;
    health.addReadyCheck('shards', () => (owned > 0 ? { ok: true } : { ok: false, reason: 'owns no shard yet' }));
    expect(health.ready()).toEqual({ ok: false, checks: { process: { ok: true }, shards: { ok: false, reason: 'owns no shard yet' } } });
    expect(health.live().ok).toBe(true);
    owned = 1;
    expect(health.ready().ok).toBe(true);
  });

  test('a fatal error is neither live nor ready, and the first one is kept', () => {
    const health = createHealth(steady);
    health.fail('journal truncated');
    health.fail('something that followed');
    expect(health.live().checks['fatal-error']).toEqual({ ok: false, reason: 'journal truncated' });
    expect(health.ready().ok).toBe(false);
  });

  test('a process that stops is live and not ready', () => {
    const health = createHealth(steady);
    health.stopping();
    expect(health.live().ok).toBe(true);
    expect(health.ready().checks['process']).toEqual({ ok: false, reason: 'the process is stopping' });
  });

  test('an event loop that stood still too long is not live', () => {
    let delayMs = 500;
    const health = createHealth({ maxEventLoopDelayMs: 500, longestEventLoopDelayMs: () => delayMs });
    expect(health.live().ok).toBe(true);
    delayMs = 501;
    expect(health.live().checks['event-loop']).toMatchObject({ ok: false, reason: expect.stringContaining('501 ms') });
  });

  test('the delay is measured', async () => {
    const health = createHealth({ maxEventLoopDelayMs: 0 });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(health.live().ok).toBe(false);
  });

  test('a check that throws does not hold', () => {
    const health = createHealth(steady);
    health.addLiveCheck('odd', () => {
      throw new Error('no such shard');
    });
    expect(health.live().checks['odd']).toEqual({ ok: false, reason: 'the check itself failed: no such shard' });
  });

  test('a name is given once', () => {
    const health = createHealth(steady);
    expect(() => health.addReadyCheck('process', () => ({ ok: true }))).toThrow(/already/);
  });
});

describe('the server', () => {
  const open: HealthServer[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });

  async function serve(given: { health?: Health; registry?: MetricsRegistry; logger?: Logger; port?: number; host?: string } = {}) {
    const server = await startHealthServer({
      host: given.host ?? '127.0.0.1',
      port: given.port ?? 0,
      registry: given.registry ?? createMetricsRegistry({ processMetrics: false }),
      health: given.health ?? createHealth(steady),
      logger: given.logger ?? silentLogger,
    });
    open.push(server);
    return server;
  }

  test('/healthz and /readyz answer 200 or 503 with every check', async () => {
    const health = createHealth(steady);
    const { url } = await serve({ health });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    health.addReadyCheck('redis', () => ({ ok: false, reason: 'no answer for 3000 ms' }));
    const ready = await fetch(`${url}/readyz?verbose`);
    expect(ready.status).toBe(503);
    expect(ready.headers.get('content-type')).toContain('application/json');
    expect(await ready.json()).toEqual({ ok: false, checks: { process: { ok: true }, redis: { ok: false, reason: 'no answer for 3000 ms' } } });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    health.fail('x');
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
  });

  test('/metrics is the text of the registry', async () => {
    const registry = createMetricsRegistry({ processMetrics: false });
    const { url } = await serve({ registry });
    const catalogue = defineMetrics({ x: { type: 'counter', name: 'millrace_x_total', help: 'X.', unit: 'count', labels: {}, doc: 'Look.' } });
    registerMetrics(registry, catalogue).x.child().inc(3);
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await response.text()).toContain('\nmillrace_x_total 3\n');
  });

  test('a scrape that fails is 500, is in the log, and the next one works', async () => {
    const registry = createMetricsRegistry({ processMetrics: false });
    const catalogue = defineMetrics({ x: { type: 'gauge', name: 'millrace_x', help: 'X.', unit: 'count', labels: {}, doc: 'Look.' } });
    let broken = true;
    registerMetrics(registry, catalogue).x.beforeScrape(() => {
      if (broken) throw new Error('broken');
    });
    const logged: string[] = [];
    const { url } = await serve({ registry, logger: { ...silentLogger, error: (event) => logged.push(event) } });
    expect((await fetch(`${url}/metrics`)).status).toBe(500);
    expect(logged).toEqual(['health.request-failed']);
    broken = false;
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
  });

  test('other paths are 404, other methods 405, HEAD has no body', async () => {
    const { url } = await serve();
    expect((await fetch(`${url}/admin`)).status).toBe(404);
    const post = await fetch(`${url}/healthz`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await fetch(`${url}/healthz`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('a port that is taken is said in one sentence', async () => {
    const { port } = await serve();
    await expect(serve({ port })).rejects.toThrow(
      `Metrics and health cannot be served on 127.0.0.1:${port}: another program listens there. Stop it or choose another port`,
    );
  });

  test('an address that this machine does not have is said in one sentence', async () => {
    await expect(serve({ host: '192.0.2.1' })).rejects.toThrow(/this machine has no such address/);
  });

  test('closing frees the port although a client keeps its connection', async () => {
    const { port, host } = await serve();
    const client = connect(port, host);
    await new Promise((resolve) => client.once('connect', resolve));
    const gone = new Promise((resolve) => client.once('close', resolve));
    await open.pop()?.close();
    await gone;
    expect((await serve({ port })).port).toBe(port);
  });
});
