import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';
import { MUTATIONS, NO_MUTATION, type Mutation } from './mutations.ts';

/**
 * Loaded before a program (`node --import ./mutate.ts run.ts`), puts one mutation into the source on its way from disk
 * to the runtime: `MUTATION` names it. Nothing on disk changes, so that a run that is killed leaves nothing behind.
 */
const root = resolve(import.meta.dirname, '../..');
const name = process.env['MUTATION'];
if (name !== NO_MUTATION) mutate(MUTATIONS.find((mutation) => mutation.name === name));

function mutate(mutation: Mutation | undefined): void {
  if (mutation === undefined) throw new RangeError(`There is no mutation "${name}"; see mutations.ts.`);
  const path = join(root, mutation.file);
  const url = pathToFileURL(path).href;
  const source = readFileSync(path, 'utf8').replace(mutation.find, () => mutation.replace);
  registerHooks({
    load: (loaded, context, nextLoad) => {
      const result = nextLoad(loaded, context);
      return loaded === url ? { ...result, source } : result;
    },
  });
}
