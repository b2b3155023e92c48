import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { LaunchError } from './launch-error.mjs';

/** The oldest Node that the launcher itself runs on. */
const launcherMajor = 20;

/**
 * @param {string} version as in "v20.20.2"
 * @returns {[major: number, minor: number]}
 */
function parse(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return [major, minor];
}

/** Throws a `LaunchError` when the Node that runs this is too old to go on. */
export function requireLauncherNode(version) {
  if (parse(version)[0] >= launcherMajor) return;
  throw new LaunchError(
    `Millrace needs Node ${launcherMajor} or newer to start and found ${version}: install a newer Node from nodejs.org or from your system's packages.`,
  );
}

/** True for the versions that run the TypeScript of this repository and its tools: 22.22 and later of 22, and 24 on. */
export function runsMillrace(version) {
  const [major, minor] = parse(version);
  return major >= 24 || (major === 22 && minor >= 22);
}

/**
 * The Node that runs the entries: the one from the npm package `node`, which the lock file fixes, else the one that runs
 * this launcher if it is new enough.
 * @param {string} root of the repository
 * @param {string} systemNode the path of the Node that runs this
 * @param {string} systemVersion its version
 */
export function chooseNode(root, systemNode, systemVersion) {
  const packaged = join(root, 'node_modules', '.bin', 'node');
  const answer = spawnSync(packaged, ['--version'], { encoding: 'utf8' });
  if (answer.status === 0 && runsMillrace(answer.stdout.trim())) return packaged;
  if (runsMillrace(systemVersion)) return systemNode;
  throw new LaunchError(
    `Millrace runs on Node 24, which npm should have put at ${packaged}, and this is ${systemVersion}: run "npm rebuild node" (npm must be allowed to run install scripts) or install Node 24.`,
  );
}
