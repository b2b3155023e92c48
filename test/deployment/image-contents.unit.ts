import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../architecture/repository.ts';
import { text } from './deployment-files.ts';

/** Loads a program's modules, opens the registry as it does, and prints the packages that were read for it. */
const LOAD = `
  import { registerHooks } from 'node:module';
  const loaded = new Set();
  registerHooks({
    load(url, context, next) {
      const path = url.split('/node_modules/').at(-1);
      if (path !== url) loaded.add(path.split('/').slice(0, path.startsWith('@') ? 2 : 1).join('/'));
      return next(url, context);
    },
  });
  for (const module of ['packages/pipeline/src/index.ts', 'packages/algorithms/src/index.ts', 'packages/cli/src/run-command-line.ts']) {
    await import(new URL(module, process.argv[1]).href);
  }
  const { openRegistry } = await import(new URL('packages/events/src/registry.ts', process.argv[1]).href);
  (await openRegistry()).close();
  console.log(JSON.stringify([...loaded]));
`;

const removed = [...text('Dockerfile').matchAll(/^ +"node_modules\/([^"]+)"/gm)].map((match) => match[1]!);

test('what the image leaves out is loaded by no program in it', () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', LOAD, `file://${join(ROOT, '/')}`], { cwd: ROOT, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded).toContain('@confluentinc/schemaregistry');
  expect(loaded.length).toBeGreaterThan(40);
  expect(removed.length).toBeGreaterThan(10);
  expect(loaded.filter((library) => removed.some((left) => library === left || library.startsWith(`${left}/`)))).toEqual([]);
  // The launcher of Docker containers is not installed there at all.
  expect(loaded).not.toContain('testcontainers');
});
