import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findExecutable, findJava } from './find-executable.ts';
import { freePorts, portIsFree } from './free-port.ts';
import { probeKafka } from './kafka-probe.ts';
import { kafkaEnvironment, kafkaProperties } from './kafka-properties.ts';
import { answersPing } from './local-redis.ts';
import { processCpuSeconds, processResidentBytes, processStartTicks } from './process-cpu.ts';
import { wantedKind } from './servers.ts';
import { explainStorageError, SetupError } from './setup-error.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-servers-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the kind of server', () => {
  test('is what the caller wants, else what the variable forces, else open', () => {
    expect(wantedKind('auto', {})).toBe('auto');
    expect(wantedKind('auto', { MILLRACE_SERVERS: '' })).toBe('auto');
    expect(wantedKind('auto', { MILLRACE_SERVERS: 'docker' })).toBe('docker');
    expect(wantedKind('local', { MILLRACE_SERVERS: 'docker' })).toBe('local');
    expect(() => wantedKind('auto', { MILLRACE_SERVERS: 'podman' })).toThrow(
      'MILLRACE_SERVERS is "podman": set it to docker or local, or leave it unset.',
    );
  });
});

describe('a storage error', () => {
  const failure = (code: string): Error => Object.assign(new Error(code), { code });

  test('becomes one sentence that says what to do', () => {
    expect(explainStorageError(failure('ENOSPC'), '/data')).toEqual(new SetupError(
      'The disk that holds /data is full: free some space (a gigabyte is plenty) or choose another directory with --data-dir.',
    ));
    expect(explainStorageError(failure('EACCES'), '/data')).toEqual(new SetupError(
      '/data cannot be written (EACCES): change its permissions or choose another directory with --data-dir.',
    ));
  });

  test('is told from all others', () => {
    const other = failure('ENOENT');
    expect(explainStorageError(other, '/data')).toBe(other);
  });
});

describe('programs', () => {
  function program(path: string, mode: number): string {
    const file = join(directory, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, mode);
    return file;
  }

  test('are found on PATH if they may be executed', () => {
    program('first/millrace-probe', 0o644);
    const second = program('second/millrace-probe', 0o755);
    const env = { PATH: `${directory}/first:${directory}/second` };
    expect(findExecutable('millrace-probe', env)).toBe(second);
    expect(findExecutable('millrace-no-such-program', env)).toBeUndefined();
  });

  test('Java is taken by its version, JAVA_HOME first', () => {
    const command = program('jdk/bin/java', 0o755);
    writeFileSync(join(directory, 'jdk', 'release'), 'IMPLEMENTOR="Test"\nJAVA_VERSION="99.0.1"\n');
    expect(findJava(99, { JAVA_HOME: join(directory, 'jdk'), PATH: '' })).toEqual({ command, version: 99 });
    expect(findJava(100, { JAVA_HOME: join(directory, 'jdk'), PATH: '' })).toBeUndefined();
  });
});

describe('ports', () => {
  test('that are said to be free are all different and free', async () => {
    const ports = await freePorts(8);
    expect(new Set(ports).size).toBe(8);
    expect(await portIsFree(ports[0] ?? 0)).toBe(true);
  });

  test('that another program has are taken, and what it says is neither Kafka nor Redis', async () => {
    const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await portIsFree(port)).toBe(false);
    expect(await probeKafka(port)).toBeUndefined();
    expect(await answersPing(port)).toBe(false);
    other.close();
  });
});

describe("Kafka's settings", () => {
  const node = { id: 1, port: 9092, controllerPort: 9093 };

  test('are copies and quorum of as many brokers as there are', () => {
    const three = kafkaProperties(node, [node, { id: 2, port: 1, controllerPort: 2 }, { id: 3, port: 3, controllerPort: 4 }], '/log');
    expect(three).toContain('controller.quorum.voters=1@127.0.0.1:9093,2@127.0.0.1:2,3@127.0.0.1:4\n');
    expect(three).toContain('min.insync.replicas=2\n');
    expect(kafkaProperties(node, [node], '/log')).toContain('min.insync.replicas=1\n');
  });

  test('are named for the environment as the image reads them', () => {
    expect(kafkaEnvironment({ 'node.id': 1, 'log.dirs': '/log' })).toEqual({ KAFKA_NODE_ID: '1', KAFKA_LOG_DIRS: '/log' });
  });
});

describe('a process', () => {
  test('has CPU time, memory and a start, and a pid of nobody has none', () => {
    expect(processCpuSeconds(process.pid)).toBeGreaterThan(0);
    expect(processResidentBytes(process.pid)).toBeGreaterThan(10_000_000);
    expect(processStartTicks(process.pid)).toBeGreaterThan(0);
    // The largest pid that Linux gives out is 2^22 − 1.
    expect(processCpuSeconds(2 ** 22)).toBeUndefined();
    expect(processStartTicks(2 ** 22)).toBeUndefined();
  });
});
