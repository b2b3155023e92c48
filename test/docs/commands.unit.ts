import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from '@millrace/cli/commands';
import { START_HELP } from '@millrace/cli/start/options';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../architecture/repository.ts';

const startOptions = [...START_HELP.matchAll(/^ +(--[a-z-]+)/gm)].map((match) => match[1]);
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const pages = ['README.md', 'docs/operations.md', 'docs/alarms.md', 'docs/state.md', 'docs/events.md', 'docs/architecture.md'];

/** Command lines that begin with `start`, wherever they stand, up to the end of the line or of the code. */
function linesOf(markdown: string, start: string): string[] {
  return markdown.split('\n').flatMap((line) => line.split(start).slice(1).map((rest) => rest.split(/[`(#]/)[0]!.trim()));
}

describe('the commands on the pages', () => {
  test('docs/operations.md lists every command of millrace, and no other', () => {
    const page = read('docs/operations.md');
    const section = page.slice(page.indexOf('\n## The command\n'), page.indexOf('\n## Personal data\n'));
    const listed = [...section.matchAll(/^\| `([a-z]+)` \|/gm)].map((match) => match[1]);
    expect(listed.sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  });

  test.each(pages)('%s names only commands and options that millrace has', (path) => {
    for (const line of linesOf(read(path), 'npx millrace ')) {
      const [name = '', ...words] = line.split(/\s+/);
      if (name === 'COMMAND' || name.startsWith('--')) continue;
      const command = COMMANDS.find((one) => one.name === name);
      expect(command, `${path}: npx millrace ${line}`).toBeDefined();
      for (const option of words.filter((word) => word.startsWith('--'))) {
        expect(['--help', '--json', ...Object.keys(command!.options).map((key) => `--${key}`)], `${path}: npx millrace ${line}`).toContain(option);
      }
    }
  });

  test.each(pages)('%s names only options that npm start has', (path) => {
    for (const line of linesOf(read(path), 'npm start -- ')) {
      for (const option of line.match(/--[a-z-]+/g) ?? []) expect(startOptions, `${path}: npm start -- ${line}`).toContain(option);
    }
  });
});
