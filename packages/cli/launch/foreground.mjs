import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Ctrl-C under npm arrives twice, from the terminal and from npm; a person does not press it twice this fast. */
const sameKeyPressMs = 300;

const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Ends the child when this process dies without having told it, of SIGKILL for instance: this process holds the other
 * end of the script's standard input, which the kernel closes.
 */
const watchdogScript = 'cat >/dev/null; kill -TERM "$1" 2>/dev/null';

/**
 * Runs a program with this terminal until it ends. It has a process group of its own, so that a Ctrl-C reaches it once
 * and by one way only: forwarded from here.
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<number>} its exit code, or 128 + the number of the signal that ended it
 */
export function runInForeground(command, args) {
  const child = spawn(command, args, { stdio: 'inherit', detached: true });
  const handlers = forwardedSignals.map((signal) => {
    let lastMs = -Infinity;
    const handler = () => {
      const nowMs = performance.now();
      if (nowMs - lastMs > sameKeyPressMs) child.kill(signal);
      lastMs = nowMs;
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  let watchdog;
  child.once('spawn', () => {
    watchdog = spawn('sh', ['-c', watchdogScript, 'millrace-watchdog', String(child.pid)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    watchdog.stdin.on('error', () => undefined);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      watchdog?.kill('SIGKILL');
      for (const { signal: name, handler } of handlers) process.off(name, handler);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
