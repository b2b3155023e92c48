import { describe, expect, test } from 'vitest';
import { codeOf, importsOf } from './source-code.ts';

function specifiers(source: string): string[] {
  return importsOf(source).map(({ specifier, typeOnly }) => (typeOnly ? `type ${specifier}` : specifier));
}

describe('imports', () => {
  test.each<[string, string[]]>([
    [`import a from 'a';`, ['a']],
    [`import * as a from "a";`, ['a']],
    [`import { a, type B } from 'a';`, ['a']],
    [`import type { A } from 'a';`, ['type a']],
    [`import { type A, type B } from 'a';`, ['type a']],
    [`import type from 'a';`, ['a']],
    [`import 'a';`, ['a']],
    [`export * from 'a';`, ['a']],
    [`export type { A } from 'a';`, ['type a']],
    [`import {\n  a,\n  b, // from 'x'\n} from 'a';`, ['a']],
    [`import a from 'a'\nimport b from 'b'`, ['a', 'b']],
    [`const a = await import('a');`, ['a']],
    [`const a = require("a");`, ['a']],
    [`let x: import('a').B;`, ['a']],
    [`import {} from 'a';`, ['a']],
    [`import a from 'a' with { type: 'json' };`, ['a']],
  ])('%s', (source, expected) => {
    expect(specifiers(source)).toEqual(expected);
  });

  test.each([
    `// import a from 'a';`,
    `/* import a from 'a'; */`,
    `/**\n * import a from 'a';\n */`,
    "const script = `\nimport a from 'a';\n`;",
    `const text = "import a from 'a'";`,
    `export const from = 'a';`,
    `export default 'a';`,
    `important('a');`,
    'const nested = `${f(`import("a")`)}`;',
  ])('none in %s', (source) => {
    expect(specifiers(source)).toEqual([]);
  });

  test.each([
    `const glob = 'packages/**/*.ts';`,
    `const url = 'http://x';`,
    `const quote = /['"\`]/g;`,
    `const slash = /[/*]/;`,
    `const escaped = 'it\\'s';`,
    'const t = `a ${b ? `c ${d}` : {}} /* `;',
    `const half = a / b; const third = c / d;`,
    `return /'/.test(x);`,
    `const faces = '😀/*';`,
  ])('are seen after %s', (line) => {
    expect(specifiers(`${line}\nimport a from 'a';\n${line}\nawait import('b');`)).toEqual(['a', 'b']);
  });

  test('are told with their line', () => {
    expect(importsOf(`\n\nimport {\n  a,\n} from 'a';\n`)).toEqual([{ specifier: 'a', line: 5, typeOnly: false }]);
  });
});

test('code has the length and the lines of its source, without comments and texts', () => {
  const source = "f('Date.now()'); // Date.now()\ng(`Math.random() ${h(Date.now())}`);";
  const { code } = codeOf(source);
  expect(code).toHaveLength(source.length);
  expect(code.match(/Date\.now/g)).toHaveLength(1);
  expect(code).not.toContain('Math.random');
});
