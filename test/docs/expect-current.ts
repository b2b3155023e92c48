import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ROOT } from '../architecture/repository.ts';
import { withTables } from './tables.ts';

/** Fails with the difference when a table of the page is not what the code makes of it now. */
export function expectCurrent(page: string): void {
  const markdown = readFileSync(join(ROOT, page), 'utf8');
  expect(markdown, `A table of ${page} is not current: run "node test/docs/write-tables.ts" and look at the difference`).toBe(withTables(page, markdown));
}
