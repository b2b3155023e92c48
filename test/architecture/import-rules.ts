import { posix } from 'node:path';
import { codeOf, importsOf, lineAt, type ImportedModule } from './source-code.ts';

/** A folder with a package.json of ours, or `test`, which belongs to the root package. */
export interface Workspace {
  /** Relative to the root of the repository, with `/`: `packages/stream`. */
  readonly folder: string;
  /** `@millrace/stream`; the root's is `millrace`. */
  readonly name: string;
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
}

export interface SourceFile {
  /** Relative to the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** What breaks a rule, where, and how to mend it. */
export interface Violation {
  readonly where: string;
  readonly message: string;
}

const EVERY_PACKAGE = ['algorithms', 'cli', 'events', 'pipeline', 'runtime', 'stream', 'testkit'] as const;

/**
 * Which of our packages a package may import. The arrows point one way: services → pipeline → stream, algorithms,
 * events; everybody may use runtime; cli and testkit are tools beside the product and may see all of it.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  service: ['pipeline', 'stream', 'algorithms', 'events', 'runtime'],
  pipeline: ['stream', 'algorithms', 'events', 'runtime'],
  stream: ['runtime'],
  events: ['runtime'],
  algorithms: ['events'],
  runtime: [],
  testkit: EVERY_PACKAGE.filter((name) => name !== 'cli'),
  cli: EVERY_PACKAGE,
};

/** Libraries that one folder hides from the rest, so that they can be replaced there. */
const HIDDEN_LIBRARIES: readonly { library: string; folder: string; instead: string }[] = [
  { library: 'kafkajs', folder: 'packages/stream/src/kafka/', instead: 'the adapter that folder exports (@millrace/stream/kafka/…)' },
  { library: 'ioredis', folder: 'packages/stream/src/redis/', instead: 'the adapter that folder exports (@millrace/stream/redis/…)' },
  { library: 'pino', folder: 'packages/runtime/', instead: 'the Logger of @millrace/runtime' },
  { library: 'prom-client', folder: 'packages/runtime/', instead: 'defineMetrics and registerMetrics of @millrace/runtime' },
];

/**
 * What would make a pure function depend on when, where or how often it runs. `new Date(timeMs)` is a conversion and
 * allowed; its local-time readers and everything that follows the locale are not.
 */
const IMPURE = new RegExp(
  [
    String.raw`\bDate\s*\.\s*now\b|\bnew\s+Date\b(?!\s*\(\s*[^\s)])|(?<!new\s+)\bDate\s*\(`,
    String.raw`\bMath\s*\.\s*random\b|\b(?:crypto|performance)\s*\.`,
    String.raw`\b(?:process|globalThis|console)\s*\.|\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch)\s*\(`,
    String.raw`\.(?:get(?:FullYear|Month|Date|Day|Hours|Minutes|TimezoneOffset)|toLocale\w*|localeCompare)\b|\bIntl\b`,
  ].join('|'),
  'g',
);

/** The one module of Node that is bytes and nothing else. */
const PURE_NODE_MODULE = 'node:buffer';

/** They carry out the product's tests and set-up, so what is installed for development is there for them. */
const TOOLS = new Set(['@millrace/testkit', '@millrace/cli']);

const TEST_FILE = /(\.(unit|prop|int|sim|e2e|suite|fixture|arbitraries|bench)|-for-tests)\.ts$/;

/** Tests, benches and what only they use: they may use testkit, any library that is declared, and clocks. */
export function isTestFile(path: string): boolean {
  return TEST_FILE.test(path) || path.startsWith('test/');
}

/** Everything that breaks the rules of `docs/architecture.md`, in the order of the files. There are no exceptions. */
export function violationsOf(files: readonly SourceFile[], workspaces: readonly Workspace[]): Violation[] {
  const violations: Violation[] = [];
  for (const file of files) {
    const home = homeOf(file.path, workspaces);
    for (const module of importsOf(file.text)) {
      const message = importProblem(file, module, home, workspaces);
      if (message !== undefined) violations.push({ where: `${file.path}:${module.line} imports ${module.specifier}`, message });
    }
    if (home.name === '@millrace/algorithms' && !isTestFile(file.path)) violations.push(...impurities(file));
  }
  return violations;
}

function importProblem(
  file: SourceFile,
  module: ImportedModule,
  home: Workspace,
  workspaces: readonly Workspace[],
): string | undefined {
  const { specifier } = module;
  const test = isTestFile(file.path);
  if (specifier.startsWith('.')) return relativeProblem(file.path, specifier, home, workspaces);
  if (specifier.startsWith('node:')) {
    const impure = home.name === '@millrace/algorithms' && !test && specifier !== PURE_NODE_MODULE;
    if (!impure) return undefined;
    return 'algorithms is pure: of Node it uses bytes and nothing else. Take what is needed as an argument, and let the caller get it.';
  }
  const library = packageName(specifier);
  const ours = workspaces.find((workspace) => workspace.name === library);
  if (ours !== undefined) return ownProblem(module, ours, home, test) ?? undeclared(library, home, test);

  const hidden = HIDDEN_LIBRARIES.find((rule) => rule.library === library);
  if (hidden !== undefined && !test && !file.path.startsWith(hidden.folder)) {
    return `${library} is known only under ${hidden.folder}. Use ${hidden.instead}, and extend it if something is missing there.`;
  }
  return undeclared(library, home, test);
}

function relativeProblem(
  path: string,
  specifier: string,
  home: Workspace,
  workspaces: readonly Workspace[],
): string | undefined {
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  const owner = homeOf(target, workspaces);
  if (target.startsWith('..') || owner !== home) {
    const byName = target.replace(`${owner.folder}/src`, owner.name).replace(/\.ts$/, '');
    const name = owner.folder === '.' ? 'what it needs from a package' : byName;
    return `a relative path leaves ${home.folder === '.' ? 'test' : home.folder}. Import ${name} by its name instead.`;
  }
  if (isTestFile(target) && !isTestFile(path)) return 'the product does not import its tests. Move what both need into a file of its own.';
  return undefined;
}

function ownProblem(module: ImportedModule, target: Workspace, home: Workspace, test: boolean): string | undefined {
  if (target === home) return `a file inside ${home.folder} is imported by a relative path.`;
  if (target.folder.startsWith('services/') && home.name !== '@millrace/cli') {
    return 'services are ends: nobody imports one. Move what is needed into pipeline.';
  }
  if (test) return undefined;
  const layer = home.folder.startsWith('services/') ? 'service' : posix.basename(home.folder);
  const allowed = MAY_IMPORT[layer] ?? [];
  const wanted = posix.basename(target.folder);
  if (!allowed.includes(wanted) && home.name !== '@millrace/cli') {
    const list = allowed.length === 0 ? 'none of our packages' : `only ${allowed.join(', ')}`;
    return `${layer} may import ${list}. Move the code to where both may see it, or let ${layer} declare an interface and hand it in.`;
  }
  if (home.name === '@millrace/algorithms' && !module.typeOnly) {
    return 'algorithms takes types of ours and nothing that runs. Write `import type`, or move the function here.';
  }
  return undefined;
}

function undeclared(library: string, home: Workspace, test: boolean): string | undefined {
  if (home.dependencies.has(library)) return undefined;
  const development = test || TOOLS.has(home.name);
  if (development && home.devDependencies.has(library)) return undefined;
  const section = development ? 'devDependencies' : 'dependencies';
  const manifest = posix.join(home.folder, 'package.json');
  const version = library.startsWith('@millrace/') ? '"*"' : 'its exact version';
  return `${library} is not declared. Add it to ${section} in ${manifest} with ${version}, then run npm install.`;
}

function impurities(file: SourceFile): Violation[] {
  const { code } = codeOf(file.text);
  return [...code.matchAll(IMPURE)].map((match) => ({
    where: `${file.path}:${lineAt(file.text, match.index)} uses ${match[0].replace(/\s+/g, ' ')}`,
    message:
      'algorithms is pure: no clock, no chance, no surroundings, no locale. Take the time or the number as an argument; ' +
      'it must come from the log. Compare ids as bytes.',
  }));
}

/** The packages of each cycle, in order, by what their product code (not their tests) imports. */
export function cyclesOf(files: readonly SourceFile[], workspaces: readonly Workspace[]): string[][] {
  const edges = new Map<string, Set<string>>(workspaces.map(({ name }) => [name, new Set<string>()]));
  for (const file of files) {
    if (isTestFile(file.path)) continue;
    const home = homeOf(file.path, workspaces);
    for (const { specifier } of importsOf(file.text)) {
      const library = packageName(specifier);
      if (edges.has(library) && library !== home.name) edges.get(home.name)?.add(library);
    }
  }
  const cycles: string[][] = [];
  const finished = new Set<string>();
  const visit = (name: string, trail: readonly string[]) => {
    const seen = trail.indexOf(name);
    if (seen !== -1) cycles.push([...trail.slice(seen), name]);
    if (seen !== -1 || finished.has(name)) return;
    for (const next of edges.get(name) ?? []) visit(next, [...trail, name]);
    finished.add(name);
  };
  for (const name of edges.keys()) visit(name, []);
  return cycles;
}

/** The workspace that a path belongs to; the root for everything that belongs to no other. */
function homeOf(path: string, workspaces: readonly Workspace[]): Workspace {
  const member = workspaces.find(({ folder }) => folder !== '.' && path.startsWith(`${folder}/`));
  const home = member ?? workspaces.find(({ folder }) => folder === '.');
  if (home === undefined) throw new Error(`${path} belongs to no package, and the root was not given`);
  return home;
}

/** `@millrace/stream/log` → `@millrace/stream`, `kafkajs/src/x.js` → `kafkajs`. */
function packageName(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
