import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MUTATIONS, NO_MUTATION, type Mutation } from './mutations.ts';

const ROOT = resolve(import.meta.dirname, '../..');

interface Run {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Runs the worlds until one fails, in a process whose source has the mutation in it. */
function runWorlds({ name, world, seeds }: Mutation): Promise<Run> {
  const args = ['--import', './mutate.ts', 'run.ts', '--world', world, '--stop-at-first', '--seeds', String(seeds)];
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname, env: { ...process.env, MUTATION: name } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      output += part.toString();
    });
  }
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (exitCode) => done({ exitCode, output }));
  });
}

describe('the simulated worlds notice that', () => {
  for (const mutation of MUTATIONS) {
    test(mutation.name, async () => {
      const source = readFileSync(join(ROOT, mutation.file), 'utf8');
      expect(source.split(mutation.find).length - 1, `"${mutation.find}" must stand once in ${mutation.file}`).toBe(1);
      const { exitCode, output } = await runWorlds(mutation);
      // A program that does not even start would pass for one that noticed: a world must have failed.
      expect(output).toMatch(/^seed \d+ \(/m);
      expect(exitCode, output.slice(-2_000)).toBe(1);
    });
  }

  test('a program without any mutation passes the same worlds', async () => {
    const unchanged = { name: NO_MUTATION, file: '', find: '', replace: '', seeds: 20, world: 'toy' } as const;
    const { exitCode, output } = await runWorlds(unchanged);
    expect(exitCode, output.slice(-2_000)).toBe(0);
  });
});
