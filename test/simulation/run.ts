import { parseArgs } from 'node:util';
import { Tally } from './tally.ts';

/**
 * Runs simulated worlds from the command line: `node test/simulation/run.ts --seeds 2000 --from 0`, with toy streams or,
 * by `--world pipeline`, with the real handlers. A failing seed is printed with what the oracle found; `--from SEED
 * --seeds 1` repeats it.
 */
const WORLDS = {
  toy: async () => (await import('./toy-world.ts')).runToyWorld,
  // Loaded only when asked for: its codecs take longer to start than a mutation takes to be noticed.
  pipeline: async () => (await import('./pipeline-world.ts')).runPipelineWorld,
} as const;

const { values } = parseArgs({
  options: {
    world: { type: 'string', default: 'toy' },
    from: { type: 'string', default: '0' },
    seeds: { type: 'string', default: '2000' },
    'stop-at-first': { type: 'boolean', default: false },
  },
});
const loadWorld = WORLDS[values.world as keyof typeof WORLDS];
if (loadWorld === undefined) throw new RangeError(`There is no world "${values.world}"; choose ${Object.keys(WORLDS).join(' or ')}.`);
const runWorld = await loadWorld();
const from = Number(values.from);
const tally = new Tally();
let failed = 0;
for (let seed = from; seed < from + Number(values.seeds); seed++) {
  const report = await runWorld(seed);
  tally.addAll(report.tally);
  if (report.problems.length === 0) continue;
  failed++;
  console.log(`seed ${seed} (${report.kind}): ${report.problems.slice(0, 4).join('; ')}`);
  if (values['stop-at-first']) break;
}
console.log(`What happened: ${tally.toString()}.`);
console.log(`${values.seeds} worlds from seed ${from}, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
