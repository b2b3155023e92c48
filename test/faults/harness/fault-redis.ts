import { cpSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@millrace/testkit/servers/free-port';
import { startRedis, type LocalRedis } from '@millrace/testkit/servers/local-redis';

const APPEND_ONLY = 'appendonlydir';

/** A Redis that can be killed, lose the end of its file, go back to an earlier one, and come back on the same port. */
export class FaultRedis {
  readonly url: string;
  readonly port: number;
  readonly #dataDir: string;
  #server: LocalRedis;

  private constructor(dataDir: string, server: LocalRedis) {
    this.#dataDir = dataDir;
    this.#server = server;
    this.url = server.url;
    this.port = server.port;
  }

  static async start(dataDir: string): Promise<FaultRedis> {
    return new FaultRedis(dataDir, await startRedis({ dataDir, port: await freePort() }));
  }

  async kill(): Promise<void> {
    this.#server.signal('SIGKILL');
    await this.#server.exited;
  }

  async restart(): Promise<void> {
    this.#server = await startRedis({ dataDir: this.#dataDir, port: this.port });
  }

  /** Stops answering without closing anything, or goes on. */
  pause(isPaused: boolean): void {
    this.#server.signal(isPaused ? 'SIGSTOP' : 'SIGCONT');
  }

  /**
   * Cuts the end off the append-only file of a Redis that is down, as a machine does that loses power before the file
   * reached the disk.
   *
   * @param share of the file, below 1
   */
  loseTail(share: number): void {
    const directory = join(this.#dataDir, APPEND_ONLY);
    const newest = readdirSync(directory).filter((name) => name.endsWith('.incr.aof')).sort().at(-1);
    if (newest === undefined) return;
    const file = join(directory, newest);
    truncateSync(file, Math.ceil(statSync(file).size * (1 - share)));
  }

  /** Copies the files as they are now: only ever appended to, so a copy is the state of a moment ago. */
  saveFiles(name: string): void {
    cpSync(join(this.#dataDir, APPEND_ONLY), join(this.#dataDir, `saved-${name}`), { recursive: true });
  }

  /** Puts a saved copy in the place of what a Redis that is down has. */
  putBackFiles(name: string): void {
    rmSync(join(this.#dataDir, APPEND_ONLY), { recursive: true });
    cpSync(join(this.#dataDir, `saved-${name}`), join(this.#dataDir, APPEND_ONLY), { recursive: true });
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
