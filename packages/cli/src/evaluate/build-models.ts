import { readFileSync } from 'node:fs';
import {
  AssociationRulesModel,
  type BasketModel,
  basketModelOf,
  DEFAULT_FOLD_PARAMETERS,
  FOLD_PARAMETER_RANGES,
  type FoldParameters,
  ItemKnnModel,
  type NextItemModel,
  PopularityModel,
  RecentModel,
  SequentialRulesModel,
  SessionKnnModel,
  SKNN,
  TixBasketModel,
  TixModel,
  VSKNN_RETAILROCKET,
  VSKNN_RSC15,
} from '@millrace/algorithms';
import { partitionOf } from '@millrace/events/partition';
import { oneOfWords, suggestion } from '../command/parse-options.ts';
import { UsageError } from '../command/usage-error.ts';

/** What the product is compared with, in the order of the report. */
export const BASELINES = ['popularity', 'recent', 'item-knn', 'ar', 'sr', 's-knn', 'vs-knn'] as const;
export type Baseline = (typeof BASELINES)[number];

/** Too slow to rank at every event of a stream. */
const SLOW: readonly Baseline[] = ['s-knn', 'vs-knn'];

const SHARDS = 8;

/** `all`, `none` or names with commas between them. @throws UsageError */
export function parseBaselines(text: string | undefined, mode: 'split' | 'streaming'): readonly Baseline[] {
  if (text === undefined) return mode === 'split' ? BASELINES : BASELINES.filter((name) => !SLOW.includes(name));
  if (text === 'all') return BASELINES;
  if (text === 'none') return [];
  const wanted = text.split(',').map((word) => oneOfWords('--baselines', word.trim(), BASELINES));
  return BASELINES.filter((name) => wanted.includes(name));
}

/** A baseline with the settings that were published for the data set, else with those for RSC15. */
export function baselineModel(name: Baseline, dataSet: string): NextItemModel {
  const retailrocket = dataSet === 'retailrocket';
  switch (name) {
    case 'popularity':
      return new PopularityModel();
    case 'recent':
      return new RecentModel();
    case 'item-knn':
      return new ItemKnnModel();
    case 'ar':
      return new AssociationRulesModel();
    case 'sr':
      return retailrocket ? new SequentialRulesModel(7, 'div') : new SequentialRulesModel(20, 'quadratic');
    case 's-knn':
      return new SessionKnnModel('s-knn', SKNN);
    case 'vs-knn':
      return new SessionKnnModel('vs-knn', retailrocket ? VSKNN_RETAILROCKET : VSKNN_RSC15);
  }
}

/** What a file given to `--compare` may say: the product with other fold parameters, or a baseline. */
export interface Configuration {
  readonly name: string;
  readonly model: 'tix' | Baseline;
  readonly placement: 'next' | 'discover';
  readonly parameters: FoldParameters;
}

export const SERVED: Configuration = { name: 'tix', model: 'tix', placement: 'next', parameters: DEFAULT_FOLD_PARAMETERS };

const FIELDS = ['name', 'model', 'placement', 'foldParameters'];

/** @throws UsageError naming the file, the field, what was found and what is allowed. */
export function readConfiguration(path: string): Configuration {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} is no readable JSON file: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UsageError(`${path} must hold one JSON object.`);
  const fields = new Map<string, unknown>(Object.entries(value));
  for (const field of fields.keys()) {
    if (!FIELDS.includes(field)) throw new UsageError(`${path}: there is no field "${field}"${suggestion(field, FIELDS)}; fields are ${FIELDS.join(', ')}.`);
  }
  const model = oneOfWords(`${path}: model`, textOf(path, 'model', fields.get('model') ?? 'tix'), ['tix', ...BASELINES]);
  const placement = oneOfWords(`${path}: placement`, textOf(path, 'placement', fields.get('placement') ?? 'next'), ['next', 'discover']);
  const parameters = readFoldParameters(path, fields.get('foldParameters') ?? {});
  if (model !== 'tix' && (fields.has('foldParameters') || fields.has('placement'))) throw new UsageError(`${path}: only the model tix has a placement and foldParameters.`);
  return { name: textOf(path, 'name', fields.get('name') ?? model), model, placement, parameters };
}

function textOf(path: string, field: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new UsageError(`${path}: ${field} is ${JSON.stringify(value)}, expected a text.`);
}

function readFoldParameters(path: string, value: unknown): FoldParameters {
  if (typeof value !== 'object' || value === null) throw new UsageError(`${path}: foldParameters is ${JSON.stringify(value)}, expected an object.`);
  const ranges = new Map<string, readonly [number, number]>(Object.entries(FOLD_PARAMETER_RANGES));
  for (const [name, given] of Object.entries(value) as [string, unknown][]) {
    const range = ranges.get(name);
    if (range === undefined) throw new UsageError(`${path}: there is no fold parameter "${name}"${suggestion(name, [...ranges.keys()])}.`);
    const [least, greatest] = range;
    if (typeof given !== 'number' || !Number.isInteger(given) || given < least || given > greatest) {
      throw new UsageError(`${path}: ${name} is ${JSON.stringify(given)}, allowed is a whole number from ${least} to ${greatest}.`);
    }
  }
  return { ...DEFAULT_FOLD_PARAMETERS, ...(value as Partial<FoldParameters>) };
}

export function nextItemModel({ name, model, placement, parameters }: Configuration, dataSet: string): NextItemModel {
  if (model === 'tix') return new TixModel(name, { placement, parameters, shards: SHARDS, shardOf });
  return renamed(baselineModel(model, dataSet), name);
}

export function basketModel(configuration: Configuration, dataSet: string): BasketModel {
  const { name, model, parameters } = configuration;
  if (model === 'tix') return new TixBasketModel(name, { parameters, shards: SHARDS, shardOf });
  return basketModelOf(nextItemModel(configuration, dataSet));
}

function renamed(model: NextItemModel, name: string): NextItemModel {
  return Object.defineProperty(model, 'name', { value: name });
}

/** As the topics have it: by the partitioner of the evidence topic. */
function shardOf(item: string): number {
  return partitionOf(item, SHARDS);
}
