import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LaunchError } from './launch-error.mjs';

/** The hash of the lock file that node_modules was installed from. */
const stampName = '.millrace-lock';
const progressIntervalMs = 10_000;

/** npm writes its two lock files within moments of each other, the one inside node_modules not always last. */
const npmWritesWithinMs = 5_000;

/**
 * Installs the packages of the lock file unless they are installed. Prints nothing when there is nothing to do.
 * @param {string} root of the repository
 * @param {(line: string) => void} log receives progress
 */
export async function installDependencies(root, log) {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  if (dependenciesAreCurrent(root, hash)) return;
  const packages = countPackages(root);
  log(`Installing ${packages} packages from package-lock.json (npm ci), a minute or so …`);
  const startedMs = Date.now();
  const timer = setInterval(
    () => log(`  still installing, ${Math.round((Date.now() - startedMs) / 1000)} s`),
    progressIntervalMs,
  );
  try {
    await npmCi(root);
  } finally {
    clearInterval(timer);
  }
  writeStamp(root, hash);
  log(`Installed in ${Math.round((Date.now() - startedMs) / 1000)} s.`);
}

/** True when node_modules was installed from exactly this lock file, by this launcher or by hand. */
export function dependenciesAreCurrent(root, hash) {
  const installed = modifiedMs(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return false;
  if (readText(join(root, 'node_modules', stampName)) === hash) return true;
  const locked = modifiedMs(join(root, 'package-lock.json'));
  return locked !== undefined && installed >= locked - npmWritesWithinMs;
}

function writeStamp(root, hash) {
  writeFileSync(join(root, 'node_modules', stampName), hash);
}

function countPackages(root) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.keys(lock.packages).filter((path) => path.startsWith('node_modules/')).length;
}

function npmCi(root) {
  // The Node inside node_modules is about to be replaced: npm and its scripts must run on the system's.
  const inside = join(root, 'node_modules');
  const path = (process.env.PATH ?? '').split(delimiter).filter((directory) => !directory.startsWith(inside)).join(delimiter);
  const child = spawn('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'], {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new LaunchError(`npm could not be run (${error.message}): install npm.`)));
    child.once('close', (code) => (code === 0 ? resolve() : reject(new LaunchError(explainNpmFailure(output, root, code)))));
  });
}

/**
 * One sentence that says why `npm ci` failed and what to do.
 * @param {string} output what npm printed
 * @param {string} root of the repository
 * @param {number | null} code its exit code
 */
export function explainNpmFailure(output, root, code) {
  if (/ENOSPC|EDQUOT/.test(output)) {
    return `The disk that holds ${root} is full: free about 1 GB and start again.`;
  }
  if (/EACCES|EPERM|EROFS/.test(output)) {
    return `npm may not write below ${root}: change the owner or the permissions of that directory and start again.`;
  }
  if (/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT/.test(output)) {
    return 'npm could not reach its registry: check the network (or the proxy and registry settings of npm) and start again.';
  }
  const reason = output.split('\n').map((line) => line.replace(/^npm (error|ERR!)\s*/, '').trim()).find((line) => line !== '');
  return `npm ci ended with exit code ${code}: ${reason ?? 'it said nothing'}`;
}

function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
