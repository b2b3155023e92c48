import { describe, expect, test } from 'vitest';
import { cyclesOf, violationsOf, type SourceFile, type Violation, type Workspace } from './import-rules.ts';
import { sourceFiles, workspaces } from './repository.ts';

function told(violations: readonly Violation[]): string {
  return violations.map(({ where, message }) => `${where}\n    ${message}`).join('\n');
}

describe('this repository', () => {
  const files = sourceFiles();
  const packages = workspaces();

  test('keeps the rules of imports, without exception', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(told(violationsOf(files, packages))).toBe('');
  });

  test('has no cycle between packages', () => {
    const cycles = cyclesOf(files, packages).map((cycle) => cycle.join(' → '));
    expect(cycles.join('\n'), 'Break a cycle by moving what both sides need into the lower one, or behind an interface there').toBe('');
  });
});

describe('the rules bite', () => {
  const workspace = (folder: string, dependencies: string[] = [], devDependencies: string[] = ['vitest']): Workspace => ({
    folder,
    name: folder === '.' ? 'millrace' : `@millrace/${folder.split('/')[1]}`,
    dependencies: new Set(dependencies),
    devDependencies: new Set(devDependencies),
  });
  const own = ['algorithms', 'events', 'stream', 'pipeline', 'runtime', 'testkit', 'cli', 'user-stream', 'item-stream'].map((name) => `@millrace/${name}`);
  const libraries = ['kafkajs', 'ioredis', 'pino', 'prom-client', 'avsc'];
  const everything = [...own, ...libraries];
  const packages = [
    workspace('.', [], [...own, 'vitest']),
    ...['algorithms', 'events', 'stream', 'pipeline', 'runtime', 'testkit', 'cli'].map((name) => workspace(`packages/${name}`, everything)),
    workspace('services/user-stream', everything),
    workspace('services/item-stream', everything),
  ];
  const check = (path: string, text: string, among = packages) => told(violationsOf([{ path, text }], among));

  test.each([
    ['services/user-stream/src/main.ts', '@millrace/pipeline'],
    ['services/user-stream/src/main.ts', '@millrace/stream/engine'],
    ['packages/pipeline/src/a.ts', '@millrace/stream/log'],
    ['packages/pipeline/src/a.ts', '@millrace/algorithms'],
    ['packages/stream/src/a.ts', '@millrace/runtime/logger'],
    ['packages/stream/src/kafka/a.ts', 'kafkajs'],
    ['packages/stream/src/redis/a.ts', 'ioredis'],
    ['packages/runtime/src/a.ts', 'pino'],
    ['packages/testkit/src/a.ts', '@millrace/pipeline'],
    ['packages/cli/src/a.ts', '@millrace/testkit'],
    ['packages/cli/src/a.ts', '@millrace/user-stream'],
    ['packages/stream/src/a.unit.ts', '@millrace/testkit'],
    ['packages/events/src/a.prop.ts', 'kafkajs'],
    ['packages/algorithms/src/a.unit.ts', 'node:fs'],
    ['packages/algorithms/src/a.ts', 'node:buffer'],
    ['packages/cli/src/a.ts', 'vitest/node'],
    ['packages/stream/src/behaviour/a.suite.ts', 'vitest'],
    ['packages/events/src/a.fixture.ts', 'vitest'],
    ['packages/stream/src/behaviour/redis-for-tests.ts', '@millrace/testkit'],
    ['packages/stream/src/a.ts', './b.ts'],
    ['packages/stream/src/kafka/a.ts', '../b.ts'],
    ['test/journeys/a.e2e.ts', '@millrace/testkit'],
  ])('%s may import %s', (path, specifier) => {
    expect(check(path, `import { a } from '${specifier}';`)).toBe('');
  });

  test.each<[string, string, RegExp]>([
    ['packages/stream/src/a.ts', '@millrace/events', /stream may import only runtime/],
    ['packages/stream/src/a.ts', '@millrace/pipeline', /stream may import only runtime/],
    ['packages/pipeline/src/a.ts', '@millrace/cli', /pipeline may import only/],
    ['packages/pipeline/src/a.ts', '@millrace/testkit', /pipeline may import only/],
    ['packages/events/src/a.ts', '@millrace/algorithms', /events may import only runtime/],
    ['packages/runtime/src/a.ts', '@millrace/stream', /runtime may import none of our packages/],
    ['packages/algorithms/src/a.ts', '@millrace/runtime', /algorithms may import only events/],
    ['packages/algorithms/src/a.ts', '@millrace/events', /Write `import type`/],
    ['packages/algorithms/src/a.ts', 'node:crypto', /algorithms is pure/],
    ['packages/testkit/src/a.ts', '@millrace/cli', /testkit may import only/],
    ['services/user-stream/src/a.ts', '@millrace/testkit', /service may import only/],
    ['services/user-stream/src/a.ts', '@millrace/item-stream', /services are ends/],
    ['services/user-stream/src/a.unit.ts', '@millrace/item-stream', /services are ends/],
    ['packages/pipeline/src/a.ts', '@millrace/user-stream', /services are ends/],
    ['packages/stream/src/a.ts', 'kafkajs', /only under packages\/stream\/src\/kafka\//],
    ['packages/stream/src/redis/a.ts', 'kafkajs/src/x.js', /only under packages\/stream\/src\/kafka\//],
    ['packages/cli/src/a.ts', 'kafkajs', /only under packages\/stream\/src\/kafka\//],
    ['packages/testkit/src/a.ts', 'ioredis', /only under packages\/stream\/src\/redis\//],
    ['services/user-stream/src/a.ts', 'pino', /Use the Logger/],
    ['packages/stream/src/a.ts', 'prom-client', /Use defineMetrics/],
    ['packages/stream/src/a.ts', '@millrace/stream/log', /by a relative path/],
    ['packages/stream/src/a.ts', '../../runtime/src/logger.ts', /leaves packages\/stream\. Import @millrace\/runtime\/logger/],
    ['packages/stream/src/a.unit.ts', '../../runtime/src/logger.ts', /leaves packages\/stream/],
    ['packages/stream/src/a.ts', '../../../test/a.ts', /leaves packages\/stream/],
    ['packages/stream/src/a.ts', '../../../../a.ts', /leaves packages\/stream/],
    ['test/journeys/a.e2e.ts', '../../packages/stream/src/log.ts', /Import @millrace\/stream\/log by its name/],
    ['packages/stream/src/a.ts', '../../testkit/src/servers/a.ts', /Import @millrace\/testkit\/servers\/a by/],
    ['packages/stream/src/a.ts', './b.unit.ts', /does not import its tests/],
    ['packages/stream/src/a.ts', 'left-pad', /Add it to dependencies in packages\/stream\/package\.json with its exact version/],
    ['packages/stream/src/a.ts', 'vitest', /Add it to dependencies/],
    ['packages/stream/src/a.unit.ts', 'left-pad', /Add it to devDependencies/],
  ])('%s may not import %s', (path, specifier, message) => {
    expect(check(path, `import { a } from '${specifier}';`)).toMatch(message);
  });

  test('types of events are what algorithms may take', () => {
    expect(check('packages/algorithms/src/a.ts', `import type { A } from '@millrace/events/types';`)).toBe('');
  });

  test('a package of ours must be declared by who imports it', () => {
    const undeclared = packages.map((one) => (one.folder === 'packages/pipeline' ? workspace(one.folder, []) : one));
    expect(check('packages/pipeline/src/a.ts', `import '@millrace/stream';`, undeclared)).toMatch(/@millrace\/stream is not declared.*with "\*"/);
  });

  const impure = ['Date.now()', 'Date . now()', 'new Date()', 'new Date', 'Date()', 'Math.random()', 'performance.now()', 'process.env', 'setTimeout(f, 1)'];
  const local = ['await fetch(x)', 'crypto.randomUUID()', 'console.log(x)', 'new Date(t).getHours()', 'a.localeCompare(b)', 'n.toLocaleString()', 'Intl.Collator'];
  test.each([...impure, ...local])(
    'algorithms may not use %s; its tests may',
    (expression) => {
      const text = `export const a = 1;\nf(${expression});`;
      expect(check('packages/algorithms/src/a.ts', text)).toMatch(/^packages\/algorithms\/src\/a\.ts:2 uses .*\n.*as an argument/);
      expect(check('packages/algorithms/src/a.unit.ts', text)).toBe('');
      expect(check('packages/stream/src/a.ts', text)).toBe('');
      expect(check('packages/algorithms/src/a.ts', `// ${expression}\nconst s = '${expression}';`)).toBe('');
    },
  );

  test.each(['new Date(timeMs).toISOString()', 'new Date( 0 ).getUTCDay()', 'a.process(b)', 'processed.x', 'myDate(0)', '{ performance: 1 }.x'])(
    'algorithms may use %s',
    (expression) => {
      expect(check('packages/algorithms/src/a.ts', `f(${expression});`)).toBe('');
    },
  );

  test('a cycle is named; tests do not make one', () => {
    const files: SourceFile[] = [
      { path: 'packages/stream/src/a.ts', text: `import type { A } from '@millrace/events';` },
      { path: 'packages/events/src/a.ts', text: `import '@millrace/runtime';` },
      { path: 'packages/runtime/src/a.ts', text: `import '@millrace/stream/log';` },
    ];
    expect(cyclesOf(files, packages)).toEqual([['@millrace/events', '@millrace/runtime', '@millrace/stream', '@millrace/events']]);
    const inTest = files.map((file) => ({ ...file, path: file.path.replace('runtime/src/a.ts', 'runtime/src/a.unit.ts') }));
    expect(cyclesOf(inTest, packages)).toEqual([]);
  });
});
