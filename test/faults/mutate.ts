/**
 * Loaded into a worker before anything else (`node --import`): breaks one place of the engine as FAULTS_MUTATION names
 * it, in memory, while the module is loaded. It cannot be forgotten in the product, because it was never there.
 */
import { registerHooks } from 'node:module';
import { MUTATIONS } from './mutations.ts';

const mutation = MUTATIONS.find(({ name }) => name === process.env['FAULTS_MUTATION']);
if (mutation === undefined) throw new Error('FAULTS_MUTATION names no mutation.');

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(mutation.file)) return loaded;
    const source = loaded.source!.toString();
    if (!source.includes(mutation.from)) throw new Error(`${mutation.name} finds nothing to change in ${mutation.file}.`);
    return { ...loaded, source: source.replace(mutation.from, mutation.to) };
  },
});
