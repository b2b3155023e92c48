import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './repository.ts';

interface Page {
  /** Relative to the root of the repository, with `/`. */
  readonly path: string;
  /** Targets inside the repository, without what follows `#`. */
  readonly links: readonly string[];
}

/** Relative links in Markdown, code aside, resolved against the page that they are on. */
function linksOf(path: string, markdown: string): string[] {
  const prose = markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)/g)].map((match) => match[1] ?? '');
  return targets
    .filter((target) => !/^([a-z][a-z0-9+.-]*:|#)/i.test(target))
    .map((target) => posix.normalize(posix.join(posix.dirname(path), decodeURIComponent(target.split('#', 1)[0] ?? ''))));
}

function pages(): Page[] {
  return globSync(['*.md', 'docs/**/*.md', '{packages,services,schemas,test,k8s}/**/README.md'], {
    cwd: ROOT,
    exclude: (name) => name.endsWith('node_modules'),
  })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => !path.includes('node_modules/'))
    .map((path) => ({ path, links: linksOf(path, readFileSync(join(ROOT, path), 'utf8')) }));
}

test('links are found where a reader sees them, and nowhere else', () => {
  const markdown = '[a](b.md#c) ![d](../e.png) [f](https://x/y) [g](#h)\n```\n[i](j.md)\n```\n`[k](l.md)` [m](n%20o.md)';
  expect(linksOf('docs/p.md', markdown)).toEqual(['docs/b.md', 'e.png', 'docs/n o.md']);
});

test('every link in the documentation leads to a file', () => {
  const broken = pages().flatMap(({ path, links }) => links.filter((link) => !existsSync(join(ROOT, link))).map((link) => `${path} → ${link}`));
  expect(broken, 'Correct the link, or write the page').toEqual([]);
});

test('every page of docs/ can be reached from docs/README.md', () => {
  const linksByPage = new Map(pages().map(({ path, links }) => [path, links]));
  const reached = new Set<string>();
  const follow = (path: string) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const link of linksByPage.get(path) ?? []) follow(link);
  };
  follow('docs/README.md');
  const lost = [...linksByPage.keys()].filter((path) => path.startsWith('docs/') && !reached.has(path));
  expect(lost, 'Link the page from docs/README.md, or from a page that is linked there').toEqual([]);
});
