import { join, resolve } from 'node:path';
import { findJava } from './find-executable.ts';
import { freePorts } from './free-port.ts';
import { downloadDirectory, downloadWithMaven } from './maven.ts';
import { releaseDirectory, startServerProcess, waitUntilReady } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';

const apicurioVersion = '3.3.3';
const minimumJavaVersion = 21;

/** A schema registry of our own, in memory: an empty one at every start. */
export interface LocalRegistry extends ServerProcess {
  /** The base URL of Confluent's API, for `@confluentinc/schemaregistry`. */
  readonly url: string;
}

/** Where to run the registry. */
export interface LocalRegistryOptions {
  /** Holds its log and pid file. */
  readonly dataDir: string;
  /** A free port when left out. */
  readonly port?: number;
  /** Receives one line of progress at a time. */
  readonly log?: (line: string) => void;
}

/**
 * Starts Apicurio, which speaks the API of Confluent's schema registry, with BACKWARD compatibility for every subject.
 * @returns the registry, or one clause that says why this machine cannot run it, for the name of a skipped test
 * @throws SetupError when it cannot be fetched or does not start
 */
export async function startRegistry(options: LocalRegistryOptions): Promise<LocalRegistry | string> {
  const java = findJava(minimumJavaVersion);
  if (java === undefined) {
    return `no Java ${minimumJavaVersion} or newer in JAVA_HOME, PATH or /usr/lib/jvm, which Apicurio needs`;
  }
  const home = await downloadWithMaven({
    what: `the schema registry Apicurio ${apicurioVersion}`,
    directory: join(downloadDirectory, `apicurio-${apicurioVersion}`),
    goal: (target) => [
      'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack',
      // Without a project, the plugin's own default would be a directory named after an unresolved variable.
      `-DmarkersDirectory=${target}/.markers`,
      `-Dartifact=io.apicurio:apicurio-registry-app:${apicurioVersion}:tar.gz:all`,
      `-DoutputDirectory=${target}`,
    ],
    log: options.log ?? (() => undefined),
  });
  const dataDir = resolve(options.dataDir);
  await releaseDirectory('schema registry', dataDir);
  const [free = 0, managementPort = 0] = await freePorts(2);
  const port = options.port ?? free;
  const logFile = join(dataDir, 'registry.log');
  const server = await startServerProcess({
    name: 'schema registry',
    command: java.command,
    args: [
      '-Xms96m', '-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      '-Dquarkus.management.host=127.0.0.1',
      `-Dquarkus.management.port=${managementPort}`,
      // Confluent's registry has this by default; Apicurio's own default checks nothing.
      '-Dapicurio.rules.global.compatibility=BACKWARD',
      '-jar', join(home, 'quarkus-run.jar'),
    ],
    directory: dataDir,
    logFile,
  });
  await waitUntilReady(server, () => answersHealthy(managementPort), { logFile, timeoutMs: 120_000, intervalMs: 200 });
  return { ...server, url: `http://127.0.0.1:${port}/apis/ccompat/v7` };
}

async function answersHealthy(managementPort: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${managementPort}/health/ready`, { signal: AbortSignal.timeout(1_000) });
    return response.status === 200;
  } catch {
    return false;
  }
}
