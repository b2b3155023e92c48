import { parseArgs } from 'node:util';
import { Tally } from './tally.ts';
import { runToyWorld } from './toy-world.ts';

/**
 * Runs simulated worlds from the command line: `node test/simulation/run.ts --from 0 --seeds 2000`. A failing seed is
 * printed with what the oracle found; `--from SEED --seeds 1` repeats it.
 */
const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    seeds: { type: 'string', default: '2000' },
    'stop-at-first': { type: 'boolean', default: false },
  },
});
const from = Number(values.from);
const tally = new Tally();
let failed = 0;
for (let seed = from; seed < from + Number(values.seeds); seed++) {
  const report = await runToyWorld(seed);
  tally.addAll(report.tally);
  if (report.problems.length === 0) continue;
  failed++;
  console.log(`seed ${seed} (${report.kind}): ${report.problems.slice(0, 4).join('; ')}`);
  if (values['stop-at-first']) break;
}
console.log(`What happened: ${tally.toString()}.`);
console.log(`${Number(values.seeds)} worlds from seed ${from}, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
