import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { defineCommand } from '../command/command.ts';
import { EXIT } from '../command/exit-codes.ts';
import { oneOfWords, wholeNumber } from '../command/parse-options.ts';
import { UsageError } from '../command/usage-error.ts';
import { BASELINES, basketModel, type Configuration, nextItemModel, parseBaselines, readConfiguration, SERVED } from './build-models.ts';
import { type DataSet, type Part, PARTS } from './data-set.ts';
import { htmlReport } from './html-report.ts';
import { KNOWN_DATA_SETS, knownDataSet } from './known-data-sets.ts';
import { type ModelRun, MODES, runOnOrders, runOnSessions, type RunOptions } from './run-model.ts';
import { compareRuns, type Evaluation, summarise, viewConcentration, viewsOf, visitSimilarity } from './summary.ts';
import { csvOf, textOf } from './tables.ts';
import { readDataFile } from './user-files.ts';

const DEFAULT_LENGTH = 20;
const DEFAULT_TEST_SHARE = 0.1;
const DEFAULT_ROUNDS = 1_000;
const DEFAULT_SEED = 1;
const PROGRESS_EVERY_MS = 2_000;

export const evaluateCommand = defineCommand({
  name: 'evaluate',
  summary: 'measure how good the recommendations are, against published models',
  usage: 'retailrocket | rsc15 | serenade | FILE',
  about: `Learns from recorded sessions or orders with the fold and the ranking of the services, asks for lists, and compares them with what came next: HR, MRR, nDCG, precision, recall, F1 and MAP at k with confidence intervals, coverage, novelty, diversity, concentration on few items, and the time of a ranking. The same for models of the literature, and whether the differences are more than chance.

"serenade" is in the repository. "retailrocket" and "rsc15" may not be copied; they are looked for where MILLRACE_DATA points. FILE is your own, tab-separated, gzipped or not: session, item, Unix seconds; or order, item and, if known, Unix seconds (orders when the first column's name says so, or with --kind orders).

With --mode split (the default) the last part is held out and tested with everything frozen. With --mode streaming every event is ranked before it is learned, in one pass, as the services see it. To try settings use --part valid, which never touches the test part; publish with --part test.

--compare takes JSON files such as {"name": "30 days", "foldParameters": {"pairDecayEveryDays": 7}} or {"model": "vs-knn"} and compares the first with the others, case by case.`,
  examples: [
    ['millrace evaluate serenade', 'the product against all baselines, a minute'],
    ['millrace evaluate rsc15 --out report', 'with report.html, results.json and results.csv in the folder report'],
    ['millrace evaluate clicks.tsv --mode streaming --baselines popularity,ar', 'your own clicks, as they came'],
    ['millrace evaluate clicks.tsv --part valid --compare now.json tried.json', 'does a setting help? Without the test part'],
  ],
  exitCodes: [[EXIT.ok, 'measured']],
  options: {
    mode: { type: 'string', value: 'split|streaming', doc: 'Hold out the last part (default), or rank every event before it is learned.' },
    part: { type: 'string', value: 'test|valid', doc: 'What is held out: the test part (default), or a part before it, for tuning.' },
    k: { type: 'string', value: 'N', doc: `Places of a list, 1 to 100 (default ${DEFAULT_LENGTH}).` },
    baselines: { type: 'string', value: 'NAMES', doc: `all, none, or of ${BASELINES.join(', ')}, with commas (default: all; streaming: all but the two slow ones).` },
    compare: { type: 'boolean', doc: 'The words after DATASET are configuration files to compare with each other; no baselines unless --baselines says so.' },
    kind: { type: 'string', value: 'sessions|orders', doc: 'What FILE holds, where the name of its first column does not say.' },
    'test-share': { type: 'string', value: 'PERCENT', doc: `Part of FILE that is held out, 1 to 45 (default ${DEFAULT_TEST_SHARE * 100}).` },
    rounds: { type: 'string', value: 'N', doc: `Resamples of an interval or test, 100 to 100000 (default ${DEFAULT_ROUNDS}).` },
    seed: { type: 'string', value: 'N', doc: `Start of the random numbers for intervals and samples (default ${DEFAULT_SEED}).` },
    out: { type: 'string', value: 'DIR', doc: 'Write results.json, results.csv and report.html there.' },
  },
  words: [1, 9],
  async run({ options, positionals, output, signal }) {
    const [dataSetName, ...files] = positionals;
    const mode = oneOfWords('--mode', options.mode ?? 'split', MODES);
    const part = oneOfWords('--part', options.part ?? 'test', PARTS);
    const k = wholeNumber('k', options.k, 1, 100) ?? DEFAULT_LENGTH;
    const rounds = wholeNumber('rounds', options.rounds, 100, 100_000) ?? DEFAULT_ROUNDS;
    const seed = wholeNumber('seed', options.seed, 0, 2 ** 32) ?? DEFAULT_SEED;
    const testShare = (wholeNumber('test-share', options['test-share'], 1, 45) ?? DEFAULT_TEST_SHARE * 100) / 100;
    const kind = options.kind === undefined ? undefined : oneOfWords('--kind', options.kind, ['sessions', 'orders']);
    const configurations = configurationsOf(files, options.compare, options.baselines, mode);

    output.progress(`Reading ${dataSetName} …`);
    const data = readDataSet(dataSetName!, { part, kind, testShare });
    const runs: ModelRun[] = [];
    for (const [index, configuration] of configurations.entries()) {
      const label = `${configuration.name} (${index + 1} of ${configurations.length})`;
      runs.push(await run(configuration, data, { mode, k, seed, signal, onProgress: progressOf(label, output.progress) }));
    }
    output.progress('Drawing samples for the intervals …');
    const known = viewsOf(data, mode);
    const similarity = visitSimilarity(data);
    const evaluation: Evaluation = {
      dataSet: data.name,
      kind: data.kind,
      mode,
      protocol: data.protocol,
      k,
      seed,
      items: known.views.size,
      views: known.total,
      models: runs.map((modelRun) => summarise(modelRun, known, similarity, mode, rounds, seed)),
      comparisons: compareRuns(runs, rounds, seed),
      viewConcentration: viewConcentration(known),
      conditions: conditions(),
    };
    output.object(evaluation);
    for (const line of textOf(evaluation)) output.text(line);
    if (options.out !== undefined) writeResults(options.out, evaluation, output.progress);
    return EXIT.ok;
  },
});

function configurationsOf(files: readonly string[], compare: boolean, baselines: string | undefined, mode: RunOptions['mode']): Configuration[] {
  if (!compare && files.length > 0) throw new UsageError(`There is one DATASET; what is "${files[0]}"? Configuration files come with --compare.`);
  if (compare && files.length < 2) throw new UsageError('--compare needs two or more configuration files after DATASET.');
  const chosen = compare ? files.map(readConfiguration) : [SERVED];
  const others = compare && baselines === undefined ? [] : parseBaselines(baselines, mode);
  const all = [...chosen, ...others.map((model): Configuration => ({ ...SERVED, name: model, model }))];
  const names = all.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`Two configurations are called "${twice}"; give each a "name" of its own.`);
  return all;
}

function readDataSet(name: string, options: { part: Part; kind: 'sessions' | 'orders' | undefined; testShare: number }): DataSet {
  const known = KNOWN_DATA_SETS.find((candidate) => candidate === name);
  return known === undefined ? readDataFile(name, options) : knownDataSet(known, options.part);
}

function run(configuration: Configuration, data: DataSet, options: RunOptions): Promise<ModelRun> {
  if (data.kind === 'orders') return runOnOrders(basketModel(configuration, data.name), data, options);
  return runOnSessions(nextItemModel(configuration, data.name), data, options);
}

function progressOf(label: string, progress: (line: string) => void): RunOptions['onProgress'] {
  let lastMs = 0;
  return (done, total) => {
    const nowMs = performance.now();
    if (done < total && nowMs - lastMs < PROGRESS_EVERY_MS) return;
    lastMs = nowMs;
    progress(`${label}: ${Math.floor((done / total) * 100)} % of ${total.toLocaleString('en')}`);
  };
}

function writeResults(folder: string, evaluation: Evaluation, progress: (line: string) => void): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'results.json'), `${JSON.stringify(evaluation, null, 2)}\n`);
    writeFileSync(join(folder, 'results.csv'), csvOf(evaluation));
    writeFileSync(join(folder, 'report.html'), htmlReport(evaluation));
  } catch (error) {
    throw new UsageError(`--out ${folder} cannot be written: ${(error as Error).message}`);
  }
  progress(`Written: ${join(folder, 'report.html')}, results.json, results.csv`);
}

/** What the times depend on. The accuracy depends on none of it. */
function conditions(): Evaluation['conditions'] {
  const [first] = cpus();
  return {
    commit: commit(),
    node: process.version,
    cpu: first === undefined ? 'unknown' : first.model.trim(),
    cores: cpus().length,
    load: Number(loadavg()[0]!.toFixed(1)),
    date: new Date().toISOString().slice(0, 10),
  };
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
