import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { concludeRun } from './progress-reporter.ts';
import { explainMissing, missingPrograms } from './system-programs.ts';

/** The launcher's own modules are plain JavaScript for Node 20 and have no types: these are the ones that tests use. */
interface LauncherModules {
  requireLauncherNode(version: string): void;
  runsMillrace(version: string): boolean;
  chooseNode(root: string, systemNode: string, systemVersion: string): string;
  dependenciesAreCurrent(root: string, hash: string): boolean;
  explainNpmFailure(output: string, root: string, code: number): string;
}

function here(file: string): string {
  return join(import.meta.dirname, file);
}

const launcher: LauncherModules = {
  ...((await import(pathToFileURL(here('node-version.mjs')).href)) as Pick<LauncherModules, 'requireLauncherNode' | 'runsMillrace' | 'chooseNode'>),
  ...((await import(pathToFileURL(here('dependencies.mjs')).href)) as Pick<LauncherModules, 'dependenciesAreCurrent' | 'explainNpmFailure'>),
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-launch-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the version of Node', () => {
  test('must be 20 for the launcher', () => {
    expect(() => launcher.requireLauncherNode('v20.0.0')).not.toThrow();
    expect(() => launcher.requireLauncherNode('v18.20.8')).toThrow(
      'Millrace needs Node 20 or newer to start and found v18.20.8: install a newer Node',
    );
  });

  test.for([
    ['v20.20.2', false], ['v22.21.9', false], ['v22.22.0', true], ['v23.11.0', false], ['v24.0.0', true], ['v26.1.0', true],
  ] as const)('%s runs the entries: %s', ([version, expected]) => {
    expect(launcher.runsMillrace(version)).toBe(expected);
  });

  test('falls back to the system only if that is new enough, and says what to do if not', () => {
    expect(launcher.chooseNode(root, '/usr/bin/node', 'v24.1.0')).toBe('/usr/bin/node');
    expect(() => launcher.chooseNode(root, '/usr/bin/node', 'v20.20.2')).toThrow(/this is v20\.20\.2: run "npm rebuild node"/);
  });
});

describe('the installed packages', () => {
  function install(stamp: string | undefined, lockSeconds: number, installedSeconds: number): void {
    mkdirSync(join(root, 'node_modules'));
    writeFileSync(join(root, 'package-lock.json'), '{}');
    writeFileSync(join(root, 'node_modules', '.package-lock.json'), '{}');
    if (stamp !== undefined) writeFileSync(join(root, 'node_modules', '.millrace-lock'), stamp);
    utimesSync(join(root, 'package-lock.json'), lockSeconds, lockSeconds);
    utimesSync(join(root, 'node_modules', '.package-lock.json'), installedSeconds, installedSeconds);
  }

  test('are missing when there is no node_modules', () => {
    expect(launcher.dependenciesAreCurrent(root, 'hash')).toBe(false);
  });

  test('are current when the stamp is the hash of the lock file, whatever the clock says', () => {
    install('hash', 2_000, 1_000);
    expect(launcher.dependenciesAreCurrent(root, 'hash')).toBe(true);
  });

  test('are old when the lock file changed after they were installed', () => {
    install('earlier', 2_000, 1_000);
    expect(launcher.dependenciesAreCurrent(root, 'hash')).toBe(false);
  });

  test('are current when somebody installed them by hand', () => {
    install(undefined, 1_000, 2_000);
    expect(launcher.dependenciesAreCurrent(root, 'hash')).toBe(true);
  });

  test.for([
    ['npm error code ENOSPC', 'The disk that holds /repo is full: free about 1 GB and start again.'],
    ['npm error code EACCES\nnpm error syscall mkdir', 'npm may not write below /repo: change the owner or the permissions of that directory and start again.'],
    ['npm error code ENOTFOUND', 'npm could not reach its registry: check the network (or the proxy and registry settings of npm) and start again.'],
    ['\nnpm error Missing: x@1 from lock file', 'npm ci ended with exit code 1: Missing: x@1 from lock file'],
  ] as const)('that cannot be installed leave one sentence (%#)', ([output, sentence]) => {
    expect(launcher.explainNpmFailure(output, '/repo', 1)).toBe(sentence);
  });
});

describe('the programs of the system', () => {
  const bare = { hasRedis: false, hasJava: false, hasMaven: false, hasKafkaJars: false };
  const names = (args: readonly string[], machine = bare, env: NodeJS.ProcessEnv = {}): string[] =>
    missingPrograms(args, env, machine).map((program) => program.name);

  test('are all looked for when the servers are our own', () => {
    expect(names([])).toEqual(['redis-server', 'Java 17 or newer', 'Maven']);
    expect(names([], { hasRedis: true, hasJava: true, hasMaven: true, hasKafkaJars: false })).toEqual([]);
  });

  test('are not needed for servers whose address is given, for help, or with Docker', () => {
    expect(names(['--kafka', 'k:9092'])).toEqual(['redis-server']);
    expect(names(['--redis=redis://r'])).toEqual(['Java 17 or newer', 'Maven']);
    expect(names(['--kafka=k:9092', '--redis', 'redis://r'])).toEqual([]);
    expect(names(['--help'])).toEqual([]);
    expect(names([], bare, { MILLRACE_SERVERS: 'docker' })).toEqual([]);
  });

  test('do not include Maven once the jars are here', () => {
    expect(names([], { ...bare, hasKafkaJars: true })).toEqual(['redis-server', 'Java 17 or newer']);
  });

  test('are asked for in one sentence with the command that installs them', () => {
    const [redis, java] = missingPrograms([], {}, bare);
    expect(explainMissing([redis, java].filter((program) => program !== undefined))).toBe(
      'This needs redis-server and Java 17 or newer, which this machine lacks: install them (on Debian: sudo apt-get install -y --no-install-recommends redis-server default-jre-headless), start Docker, or give the addresses of servers that exist with --kafka and --redis.',
    );
  });
});

describe('the launcher', () => {
  test('names the commands there are when it is given another', () => {
    const result = spawnSync(process.execPath, [here('run.mjs'), 'nosuch'], { encoding: 'utf8' });
    expect(result.status).toBe(1);
    expect(result.stdout).toBe('');
    expect(result.stderr).toBe('There is no command "nosuch" to launch: choose one of start, millrace, test, bench, faults.\n');
  });

  /** A process that runs `program` in the foreground, as the launcher does, and ends with the code that it returns. */
  function startInForeground(program: string): ReturnType<typeof spawn> {
    const script = `
      import { runInForeground } from ${JSON.stringify(pathToFileURL(here('foreground.mjs')).href)};
      process.exitCode = await runInForeground(process.execPath, ['--eval', ${JSON.stringify(program)}]);`;
    return spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  test('ends with the exit code of what it ran', async () => {
    const [code] = (await once(startInForeground('process.exit(7)'), 'exit')) as [number];
    expect(code).toBe(7);
  });

  test('passes one Ctrl-C on once, though npm and the terminal both send it', async () => {
    // The child ends after the first one unless a second arrives while it waits.
    const child = startInForeground(`
      let count = 0;
      process.on('SIGINT', () => { count += 1; setTimeout(() => process.exit(40 + count), 400); });
      console.log('ready');
      setInterval(() => undefined, 1000);`);
    await once(child.stdout!, 'data');
    child.kill('SIGINT');
    child.kill('SIGINT');
    setTimeout(() => child.kill('SIGINT'), 50);
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(41);
  });

  test('leaves no process when it is killed', async () => {
    const child = startInForeground("console.log(process.pid); setInterval(() => undefined, 1000);");
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const alive = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    child.kill('SIGKILL');
    try {
      await expect.poll(alive, { timeout: 60_000 }).toBe(false);
    } finally {
      if (alive()) process.kill(pid, 'SIGKILL');
    }
  });
});

describe('the closing line', () => {
  test('counts the type check as one test', () => {
    expect(concludeRun({ passed: 9, failed: 0, skipped: 0 }, true)).toEqual({ text: '10 passed, 0 failed', exitCode: 0 });
    expect(concludeRun({ passed: 9, failed: 0, skipped: 0 }, false)).toEqual({ text: '9 passed, 1 failed', exitCode: 1 });
  });

  test('names skipped tests and fails for a failed one', () => {
    expect(concludeRun({ passed: 2, failed: 1, skipped: 3 }, true)).toEqual({ text: '3 passed, 1 failed, 3 skipped', exitCode: 1 });
  });

  test('is a failure when no test ran', () => {
    expect(concludeRun({ passed: 0, failed: 0, skipped: 0 }, true)).toEqual({
      text: 'No test ran: see whether the filter names one.\n1 passed, 0 failed',
      exitCode: 1,
    });
  });
});
