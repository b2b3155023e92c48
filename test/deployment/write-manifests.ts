/** Writes the manifests that are made from the code: `node test/deployment/write-manifests.ts`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../architecture/repository.ts';
import { GENERATED } from './manifests.ts';

for (const { path, make } of GENERATED) {
  const file = join(ROOT, path);
  const made = make();
  if (existsSync(file) && readFileSync(file, 'utf8') === made) continue;
  writeFileSync(file, made);
  console.log(`${path} is current now.`);
}
