import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { partitionOf } from '@millrace/events/partition';
import type { PairWorld } from '@millrace/algorithms/evaluation/index';
import { SessionTrail } from '@millrace/algorithms/evaluation/index';
import {
  applyEvidence,
  ByteWriter,
  decodeEvidence,
  decodeRow,
  DEFAULT_FOLD_PARAMETERS,
  emptyFoldNotes,
  encodeRow,
  EvidenceWriter,
  ItemInterner,
  ItemRow,
  ownedItems,
  Ranker,
  TopLists,
} from '@millrace/algorithms';
import { linesOf, missing } from '../quality/data-sets.ts';
import { emptyPairWorld, recentOf } from '../quality/pair-world.ts';

/*
 * What pairs cost, in CPU time of one thread, on 2,000 interleaved Retailrocket sessions: writing the evidence (user side),
 * decoding and folding it and encoding the touched rows (item side), and one ranking. Everything is run several times
 * and the least time of each batch and each ranking counts, which leaves out what else the machine was doing.
 * Prints one JSON object.
 * Usage: node test/bench/pairs.bench.ts
 */
const SESSIONS = 'retailrocket-session/train_sessions.txt.gz';
const EXAMPLES = 'retailrocket-session/test_examples.tsv.gz';
const SHARDS = 8;
const OPEN_SESSIONS = 2_000;
const EVENTS = 300_000;
const BATCH_EVENTS = 1_000;
const DAY = 20_000;
const RUNS = 4;

interface View {
  readonly item: string;
  readonly before: readonly string[];
}

/** Positions of the sessions, 2,000 open at any time and taking turns. */
function interleavedViews(): View[] {
  const waiting = linesOf(SESSIONS).map((line) => line.split(' ')).reverse();
  const open: { items: string[]; at: number; trail: SessionTrail }[] = [];
  const views: View[] = [];
  for (let turn = 0; views.length < EVENTS; turn++) {
    while (open.length < OPEN_SESSIONS && waiting.length > 0) open.push({ items: waiting.pop()!, at: 0, trail: new SessionTrail() });
    const place = turn % open.length;
    const session = open[place]!;
    const item = session.items[session.at++]!;
    if (session.trail.positions[0] !== item) views.push({ item, before: [...session.trail.positions] });
    session.trail.push(item);
    if (session.at === session.items.length) open.splice(place, 1);
  }
  return views;
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

interface FoldRun {
  /** CPU microseconds of each batch. */
  readonly write: number[];
  readonly fold: number[];
  readonly encode: number[];
  readonly figures: Readonly<Record<string, number>>;
}

function measureFold(views: readonly View[]): Record<string, number> {
  const runs = Array.from({ length: RUNS }, () => runFold(views));
  const perEvent = (of: (run: FoldRun) => number[]): number => {
    const batches = of(runs[0]!).map((_, batch) => Math.min(...runs.map((run) => of(run)[batch]!)));
    return batches.reduce((sum, micros) => sum + micros, 0) / views.length;
  };
  const fold = perEvent((run) => run.fold);
  const encode = perEvent((run) => run.encode);
  return {
    evidenceWriteMicrosPerEvent: perEvent((run) => run.write),
    itemFoldMicrosPerEvent: fold,
    rowEncodeMicrosPerEvent: encode,
    itemSideMicrosPerEvent: fold + encode,
    ...runs[0]!.figures,
  };
}

function runFold(views: readonly View[]): FoldRun {
  const writer = new EvidenceWriter(SHARDS, (item) => partitionOf(item, SHARDS));
  const interner = new ItemInterner();
  const rows = new Map<number, ItemRow>();
  const topLists = Array.from({ length: SHARDS }, () => new TopLists(interner));
  const notes = emptyFoldNotes();
  const encoder = new ByteWriter(1 << 20);
  const micros = { write: [] as number[], fold: [] as number[], encode: [] as number[] };
  let evidenceBytes = 0;
  let encodedRows = 0;
  for (let start = 0; start < views.length; start += BATCH_EVENTS) {
    const begin = cpuMicros();
    for (const { item, before } of views.slice(start, start + BATCH_EVENTS)) writer.view(DAY, item, before);
    const origin = { sourceShard: 0, incarnation: Buffer.alloc(8), journalOffset: BigInt(start), ordersTotal: 0, ordersDay: DAY };
    const evidence = writer.finish(origin, 512 * 1024);
    writer.clear();
    const written = cpuMicros();
    const touched: ItemRow[] = [];
    for (const { shard, parts } of evidence) {
      for (const part of parts) {
        evidenceBytes += part.length;
        const record = decodeEvidence(part, interner);
        applyEvidence(
          record,
          (id) => {
            let row = rows.get(id);
            if (row === undefined) rows.set(id, (row = new ItemRow(interner)));
            touched.push(row);
            return row;
          },
          DEFAULT_FOLD_PARAMETERS,
          notes,
        );
        for (const id of ownedItems(record)) topLists[shard]!.touch(id, rows.get(id)!, DEFAULT_FOLD_PARAMETERS);
      }
    }
    const folded = cpuMicros();
    for (const row of touched) {
      encoder.clear();
      encodeRow(row, encoder);
      encoder.take();
    }
    encodedRows += touched.length;
    micros.write.push(written - begin);
    micros.fold.push(folded - written);
    micros.encode.push(cpuMicros() - folded);
  }
  const bytes = [...rows.values()].map((row) => {
    encoder.clear();
    encodeRow(row, encoder);
    return encoder.length;
  });
  return {
    ...micros,
    figures: {
      evidenceBytesPerEvent: evidenceBytes / views.length,
      rowsEncodedPerEvent: encodedRows / views.length,
      meanRowBytes: bytes.reduce((sum, length) => sum + length, 0) / bytes.length,
      largestRowBytes: Math.max(...bytes),
    },
  };
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

function measureRanking(): Record<string, number> {
  const world = emptyPairWorld();
  const sessions = linesOf(SESSIONS);
  sessions.forEach((line, index) => {
    const trail = new SessionTrail();
    for (const item of line.split(' ')) world.view(DAY + Math.floor((index * 139) / sessions.length), item, trail);
  });
  world.refreshCache(true);
  const { cache } = world;
  const ranker = new Ranker(cache);
  const requests = linesOf(EXAMPLES).map((line) => {
    const prefix = line.split('\t')[2]!.split(' ');
    const rawTrail = prefix.slice(-10).reverse();
    return { placement: 'next' as const, recent: recentOf(prefix), rawTrail, day: DAY + 138, length: 20, repeatPrior: world.prior };
  });
  const rankMicros = new Array<number>(requests.length).fill(Infinity);
  const tryMicros = new Array<number>(requests.length).fill(Infinity);
  for (let run = 0; run < RUNS; run++) {
    requests.forEach((request, index) => {
      const start = process.hrtime.bigint();
      ranker.tryRank(request, { rows: [], totals: [] });
      const between = process.hrtime.bigint();
      ranker.rank(request);
      tryMicros[index] = Math.min(tryMicros[index]!, Number(between - start) / 1_000);
      rankMicros[index] = Math.min(rankMicros[index]!, Number(process.hrtime.bigint() - between) / 1_000);
    });
  }
  rankMicros.sort((a, b) => a - b);
  tryMicros.sort((a, b) => a - b);
  return {
    rankMicrosP50: percentile(rankMicros, 0.5),
    rankMicrosP99: percentile(rankMicros, 0.99),
    tryMicrosP50: percentile(tryMicros, 0.5),
    tryMicrosP99: percentile(tryMicros, 0.99),
    ...measureDecode(world),
  };
}

function measureDecode(world: PairWorld): Record<string, number> {
  const interner = new ItemInterner();
  const encoder = new ByteWriter();
  const values = world.shards.flatMap(({ rows }) =>
    [...rows.values()].map((row) => {
      encoder.clear();
      encodeRow(row, encoder);
      return encoder.take();
    }),
  );
  for (const value of values) decodeRow(value, interner);
  const begin = cpuMicros();
  for (const value of values) decodeRow(value, interner);
  return { decodeRowMicros: (cpuMicros() - begin) / values.length };
}

/** CPU time of a fixed piece of arithmetic: what the other figures are to be compared by when the machine is not quiet. */
function calibrationMillis(): number {
  const begin = cpuMicros();
  let value = 1;
  for (let step = 0; step < 100_000_000; step++) value = (Math.imul(value, 31) + step) | 0;
  return value === 0 ? 0 : (cpuMicros() - begin) / 1_000;
}

const absent = missing(SESSIONS, EXAMPLES);
if (absent !== undefined) throw new Error(`This bench needs the Retailrocket sessions: ${absent}.`);
const views = interleavedViews();
const result = {
  conditions: {
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    node: process.version,
    cores: cpus().length,
    loadAverage1Min: loadavg()[0],
    calibrationMillis: calibrationMillis(),
    runs: RUNS,
    events: views.length,
    openSessions: OPEN_SESSIONS,
    batchEvents: BATCH_EVENTS,
    shards: SHARDS,
  },
  ...measureFold(views),
  ...measureRanking(),
};
console.log(JSON.stringify(result, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value)));
