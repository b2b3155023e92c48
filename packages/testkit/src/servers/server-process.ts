import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processCpuSeconds, processResidentBytes, processStartTicks } from './process-cpu.ts';
import { explainStorageError, SetupError } from './setup-error.ts';

/** How to run one server as a child process. */
export interface ServerProcessOptions {
  /** What the server is called in messages, as in "Kafka". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Holds `server.pid`; also named in messages. It is made if it does not exist. */
  readonly directory: string;
  /** Standard output and error are appended to this file. */
  readonly logFile: string;
  /** After this long without an exit, `stop` kills the process. Default 20 s. */
  readonly stopTimeoutMs?: number;
}

/** A running server that belongs to this process and dies with it. */
export interface ServerProcess {
  readonly name: string;
  readonly pid: number;
  /** Fulfilled with a description such as "exit code 1" when the server has ended, wanted or not. */
  readonly exited: Promise<string>;
  /** True until the process has ended. */
  running(): boolean;
  /** Asks the server to end, waits, and kills it if it does not. Fulfilled when the process is gone. */
  stop(): Promise<void>;
  /** Sends a signal (SIGKILL for a crash, SIGSTOP and SIGCONT for a pause) and does not wait. */
  signal(signal: NodeJS.Signals): void;
  /** User plus system CPU seconds so far; 0 when the process is gone. */
  cpuSeconds(): number;
  /** Resident memory in bytes; 0 when the process is gone. */
  residentBytes(): number;
}

interface PidFile {
  readonly pid: number;
  readonly startTicks: number;
  readonly ownerPid: number;
  readonly ownerStartTicks: number;
}

/**
 * Ends the server when its owner dies without stopping it: the owner holds the other end of standard input, and the
 * kernel closes that whatever the owner dies of. The server has a session of its own (Ctrl-C must not reach the broker
 * before the services have drained), so nothing else would tell it.
 */
const watchdogScript = 'cat >/dev/null; kill -TERM "$1" 2>/dev/null || exit 0; i=0; '
  + 'while [ $i -lt 50 ] && kill -0 "$1" 2>/dev/null; do sleep 0.2; i=$((i+1)); done; kill -KILL "$1" 2>/dev/null';

function pidFileOf(directory: string): string {
  return join(directory, 'server.pid');
}

function readPidFile(directory: string): PidFile | undefined {
  try {
    return JSON.parse(readFileSync(pidFileOf(directory), 'utf8')) as PidFile;
  } catch {
    return undefined;
  }
}

/**
 * Makes sure that no server runs on `directory`. One whose owner is gone is ended; one whose owner lives is somebody
 * else's, and a `SetupError` says so.
 */
export async function releaseDirectory(name: string, directory: string): Promise<void> {
  const file = readPidFile(directory);
  if (file === undefined) return;
  const serverLives = processStartTicks(file.pid) === file.startTicks;
  if (!serverLives) return;
  if (file.ownerPid !== process.pid && processStartTicks(file.ownerPid) === file.ownerStartTicks) {
    throw new SetupError(
      `${directory} is in use by the ${name} of another Millrace process (pid ${file.ownerPid}): stop that process or choose another directory with --data-dir.`,
    );
  }
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const deadlineMs = Date.now() + 10_000;
    tryKill(file.pid, signal);
    while (Date.now() < deadlineMs) {
      if (processStartTicks(file.pid) !== file.startTicks) return;
      await sleep(50);
    }
  }
  throw new SetupError(`An earlier ${name} (pid ${file.pid}) does not end: kill it and start again.`);
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already: that is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Starts a server in a session of its own, with a watchdog that ends it when this process dies. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { name, directory, logFile } = options;
  await releaseDirectory(name, directory);
  let log: number;
  try {
    mkdirSync(directory, { recursive: true });
    mkdirSync(dirname(logFile), { recursive: true });
    log = openSync(logFile, 'a');
  } catch (error) {
    throw explainStorageError(error, directory);
  }
  const child = spawn(options.command, [...options.args], {
    stdio: ['ignore', log, log],
    detached: true,
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  closeSync(log);
  const spawnError = await new Promise<Error | undefined>((resolve) => {
    child.once('spawn', () => resolve(undefined));
    child.once('error', resolve);
  });
  if (spawnError !== undefined || child.pid === undefined) {
    throw new SetupError(`${name} could not be started: ${spawnError?.message ?? 'no process id'}.`);
  }
  const pid = child.pid;
  const watchdog = startWatchdog(pid);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      watchdog.kill('SIGKILL');
      if (readPidFile(directory)?.pid === pid) rmSync(pidFileOf(directory), { force: true });
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
  writeFileSync(pidFileOf(directory), JSON.stringify({
    pid,
    startTicks: processStartTicks(pid) ?? 0,
    ownerPid: process.pid,
    ownerStartTicks: processStartTicks(process.pid) ?? 0,
  } satisfies PidFile));
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    name,
    pid,
    exited,
    running,
    async stop() {
      if (!running()) return;
      // A paused process would not see SIGTERM until somebody continues it.
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), options.stopTimeoutMs ?? 20_000);
      await exited;
      clearTimeout(timer);
    },
    signal: (signal) => void child.kill(signal),
    cpuSeconds: () => processCpuSeconds(pid) ?? 0,
    residentBytes: () => processResidentBytes(pid) ?? 0,
  };
}

function startWatchdog(pid: number): ChildProcess {
  const watchdog = spawn('sh', ['-c', watchdogScript, 'millrace-watchdog', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.unref();
  // The pipe must stay open as long as this process lives, but must not keep it alive.
  (watchdog.stdin as unknown as { unref(): void }).unref();
  watchdog.stdin.on('error', () => undefined);
  return watchdog;
}

/**
 * Asks `ready` every `intervalMs` until it answers true. Ends with a `SetupError` when the server exits or the time is
 * over; the message carries the last line of the server's log that speaks of an error.
 */
export async function waitUntilReady(
  server: ServerProcess,
  ready: () => Promise<boolean>,
  options: { readonly logFile: string; readonly timeoutMs: number; readonly intervalMs?: number },
): Promise<void> {
  const deadlineMs = Date.now() + options.timeoutMs;
  while (server.running()) {
    if (await ready()) return;
    if (Date.now() > deadlineMs) {
      await server.stop();
      throw new SetupError(
        `${server.name} did not become ready within ${options.timeoutMs / 1000} s${lastError(options.logFile)}; its log is ${options.logFile}.`,
      );
    }
    await sleep(options.intervalMs ?? 50);
  }
  throw new SetupError(
    `${server.name} ended while it started (${await server.exited})${lastError(options.logFile)}; its log is ${options.logFile}.`,
  );
}

function lastError(logFile: string): string {
  let lines: string[];
  try {
    lines = readFileSync(logFile, 'utf8').split('\n');
  } catch {
    return '';
  }
  const line = lines.findLast((text) => /error|fatal|exception|can't|cannot|no space left/i.test(text));
  return line === undefined ? '' : `: ${line.trim().slice(0, 300)}`;
}
