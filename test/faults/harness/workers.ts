import { setTimeout as sleep } from 'node:timers/promises';
import { startService, waitUntilServiceReady, type ServiceName, type ServiceProcess } from '@millrace/testkit/pipeline/service-processes';

/** Where a worker finds its servers, where that is not where everybody does. */
export interface WorkerPlace {
  readonly kafka?: string | undefined;
  readonly redis?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface FleetOptions {
  readonly dataDir: string;
  readonly kafka: string;
  readonly redis: string;
  readonly shards: number;
  readonly topicPrefix: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Worker {
  readonly name: string;
  readonly service: ServiceName;
  readonly process: ServiceProcess;
  /** Nobody is surprised by its end. */
  mayEnd: boolean;
  /** Its end, once it has ended in an orderly stop. */
  exit: string | undefined;
}

const READY_WITHIN_MS = 120_000;

/** The workers of a pipeline, each a process with a log of its own. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #all: Worker[] = [];
  readonly #surprises: string[] = [];
  #started = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Every worker that ever ran. */
  get all(): readonly Worker[] {
    return this.#all;
  }

  /** Workers that ended although nobody had asked them to. */
  get surprises(): readonly string[] {
    return this.#surprises;
  }

  running(service: ServiceName): Worker[] {
    return this.#all.filter((worker) => worker.service === service && worker.process.process.running());
  }

  /** Starts a worker and does not wait until it is ready. */
  async start(service: ServiceName, place: WorkerPlace = {}): Promise<Worker> {
    const { dataDir, kafka, redis, shards, topicPrefix, env } = this.#options;
    this.#started += 1;
    const started = await startService(service, this.#started, {
      dataDir,
      kafka: place.kafka ?? kafka,
      redis: place.redis ?? redis,
      shards,
      topicPrefix,
      env: { ...env, ...place.env, ...nodeOptions(env, place.env) },
    });
    const worker: Worker = { name: started.process.name, service, process: started, mayEnd: false, exit: undefined };
    this.#all.push(worker);
    void started.process.exited.then((how) => {
      if (!worker.mayEnd) this.#surprises.push(`${worker.name} ended by itself (${how}).`);
    });
    return worker;
  }

  async untilReady(): Promise<void> {
    const running = this.#all.filter(({ process }) => process.process.running());
    await Promise.all(running.map(({ process }) => waitUntilServiceReady(process, READY_WITHIN_MS)));
  }

  /** As an out-of-memory killer does it. */
  async kill(worker: Worker): Promise<void> {
    worker.mayEnd = true;
    worker.process.process.signal('SIGKILL');
    await worker.process.process.exited;
  }

  /** As a deployment does it. */
  async stop(worker: Worker): Promise<void> {
    worker.mayEnd = true;
    await worker.process.process.stop();
    worker.exit = await worker.process.process.exited;
  }

  async stopAll(): Promise<void> {
    // The items last: the users' last batches write to them.
    for (const service of ['user-stream', 'item-stream'] as const) {
      await Promise.all(this.running(service).map((worker) => this.stop(worker)));
    }
  }

  /** Ends what is left without asking; for a scenario that went wrong. */
  async killAll(): Promise<void> {
    const running = this.#all.filter(({ process }) => process.process.running());
    await Promise.all(running.map((worker) => this.kill(worker)));
  }

  /** What every running worker's /metrics says. */
  async metrics(): Promise<string[]> {
    const running = this.#all.filter(({ process }) => process.process.running());
    return Promise.all(running.map(async ({ process }) => (await fetch(`${process.healthUrl}/metrics`)).text()));
  }

  /** Waits until the worker has ended by itself, which it was expected to. */
  async untilEnded(worker: Worker, timeoutMs: number): Promise<void> {
    worker.mayEnd = true;
    const ended = await Promise.race([worker.process.process.exited.then(() => true), sleep(timeoutMs, false)]);
    if (!ended) throw new Error(`${worker.name} was to end within ${timeoutMs / 1_000} s and did not.`);
  }
}

/** What both want loaded into the process, the world's first. */
function nodeOptions(...environments: readonly (Readonly<Record<string, string>> | undefined)[]): Record<string, string> {
  const options = environments.flatMap((env) => env?.['NODE_OPTIONS'] ?? []);
  return options.length === 0 ? {} : { NODE_OPTIONS: options.join(' ') };
}
