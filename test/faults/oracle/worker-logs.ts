import { readFileSync } from 'node:fs';
import { PERSONAL_MARK } from '../harness/known-load.ts';
import type { Worker } from '../harness/workers.ts';

interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly code?: string;
}

export interface LogFindings {
  /** Codes of the alarms, in the order of the lines. */
  readonly alarms: readonly string[];
  readonly problems: readonly string[];
}

/** Reads the logs of workers: alarms, errors, lines that are no lines of the log (a crash), and anybody's id. */
export function readWorkerLogs(workers: readonly Worker[]): LogFindings {
  const alarms: string[] = [];
  const problems: string[] = [];
  for (const { name, process } of workers) {
    const text = readFileSync(process.logFile, 'utf8');
    if (text.includes(PERSONAL_MARK)) problems.push(`the log of ${name} names a person`);
    const lines = text.split('\n');
    lines.forEach((line, i) => {
      if (line === '') return;
      const entry = parse(line);
      if (entry === undefined) {
        // A killed process may leave half a line at its end.
        if (i < lines.length - 1) problems.push(`the log of ${name} has a line that is none: ${line.slice(0, 200)}`);
      } else if (entry.event === 'shard.alarm') {
        alarms.push(entry.code ?? '');
      } else if (entry.level === 'error') {
        problems.push(`the log of ${name} has the error ${line.slice(0, 500)}`);
      }
    });
  }
  return { alarms, problems };
}

/** Has the worker's own code said anything yet? */
export function hasBegun({ process }: Worker): boolean {
  return readFileSync(process.logFile, 'utf8').trim() !== '';
}

function parse(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
