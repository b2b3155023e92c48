import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceFile, Workspace } from './import-rules.ts';

const MAX_LISTING_BYTES = 16 * 1024 * 1024;

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Every source file of the product and of its tests. */
export function sourceFiles(): SourceFile[] {
  const exclude = (name: string) => /(^|[\\/])(node_modules|\.millrace)$/.test(name);
  return globSync('{packages,services,test}/**/*.{ts,mjs}', { cwd: ROOT, exclude })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => !path.includes('node_modules/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/**
 * The root and every package and service. What the root declares for development is there for the tests of all of
 * them, and its own tests may use all of our packages: npm links every workspace.
 */
export function workspaces(): Workspace[] {
  const root = manifest('.');
  const folders = globSync('{packages,services}/*/package.json', { cwd: ROOT }).map((path) => path.split(sep).slice(0, -1).join('/'));
  const members = folders.sort().map((folder) => {
    const own = manifest(folder);
    return { ...own, devDependencies: new Set([...own.devDependencies, ...root.devDependencies]) };
  });
  const everything = new Set([...root.devDependencies, ...members.map(({ name }) => name)]);
  return [{ ...root, devDependencies: everything }, ...members];
}

function manifest(folder: string): Workspace {
  const json = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as {
    name: string;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
  return {
    folder,
    name: json.name,
    dependencies: new Set(Object.keys(json.dependencies ?? {})),
    devDependencies: new Set(Object.keys(json.devDependencies ?? {})),
  };
}

/** Paths of the files that git tracks, or undefined when this is no checkout (an unpacked archive, an image). */
export function trackedFiles(): string[] | undefined {
  if (!existsSync(join(ROOT, '.git'))) return undefined;
  const paths = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8', maxBuffer: MAX_LISTING_BYTES });
  return paths.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
}
