import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTestFile } from './import-rules.ts';
import { ROOT, trackedFiles } from './repository.ts';

/** What a reader meets first stays this short. Whatever else there is has its place inside one of these. */
const TOP_LEVEL = new Set([
  '.ci',
  '.dockerignore',
  '.editorconfig',
  '.gitattributes',
  '.gitignore',
  '.npmrc',
  '.nvmrc',
  'CHANGELOG.md',
  'Dockerfile',
  'LICENSE',
  'NOTICE',
  'README.md',
  'docker-compose.yml',
  'docs',
  'k8s',
  'package-lock.json',
  'package.json',
  'packages',
  'schemas',
  'services',
  'test',
  'tsconfig.json',
  'vitest.config.ts',
]);

/**
 * Paths of the machine that somebody worked on. `/home/node` is the user of Node's own container image. Written in
 * pieces, so that this file does not match itself.
 */
const MACHINE_PATH = new RegExp(
  [`(?<![\\w.:/-])/${'work'}(space)?/`, `(?<![\\w.:/-])/${'root'}/`, `(?<![\\w.:/-])/${'home'}/(?!node\\b)\\w`, `(?<![\\w.:/-])/${'Users'}/\\w`, `\\b[A-Z]:\\\\${'Users'}\\\\`].join('|'),
);

const FOLDERS_THAT_SAY_NOTHING = /(^|\/)(utils?|commons?|helpers?|misc)(\/|$)/i;
const MAX_SOURCE_LINES = 400;

const tracked = trackedFiles();
const reason = tracked === undefined ? ' (skipped: this folder is no git checkout)' : '';

function isText(path: string): boolean {
  const head = Buffer.alloc(8_192);
  const file = openSync(path, 'r');
  try {
    return !head.subarray(0, readSync(file, head)).includes(0);
  } finally {
    closeSync(file);
  }
}

describe.skipIf(tracked === undefined)(`the repository${reason}`, () => {
  const paths = tracked ?? [];

  test('has a fixed top level', () => {
    const entries = new Set(paths.map((path) => path.split('/', 1)[0] ?? path));
    const unexpected = [...entries].filter((entry) => !TOP_LEVEL.has(entry));
    expect(unexpected, 'Move these into packages, services, test, docs, schemas, k8s or .ci').toEqual([]);
  });

  test('names no path of a machine', () => {
    const found: string[] = [];
    for (const path of paths) {
      const absolute = join(ROOT, path);
      if (!statSync(absolute).isFile() || !isText(absolute)) continue;
      readFileSync(absolute, 'utf8').split('\n').forEach((line, i) => {
        if (MACHINE_PATH.test(line)) found.push(`${path}:${i + 1}`);
      });
    }
    expect(found, 'Write a path relative to the repository, or let the caller give it').toEqual([]);
  });

  test('has no folder whose name says nothing of what is in it', () => {
    expect(paths.filter((path) => FOLDERS_THAT_SAY_NOTHING.test(path)), 'Name the folder after what its files do').toEqual([]);
  });

  test(`has no source file of more than ${MAX_SOURCE_LINES} lines, tests aside`, () => {
    const long = paths
      .filter((path) => /\.(ts|mjs|lua)$/.test(path) && !isTestFile(path))
      .map((path) => ({ path, lines: readFileSync(join(ROOT, path), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_SOURCE_LINES);
    expect(long, 'Split the file where its subject changes').toEqual([]);
  });

  test('takes every package of the lock file from the public registry', () => {
    const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
    const elsewhere = [...lock.matchAll(/"resolved": "(https?:\/\/[^/"]+)/g)].map((match) => match[1]).filter((host) => host !== 'https://registry.npmjs.org');
    expect([...new Set(elsewhere)], 'Run npm install with the public registry, or strip the resolved addresses').toEqual([]);
  });
});

test.each([['/work', 'space/a'], ['/home', '/anna/x'], ['file:///ro', 'ot/a'], ['C:\\Us', 'ers\\a']])('a path like %s%s is a path of a machine', (...halves) => {
  const path = halves.join('');
  expect(MACHINE_PATH.test(path.startsWith('file') ? path.slice('file://'.length) : path)).toBe(true);
});

test.each(['/home/node/app', '../work/a', 'docs/work/a', 'https://x/root/y', './root/a'])('%s is none', (path) => {
  expect(MACHINE_PATH.test(path)).toBe(false);
});
