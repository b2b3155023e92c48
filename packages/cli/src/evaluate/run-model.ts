import { setImmediate } from 'node:timers/promises';
import { type BasketModel, CaseTable, type NextItemModel, RecommendedItems, scoreCase, type ScoredItem, type Visit } from '@millrace/algorithms';
import { SeededRandom } from '@millrace/testkit/seeded-random';
import { byTime, type DataSet, type OrderData, type SessionData } from './data-set.ts';

export const MODES = ['split', 'streaming'] as const;
/** `split`: learn the training part, freeze, test. `streaming`: one pass, every view is ranked before it is learned. */
export type Mode = (typeof MODES)[number];

export interface RunOptions {
  readonly mode: Mode;
  readonly k: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** @param done of `total` views or orders, learned or tested */
  readonly onProgress: (done: number, total: number) => void;
}

/** What one model did on one data set. */
export interface ModelRun {
  readonly name: string;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly cases: CaseTable;
  readonly recommended: RecommendedItems;
  /** Of each list, in microseconds. */
  readonly latenciesUs: Float64Array;
  readonly learnSeconds: number;
  /** Streaming: hits and cases in each tenth of the stream. */
  readonly tenths: readonly { readonly hits: number; readonly cases: number }[];
}

/** Lists kept for the measures that look at pairs of items or lists. */
const SAMPLED_LISTS = 1_000;
/** Views between two looks at Ctrl-C. */
const PAUSE_EVERY = 2_000;
const BASKET_ITEMS = 32;
const TENTHS = 10;

export function runOnSessions(model: NextItemModel, data: SessionData, options: RunOptions): Promise<ModelRun> {
  return new SessionRun(model, data, options).run();
}

/** The lists of one model as they are made: scores, latency, and what was recommended. */
class Recorder {
  readonly cases = new CaseTable();
  readonly recommended: RecommendedItems;
  readonly latenciesUs: number[] = [];
  readonly tenths = Array.from({ length: TENTHS }, () => ({ hits: 0, cases: 0 }));
  private readonly options: RunOptions;
  private readonly startMs = performance.now();
  private learnedMs = 0;
  private done = 0;
  private readonly total: number;

  constructor(options: RunOptions, total: number) {
    const random = new SeededRandom(options.seed, 'lists');
    this.recommended = new RecommendedItems(SAMPLED_LISTS, () => random.fraction());
    this.options = options;
    this.total = total;
  }

  /** One list, timed. @param rest of the visit, the next item first */
  list(makeList: () => readonly ScoredItem[], cluster: number, length: number, next: string, rest: ReadonlySet<string>): void {
    const before = performance.now();
    const ranked = makeList();
    this.latenciesUs.push((performance.now() - before) * 1_000);
    const items = ranked.map(({ item }) => item);
    const scores = scoreCase(items, next, rest, this.options.k);
    this.cases.add(cluster, length, scores);
    this.recommended.add(items);
    const tenth = this.tenths[Math.min(TENTHS - 1, Math.floor((this.done / this.total) * TENTHS))]!;
    tenth.hits += scores.hitRate;
    tenth.cases += 1;
  }

  async step(): Promise<void> {
    this.done += 1;
    if (this.done % PAUSE_EVERY !== 0) return;
    this.options.onProgress(this.done, this.total);
    await setImmediate();
    this.options.signal.throwIfAborted();
  }

  learned(): void {
    this.learnedMs = performance.now() - this.startMs;
  }

  finish({ name, settings }: { name: string; settings: ModelRun['settings'] }): ModelRun {
    this.options.onProgress(this.total, this.total);
    const { cases, recommended, tenths } = this;
    return {
      name, settings, cases, recommended, tenths,
      latenciesUs: Float64Array.from(this.latenciesUs).sort(),
      learnSeconds: this.learnedMs / 1_000,
    };
  }
}

class SessionRun {
  private readonly model: NextItemModel;
  private readonly data: SessionData;
  private readonly options: RunOptions;
  private readonly recorder: Recorder;
  private readonly open = new Map<number, Visit>();

  constructor(model: NextItemModel, data: SessionData, options: RunOptions) {
    this.model = model;
    this.data = data;
    this.options = options;
    const tested = data.test.reduce((views, number) => views + data.visits[number]!.items.length, 0);
    this.recorder = new Recorder(options, data.training.length + tested);
  }

  async run(): Promise<ModelRun> {
    const { data, options } = this;
    const streaming = options.mode === 'streaming';
    for (const number of data.training) {
      this.advance(number, streaming, 'learn');
      await this.recorder.step();
    }
    this.recorder.learned();
    // In a stream the visits to test on come like all others; frozen, each is walked through by itself.
    const rest = streaming ? byTime(data.visits, data.test) : data.test.flatMap((number) => data.visits[number]!.items.map(() => number));
    for (const number of rest) {
      this.advance(number, true, streaming ? 'learn' : 'follow');
      await this.recorder.step();
    }
    return this.recorder.finish(this.model);
  }

  /** The next view of a visit: a list for it from what came before, then the view itself. */
  private advance(number: number, ranked: boolean, how: 'learn' | 'follow'): void {
    const { model, data, options } = this;
    const recorded = data.visits[number]!;
    let visit = this.open.get(number);
    if (visit === undefined) this.open.set(number, (visit = { number, items: [] }));
    const at = visit.items.length;
    const item = recorded.items[at]!;
    const timeMs = recorded.timesMs[at]!;
    if (ranked && at >= data.leastViews) {
      const asked = visit;
      const askedMs = recorded.timesMs[at - 1]!;
      model.prepare();
      this.recorder.list(() => model.recommend(asked, askedMs, options.k), number, at, item, new Set(recorded.items.slice(at)));
    }
    model[how](visit, item, timeMs);
    visit.items.push(item);
    if (visit.items.length < recorded.items.length) return;
    model.forget(visit);
    this.open.delete(number);
  }
}

export async function runOnOrders(model: BasketModel, data: OrderData, options: RunOptions): Promise<ModelRun> {
  const recorder = new Recorder(options, data.orders.length);
  for (let number = 0; number < data.orders.length; number++) {
    const { items, timeMs } = data.orders[number]!;
    const tested = number >= data.trainingOrders;
    if (tested || options.mode === 'streaming') {
      model.prepare();
      for (const hidden of items.length > 1 ? items.slice(0, BASKET_ITEMS) : []) {
        const basket = items.filter((item) => item !== hidden);
        recorder.list(() => model.recommend(basket, timeMs, options.k), number, basket.length, hidden, new Set([hidden]));
      }
    }
    if (number === data.trainingOrders) recorder.learned();
    if (!tested || options.mode === 'streaming') model.learn(items, timeMs);
    await recorder.step();
  }
  return recorder.finish(model);
}

/** What the models could learn: all views, or all items bought, of the training part (of everything in a stream). */
export function* learnedItems(data: DataSet, mode: Mode): Generator<string> {
  if (data.kind === 'orders') {
    for (const { items } of mode === 'streaming' ? data.orders : data.orders.slice(0, data.trainingOrders)) yield* items;
    return;
  }
  for (const number of new Set(data.training)) yield* data.visits[number]!.items;
  if (mode === 'streaming') for (const number of data.test) yield* data.visits[number]!.items;
}
