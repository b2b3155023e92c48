import { spawn, spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { findExecutable, findJava } from '@millrace/testkit/servers/find-executable';
import { kafkaJarsAreHere, minimumJavaVersion } from '@millrace/testkit/servers/kafka-jars';
import { SetupError } from '@millrace/testkit/servers/setup-error';

/** A program from outside npm that the local servers need. */
export interface SystemProgram {
  /** As a person would say it. */
  readonly name: string;
  readonly debianPackage: string;
}

const redisServer: SystemProgram = { name: 'redis-server', debianPackage: 'redis-server' };
const java: SystemProgram = { name: `Java ${minimumJavaVersion} or newer`, debianPackage: 'default-jre-headless' };
const maven: SystemProgram = { name: 'Maven', debianPackage: 'maven' };

/** What this machine has, which decides what a command still needs. */
export interface Machine {
  readonly hasRedis: boolean;
  readonly hasJava: boolean;
  readonly hasMaven: boolean;
  /** The jars were fetched before, so Maven has nothing left to do. */
  readonly hasKafkaJars: boolean;
}

/**
 * The programs that a command needs and the machine lacks. Nothing is needed for help, nor for a server whose address is
 * given (`--kafka`, `--redis`), nor when Docker is asked for by `MILLRACE_SERVERS=docker`.
 */
export function missingPrograms(args: readonly string[], env: NodeJS.ProcessEnv, machine: Machine): SystemProgram[] {
  const given = (option: string): boolean => args.some((arg) => arg === option || arg.startsWith(`${option}=`));
  if (given('--help') || args.includes('-h') || env['MILLRACE_SERVERS'] === 'docker') return [];
  const missing: SystemProgram[] = [];
  if (!given('--redis') && !machine.hasRedis) missing.push(redisServer);
  if (!given('--kafka') && !machine.hasJava) missing.push(java);
  if (!given('--kafka') && !machine.hasMaven && !machine.hasKafkaJars) missing.push(maven);
  return missing;
}

/** The sentence for a machine where they cannot be installed from here. */
export function explainMissing(missing: readonly SystemProgram[]): string {
  const names = missing.map((program) => program.name).join(' and ');
  const packages = missing.map((program) => program.debianPackage).join(' ');
  return `This needs ${names}, which this machine lacks: install ${missing.length > 1 ? 'them' : 'it'} (on Debian: sudo apt-get install -y --no-install-recommends ${packages}), start Docker, or give the addresses of servers that exist with --kafka and --redis.`;
}

function inspectMachine(): Machine {
  return {
    hasRedis: findExecutable('redis-server') !== undefined,
    hasJava: findJava(minimumJavaVersion) !== undefined,
    hasMaven: findExecutable('mvn') !== undefined,
    hasKafkaJars: kafkaJarsAreHere(),
  };
}

/**
 * Makes sure that the programs for the local servers are there: installs them with apt-get when this runs as root, and
 * otherwise goes on only if a Docker engine answers, which can run the servers instead.
 * @throws SetupError with one sentence when neither is possible
 */
export async function provideSystemPrograms(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<void> {
  const missing = missingPrograms(args, env, inspectMachine());
  if (missing.length === 0) return;
  const mayInstall = process.getuid?.() === 0 && findExecutable('apt-get') !== undefined;
  if (mayInstall) {
    await installDebianPackages(missing.map((program) => program.debianPackage), log);
    const stillMissing = missingPrograms(args, env, inspectMachine());
    if (stillMissing.length > 0) throw new SetupError(explainMissing(stillMissing));
    return;
  }
  if (!dockerAnswers()) throw new SetupError(explainMissing(missing));
  log(`${missing.map((program) => program.name).join(' and ')} not found: the servers run in Docker.`);
}

/** A quick question; whether the images can be had is found out when they are wanted. */
function dockerAnswers(): boolean {
  return spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 5_000 }).status === 0;
}

const policyFile = '/usr/sbin/policy-rc.d';

/**
 * Installs packages without starting the services that they bring: Millrace runs its own Redis, and Debian's would take
 * port 6379. The policy file is Debian's way to say so (invoke-rc.d(8)).
 */
async function installDebianPackages(packages: readonly string[], log: (line: string) => void): Promise<void> {
  const ownPolicy = !existsSync(policyFile);
  if (ownPolicy) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    log(`Installing ${packages.join(', ')} with apt-get …`);
    await aptGet(['update', '-qq'], log);
    await aptGet(['install', '-y', '-qq', '--no-install-recommends', ...packages], log);
  } finally {
    if (ownPolicy) rmSync(policyFile, { force: true });
  }
  if (packages.includes('redis-server') && existsSync('/run/systemd/system')) {
    spawnSync('systemctl', ['disable', '--now', 'redis-server'], { stdio: 'ignore' });
  }
}

async function aptGet(args: readonly string[], log: (line: string) => void): Promise<void> {
  const child = spawn('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  const startedMs = Date.now();
  const timer = setInterval(() => log(`  still at it, ${Math.round((Date.now() - startedMs) / 1000)} s`), 10_000);
  const errors: string[] = [];
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(...text.split('\n')));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => clearInterval(timer));
  if (code === 0) return;
  const reason = errors.find((line) => line.startsWith('E:'))?.slice(2).trim() ?? `exit code ${code}`;
  throw new SetupError(`apt-get ${args[0]} failed (${reason}): mend that, or install the packages by hand, and start again.`);
}
