import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { downloadDirectory, downloadWithMaven, repositoryRoot } from './maven.ts';

/** Lists the jars of the broker; its version of Kafka is the one that everything here runs and is tested with. */
const pomFile = join(repositoryRoot, 'packages', 'testkit', 'servers', 'pom.xml');

/** The oldest Java that the broker runs on. */
export const minimumJavaVersion = 17;

/** The version of Kafka in the pom. */
export function kafkaVersion(): string {
  const match = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)<\/version>/.exec(readFileSync(pomFile, 'utf8'));
  if (match?.[1] === undefined) throw new Error(`${pomFile} names no version of kafka_2.13.`);
  return match[1];
}

function jarDirectory(): string {
  return join(downloadDirectory, `kafka-${kafkaVersion()}`);
}

/** True when the jars were fetched before, so that neither Maven nor a network is needed. */
export function kafkaJarsAreHere(): boolean {
  return existsSync(jarDirectory());
}

/**
 * The directory with the jars of a Kafka broker (46 of them, 43 MB), fetched from Maven Central the first time.
 * @throws SetupError when they are not there and cannot be fetched
 */
export function kafkaJars(log: (line: string) => void): Promise<string> {
  return downloadWithMaven({
    what: `the Kafka ${kafkaVersion()} jars`,
    directory: jarDirectory(),
    goal: (target) => ['-f', pomFile, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${target}`],
    log,
  });
}
