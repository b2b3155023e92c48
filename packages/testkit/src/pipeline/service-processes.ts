import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../servers/free-port.ts';
import { repositoryRoot } from '../servers/maven.ts';
import { startServerProcess, type ServerProcess } from '../servers/server-process.ts';
import { SetupError } from '../servers/setup-error.ts';

export const SERVICES = ['item-stream', 'user-stream'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** What the services connect to, and what is set differently from their defaults. */
export interface ServiceOptions {
  readonly dataDir: string;
  readonly kafka: string;
  readonly redis: string;
  readonly registry?: string | undefined;
  readonly shards: number;
  readonly topicPrefix?: string | undefined;
  /** Configuration as environment variables, by name. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** One worker process. */
export interface ServiceProcess {
  readonly service: ServiceName;
  readonly process: ServerProcess;
  /** Base address of /metrics, /healthz and /readyz. */
  readonly healthUrl: string;
  readonly logFile: string;
}

/**
 * A batch lives for some hundred milliseconds. With V8's default nursery of 16 MB much of it is moved to the old
 * generation before it dies; with 64 MB nearly all of it dies where it was made.
 */
export const SERVICE_NODE_FLAGS = ['--max-semi-space-size=64'] as const;

const READY_POLL_MS = 100;

/** Starts one worker of a service; `instance` tells several of one service apart. */
export async function startService(service: ServiceName, instance: number, options: ServiceOptions): Promise<ServiceProcess> {
  const name = instance === 0 ? service : `${service}-${instance}`;
  const directory = join(options.dataDir, 'services', name);
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const logFile = join(directory, 'log.jsonl');
  const process_ = await startServerProcess({
    name,
    command: process.execPath,
    args: [...SERVICE_NODE_FLAGS, join(repositoryRoot, 'services', service, 'src', 'main.ts')],
    directory,
    logFile,
    stopTimeoutMs: 25_000,
    env: {
      ...withoutTestVariables(process.env),
      MILLRACE_KAFKA_BROKERS: options.kafka,
      MILLRACE_REDIS_URL: options.redis,
      MILLRACE_SHARDS: String(options.shards),
      MILLRACE_HEALTH_PORT: String(port),
      ...(options.topicPrefix === undefined ? {} : { MILLRACE_TOPICS_PREFIX: options.topicPrefix }),
      ...(options.registry === undefined ? {} : { MILLRACE_REGISTRY_URL: options.registry }),
      ...options.env,
    },
  });
  return { service, process: process_, healthUrl: `http://127.0.0.1:${port}`, logFile };
}

/** Waits until a worker says that it is ready. @throws SetupError when it ends instead, or takes longer than `timeoutMs` */
export async function waitUntilServiceReady(service: ServiceProcess, timeoutMs: number): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  let answer = 'nothing yet';
  while (Date.now() < deadlineMs) {
    if (!service.process.running()) {
      throw new SetupError(`${service.process.name} ended while starting; its log is ${service.logFile}.`);
    }
    try {
      const response = await fetch(`${service.healthUrl}/readyz`);
      if (response.ok) return;
      answer = await response.text();
    } catch {
      // Not listening yet.
    }
    await sleep(READY_POLL_MS);
  }
  throw new SetupError(`${service.process.name} is not ready after ${timeoutMs / 1_000} s (${answer}); its log is ${service.logFile}.`);
}

/** A service refuses names that it does not know, and those of the test runner are none of its business. */
function withoutTestVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('MILLRACE_TEST_')));
}
