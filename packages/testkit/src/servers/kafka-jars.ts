import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { downloadDirectory, downloadWithMaven, repositoryRoot } from './maven.ts';

/** Lists the jars of the broker; its version of Kafka is the one that everything here runs and is tested with. */
const pomFile = join(repositoryRoot, 'packages', 'testkit', 'servers', 'pom.xml');

/** The version of Kafka in the pom. */
export function kafkaVersion(): string {
  const match = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)<\/version>/.exec(readFileSync(pomFile, 'utf8'));
  if (match?.[1] === undefined) throw new Error(`${pomFile} names no version of kafka_2.13.`);
  return match[1];
}

/**
 * The directory with the jars of a Kafka broker (46 of them, 43 MB), fetched from Maven Central the first time.
 * @throws SetupError when they are not there and cannot be fetched
 */
export function kafkaJars(log: (line: string) => void): Promise<string> {
  const version = kafkaVersion();
  return downloadWithMaven({
    what: `the Kafka ${version} jars`,
    directory: join(downloadDirectory, `kafka-${version}`),
    goal: (target) => ['-f', pomFile, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${target}`],
    log,
  });
}
