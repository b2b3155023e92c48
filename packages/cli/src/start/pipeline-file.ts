import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a data directory says of the pipeline that lives in it, for the next start and for the command line. */
export interface PipelineFile {
  readonly shards: number;
  readonly prefix: string;
  readonly seed: number;
  /** Records of the shop's stream that are in the topics. */
  readonly replayedRecords: number;
  /** Addresses while it runs; absent when it does not. */
  readonly running?: { readonly pid: number; readonly kafka: string; readonly redis: string; readonly registry?: string | undefined } | undefined;
}

const NAME = 'pipeline.json';

/** undefined when the directory holds no pipeline yet. */
export function readPipelineFile(dataDir: string): PipelineFile | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDir, NAME), 'utf8')) as PipelineFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writePipelineFile(dataDir: string, file: PipelineFile): void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, NAME);
  writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}
