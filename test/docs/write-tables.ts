/** Puts the tables that are made from the code into their pages: `node test/docs/write-tables.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../architecture/repository.ts';
import { TABLES, withTables } from './tables.ts';

for (const page of new Set(TABLES.map((table) => table.page))) {
  const path = join(ROOT, page);
  const before = readFileSync(path, 'utf8');
  const after = withTables(page, before);
  if (after === before) continue;
  writeFileSync(path, after);
  console.log(`${page} is current now.`);
}
