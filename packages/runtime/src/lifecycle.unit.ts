import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { StoppingError, run, type Lifecycle } from './lifecycle.ts';
import { silentLogger, type LogFields, type Logger } from './logger.ts';

class FakeProcess extends EventEmitter {
  readonly codes: number[] = [];
  exit(code: number): void {
    this.codes.push(code);
  }
}

function setUp(stopDeadlineMs = 60_000) {
  const host = new FakeProcess();
  const said: string[] = [];
  const said1 = (event: string, fields?: LogFields) => {
    said.push(fields?.['part'] === undefined ? event : `${event} ${String(fields['part'])}`);
  };
  const logger: Logger = { ...silentLogger, info: said1, warn: said1, error: said1 };
  const happened: string[] = [];
  const start = (main: (lifecycle: Lifecycle) => void | Promise<void>) => run(main, { logger, host, stopDeadlineMs, onStopping: () => happened.push('stopping') });
  const part = (lifecycle: Lifecycle, name: string) =>
    lifecycle.start(
      name,
      () => void happened.push(`start ${name}`),
      () => void happened.push(`stop ${name}`),
    );
  return { host, said, happened, start, part };
}

describe('a process', () => {
  test.each(['SIGTERM', 'SIGINT'])('starts in order and stops in reverse on %s, with 0', async (signal) => {
    const { host, happened, start, part } = setUp();
    const ended = start(async (lifecycle) => {
      await part(lifecycle, 'kafka');
      await part(lifecycle, 'redis');
      await part(lifecycle, 'shards');
      host.emit(signal);
    });
    expect(await ended).toBe(0);
    expect(happened).toEqual(['start kafka', 'start redis', 'start shards', 'stopping', 'stop shards', 'stop redis', 'stop kafka']);
    expect(host.codes).toEqual([0]);
    expect(host.eventNames()).toEqual([]);
  });

  test('gives what a part is to main and to its stop', async () => {
    const { start } = setUp();
    const stopped: number[] = [];
    await start(async (lifecycle) => {
      const value = await lifecycle.start('n', async () => 42, (n) => void stopped.push(n));
      stopped.push(value);
      lifecycle.requestStop('done');
    });
    expect(stopped).toEqual([42, 42]);
  });

  test('that cannot start a part stops those before it and exits with 1', async () => {
    const { host, said, happened, start, part } = setUp();
    await start(async (lifecycle) => {
      await part(lifecycle, 'kafka');
      await lifecycle.start('redis', () => Promise.reject(new Error('refused')), () => void happened.push('stop redis'));
      await part(lifecycle, 'never');
    });
    expect(happened).toEqual(['start kafka', 'stopping', 'stop kafka']);
    expect(said).toContain('process.failed');
    expect(host.codes).toEqual([1]);
  });

  test('that is told to stop while a part starts stops that part too and starts no other', async () => {
    const { host, said, happened, start, part } = setUp();
    const thrown: unknown[] = [];
    await start(async (lifecycle) => {
      try {
        const slow = async () => {
          host.emit('SIGTERM');
          await new Promise((resolve) => setImmediate(resolve));
          happened.push('start slow');
        };
        await lifecycle.start('slow', slow, () => void happened.push('stop slow'));
      } catch (error) {
        thrown.push(error);
      }
      await part(lifecycle, 'never');
    });
    expect(thrown).toEqual([expect.any(StoppingError)]);
    expect(happened).toEqual(['stopping', 'start slow', 'stop slow']);
    expect(said).not.toContain('process.failed');
    expect(host.codes).toEqual([0]);
  });

  test('tells its loops by a signal that it stops', async () => {
    const { start } = setUp();
    let aborted = false;
    await start(async (lifecycle) => {
      lifecycle.stopSignal.addEventListener('abort', () => {
        aborted = true;
      });
      lifecycle.requestStop('done');
    });
    expect(aborted).toBe(true);
  });

  test.each(['uncaughtException', 'unhandledRejection'])('stops in order and exits with 1 on %s', async (event) => {
    const { host, said, happened, start, part } = setUp();
    await start(async (lifecycle) => {
      await part(lifecycle, 'kafka');
      host.emit(event, new Error('a bug'));
      host.emit(event, new Error('and what followed'));
    });
    expect(happened).toEqual(['start kafka', 'stopping', 'stop kafka']);
    expect(said.filter((line) => line === 'process.failed')).toHaveLength(2);
    expect(host.codes).toEqual([1]);
  });

  test('goes on stopping when one part cannot, and exits with 1', async () => {
    const { host, said, happened, start, part } = setUp();
    await start(async (lifecycle) => {
      await part(lifecycle, 'kafka');
      await lifecycle.start('redis', () => {}, () => Promise.reject(new Error('gone')));
      lifecycle.requestStop('done');
    });
    expect(happened).toContain('stop kafka');
    expect(said).toContain('process.part-stop-failed redis');
    expect(host.codes).toEqual([1]);
  });

  test('has one deadline for the whole stop; then it exits with 1 and names the part', async () => {
    const { host, said, happened, start, part } = setUp(20);
    let told = false;
    await start(async (lifecycle) => {
      await part(lifecycle, 'kafka');
      await lifecycle.start('shards', () => {}, (_, deadline) => {
        deadline.addEventListener('abort', () => {
          told = true;
        });
        return new Promise<void>(() => {});
      });
      lifecycle.requestStop('done');
    });
    expect(said).toContain('process.stop-overdue shards');
    expect(told).toBe(true);
    expect(happened).not.toContain('stop kafka');
    expect(host.codes).toEqual([1]);
  });

  test.each([['SIGINT', 130], ['SIGTERM', 143]])('exits at once on a second signal, %s with %d', async (signal, code) => {
    const { host, said, start } = setUp();
    const never = Promise.withResolvers<void>();
    const ended = start(async (lifecycle) => {
      await lifecycle.start('stuck', () => {}, () => never.promise);
      host.emit('SIGTERM');
      host.emit(signal);
    });
    await Promise.resolve();
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(host.codes).toEqual([code]);
    expect(said).toContain('process.exit-forced');
    never.resolve();
    await ended;
    expect(host.codes).toEqual([code]);
  });
});

describe('a real process', () => {
  const modules = fileURLToPath(new URL('.', import.meta.url));

  function start(body: string) {
    const script = `
      import { run } from ${JSON.stringify(`${modules}lifecycle.ts`)};
      import { createLogger } from ${JSON.stringify(`${modules}logging.ts`)};
      const logger = createLogger({ service: 'test', level: 'info' });
      await run(async (lifecycle) => { ${body} }, { logger, stopDeadlineMs: 5000 });
    `;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const events: string[] = [];
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) events.push((JSON.parse(line) as { event: string }).event);
    });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { child, events, closed };
  }

  test('lives until SIGTERM, stops in order and exits with 0, its last line written', async () => {
    const { child, events, closed } = start(`await lifecycle.start('a', () => {}, () => {}); logger.info('up');`);
    child.stdout.on('data', () => {
      if (events.includes('up')) child.kill('SIGTERM');
    });
    expect(await closed).toBe(0);
    expect(events).toEqual(['process.part-started', 'up', 'process.stopping', 'process.part-stopped', 'process.stopped']);
  });

  test('exits with 1 after an error that nobody caught', async () => {
    const { events, closed } = start(`await lifecycle.start('a', () => {}, () => {}); setTimeout(() => { throw new Error('a bug'); }, 1);`);
    expect(await closed).toBe(1);
    expect(events).toEqual(['process.part-started', 'process.failed', 'process.stopping', 'process.part-stopped', 'process.stopped']);
  });

  test('exits with 1 after a rejection that nobody handled', async () => {
    const { events, closed } = start(`void Promise.reject(new Error('a bug'));`);
    expect(await closed).toBe(1);
    expect(events).toContain('process.failed');
  });
});
