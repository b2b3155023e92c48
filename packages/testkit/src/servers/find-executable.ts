import { accessSync, constants, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';

/** The full path of a program on `PATH` (or in /usr/sbin and /usr/local/bin, which a plain user's PATH may lack). */
export function findExecutable(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const directories = [...(env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin', '/usr/sbin'];
  return directories.filter((directory) => directory !== '').map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A Java runtime on this machine. */
export interface JavaRuntime {
  readonly command: string;
  /** The feature release, such as 17 or 21. */
  readonly version: number;
}

/**
 * The first Java of at least `minimumVersion` in JAVA_HOME, on PATH or under /usr/lib/jvm; `undefined` when there is
 * none. The version comes from the `release` file beside it, or from asking the program itself, which takes longer.
 */
export function findJava(minimumVersion: number, env: NodeJS.ProcessEnv = process.env): JavaRuntime | undefined {
  const candidates: string[] = [];
  if (env['JAVA_HOME'] !== undefined) candidates.push(join(env['JAVA_HOME'], 'bin', 'java'));
  const onPath = findExecutable('java', env);
  if (onPath !== undefined) candidates.push(onPath);
  candidates.push(...installedRuntimes('/usr/lib/jvm'));
  for (const command of candidates.filter(isExecutable)) {
    const version = javaVersion(command);
    if (version !== undefined && version >= minimumVersion) return { command, version };
  }
  return undefined;
}

function installedRuntimes(directory: string): string[] {
  try {
    return readdirSync(directory).sort().map((name) => join(directory, name, 'bin', 'java'));
  } catch {
    return [];
  }
}

function javaVersion(command: string): number | undefined {
  const text = releaseFile(command) ?? spawnSync(command, ['-version'], { encoding: 'utf8', timeout: 10_000 }).stderr ?? '';
  // `JAVA_VERSION="17.0.15"` in the file, `openjdk version "17.0.15"` from the program.
  const match = /(?:JAVA_VERSION=|version )"(\d+)/.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

function releaseFile(command: string): string | undefined {
  try {
    return readFileSync(join(dirname(dirname(realpathSync(command))), 'release'), 'utf8');
  } catch {
    return undefined;
  }
}
