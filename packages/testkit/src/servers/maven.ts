import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findExecutable } from './find-executable.ts';
import { explainStorageError, SetupError } from './setup-error.ts';

/** The root of the repository, from which everything that is downloaded once hangs. */
export const repositoryRoot = resolve(import.meta.dirname, '../../../..');

/** What was downloaded once is shared by all data directories; `.millrace` is ignored by git. */
export const downloadDirectory = join(repositoryRoot, '.millrace', 'cache');

/** One thing that Maven fetches into a directory of its own. */
export interface MavenDownload {
  /** As in "the Kafka 4.1.1 jars". */
  readonly what: string;
  /** The directory that holds the result, complete or not at all. */
  readonly directory: string;
  /** The arguments for Maven that fill `target`. */
  readonly goal: (target: string) => readonly string[];
  /** Receives one line of progress at a time. */
  readonly log: (line: string) => void;
}

/**
 * Fetches with Maven unless it was fetched before, and returns the directory. The download goes to a directory beside
 * the final one, which appears in one step: a run that was interrupted leaves nothing that looks complete.
 * @throws SetupError when Maven is missing, cannot reach its repository, or the disk is full
 */
export async function downloadWithMaven(download: MavenDownload): Promise<string> {
  const { what, directory, log } = download;
  if (existsSync(directory)) return directory;
  const maven = findExecutable('mvn');
  if (maven === undefined) {
    throw new SetupError(
      `Maven, which fetches ${what}, was not found: install it (on Debian: apt-get install maven), or give the address of a Kafka with --kafka.`,
    );
  }
  let target: string;
  try {
    mkdirSync(dirname(directory), { recursive: true });
    target = mkdtempSync(`${directory}.part-`);
  } catch (error) {
    throw explainStorageError(error, dirname(directory));
  }
  try {
    log(`Fetching ${what} with Maven (once) …`);
    await runMaven(maven, download.goal(target), what, log);
    // Two processes may have fetched at the same time: the first rename wins, and both results are the same.
    if (!existsSync(directory)) renameSync(target, directory);
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
  return directory;
}

async function runMaven(maven: string, args: readonly string[], what: string, log: (line: string) => void): Promise<void> {
  const child = spawn(maven, ['-B', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const tail: string[] = [];
  let downloaded = 0;
  let reportedMs = Date.now();
  const onText = (text: string): void => {
    for (const line of text.split('\n')) {
      if (/Downloaded from/.test(line)) downloaded += 1;
      else if (/ERROR/.test(line)) tail.push(line.replace(/^.*?ERROR\S*\s*/, '').trim());
    }
    if (downloaded > 0 && Date.now() - reportedMs > 5_000) {
      reportedMs = Date.now();
      log(`  ${downloaded} files so far`);
    }
  };
  child.stdout.setEncoding('utf8').on('data', onText);
  child.stderr.setEncoding('utf8').on('data', onText);
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('close', done);
  });
  if (code === 0) return;
  const reason = tail.find((line) => line !== '')?.slice(0, 300) ?? `exit code ${code}`;
  if (/no space left/i.test(tail.join('\n'))) {
    throw new SetupError(`The disk is full: Maven could not store ${what}; free some space (about 500 MB) and start again.`);
  }
  throw new SetupError(
    `Maven could not fetch ${what}: check that this machine reaches Maven Central or a mirror of it (settings.xml), then start again. Maven said: ${reason}`,
  );
}
