import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_FOLD_PARAMETERS } from '../fold-parameters.ts';
import type { FoldParameters } from '../fold-parameters.ts';
import { applyEvidence, ownedItems } from './apply-evidence.ts';
import { ByteWriter } from './bytes.ts';
import { UNIT } from './decay.ts';
import { decodeEvidence } from './evidence-reader.ts';
import type { EvidenceSink } from './evidence-sink.ts';
import { EvidenceWriter } from './evidence-writer.ts';
import { ItemInterner } from './item-interner.ts';
import { decodeRow, encodeRow, inspectRow } from './item-row-codec.ts';
import { emptyFoldNotes, ItemRow } from './item-row.ts';
import type { TableName } from './item-row.ts';

/** Few items and small limits, so that a short run meets trims, caps, ties and decays. */
const SMALL: FoldParameters = { ...DEFAULT_FOLD_PARAMETERS, neighboursKept: 3, neighboursCap: 5 };
const ROOMY: FoldParameters = DEFAULT_FOLD_PARAMETERS;
const ITEMS = ['a', 'b', 'ba', 'c', 'é', '\u{1F600}', '{i}', '7', '70', ' '];
const SHARDS = 3;
const shardOf = (item: string): number => Buffer.from(item).reduce((sum, byte) => sum + byte, 0) % SHARDS;

type Call = (sink: EvidenceSink) => void;

const item = fc.constantFrom(...ITEMS);
const distinctItems = (maxLength: number): fc.Arbitrary<string[]> => fc.uniqueArray(item, { maxLength });

function callOn(day: fc.Arbitrary<number>): fc.Arbitrary<Call> {
  return fc.oneof(
    fc.tuple(day, item, fc.array(item, { maxLength: 10 })).map(([on, viewed, before]): Call => (sink) => sink.view(on, viewed, before)),
    fc.tuple(day, distinctItems(6), distinctItems(4)).map(([on, sources, bought]): Call => (sink) => sink.bought(on, sources, bought)),
    fc.tuple(day, distinctItems(8)).map(([on, items]): Call => (sink) => sink.basket(on, items)),
  );
}

/** Shards that fold the bytes of evidence; `reload` takes a row through its encoded value before it is used. */
class Shards {
  readonly interner = new ItemInterner();
  readonly rows = new Map<string, ItemRow>();
  readonly notes = emptyFoldNotes();
  private readonly parameters: FoldParameters;
  private readonly reload: () => boolean;

  constructor(parameters: FoldParameters, reload: () => boolean = () => false) {
    this.parameters = parameters;
    this.reload = reload;
  }

  fold(calls: readonly Call[], maxPartBytes = 1 << 20): void {
    for (const { parts } of write(calls, maxPartBytes)) for (const part of parts) this.foldPart(part);
  }

  foldPart(part: Buffer): void {
    const record = decodeEvidence(part, this.interner);
    applyEvidence(record, (id) => this.row(this.interner.text(id)), this.parameters, this.notes);
  }

  row(name: string): ItemRow {
    const known = this.rows.get(name);
    const row = known === undefined ? new ItemRow(this.interner) : this.reload() ? decodeRow(encoded(known), this.interner) : known;
    this.rows.set(name, row);
    return row;
  }

  inspect(): Map<string, unknown> {
    return new Map([...this.rows].sort().map(([name, row]) => [name, inspectRow(row)]));
  }
}

function write(calls: readonly Call[], maxPartBytes: number): { shard: number; parts: Buffer[] }[] {
  const writer = new EvidenceWriter(SHARDS, shardOf);
  for (const call of calls) call(writer);
  return writer.finish({ sourceShard: 1, incarnation: Buffer.alloc(8, 3), journalOffset: 5n, ordersTotal: 0, ordersDay: 0 }, maxPartBytes);
}

function encoded(row: ItemRow): Buffer {
  const writer = new ByteWriter();
  encodeRow(row, writer);
  return writer.take();
}

/** The contract's words over plain maps and big integers, one row an item, no shards, no bytes. */
class Oracle implements EvidenceSink {
  readonly rows = new Map<string, { day: number; totals: Record<'nVv' | 'nVbTarget' | 'nBb', bigint>; trending: bigint; tables: Record<TableName, Map<string, bigint>> }>();
  private readonly parameters: FoldParameters;

  constructor(parameters: FoldParameters) {
    this.parameters = parameters;
  }

  view(day: number, viewed: string, before: readonly string[]): void {
    this.total(viewed, day, 'nVv');
    this.rows.get(viewed)!.trending += this.trendingShare(viewed, day);
    before.forEach((other, at) => {
      if (other === viewed) return;
      this.add(viewed, day, 'vv', other, BigInt(UNIT / 2 / (at + 1)));
      this.add(other, day, 'vv', viewed, BigInt(UNIT / (at + 1)));
    });
  }

  bought(day: number, sources: readonly string[], bought: readonly string[]): void {
    for (const target of bought) this.total(target, day, 'nVbTarget');
    for (const source of sources) for (const target of bought) if (source !== target) this.add(source, day, 'vb', target, BigInt(UNIT));
  }

  basket(day: number, items: readonly string[]): void {
    for (const a of items) {
      this.total(a, day, 'nBb');
      for (const b of items) if (a !== b) this.add(a, day, 'bb', b, BigInt(UNIT));
    }
  }

  inspect(): Map<string, unknown> {
    return new Map(
      [...this.rows].sort().map(([name, { day, totals, trending, tables }]) => {
        const table = (of: Map<string, bigint>): unknown => sorted(of).map(([neighbour, units]) => ({ item: neighbour, units: Number(units) }));
        const { nVv, nVbTarget, nBb } = totals;
        return [
          name,
          {
            day,
            nVv: Number(nVv),
            nVbTarget: Number(nVbTarget),
            nBb: Number(nBb),
            trending: Number(trending),
            tables: { vv: table(tables.vv), vb: table(tables.vb), bb: table(tables.bb) },
          },
        ];
      }),
    );
  }

  private total(name: string, day: number, which: 'nVv' | 'nVbTarget' | 'nBb'): void {
    const row = this.reach(name, day);
    row.totals[which] += this.aged(BigInt(UNIT), day, row.day);
  }

  private add(name: string, day: number, table: TableName, other: string, value: bigint): void {
    const row = this.reach(name, day);
    const share = this.aged(value, day, row.day);
    if (share > 0n) row.tables[table].set(other, (row.tables[table].get(other) ?? 0n) + share);
  }

  private trendingShare(name: string, day: number): bigint {
    let share = BigInt(UNIT);
    for (let at = day; at < this.rows.get(name)!.day; at++) share = (share * 52_016n) / 65_536n;
    return share;
  }

  private aged(value: bigint, from: number, to: number): bigint {
    let left = value;
    for (let day = from + 1; day <= to; day++) if (day % 15 === 0) left = (left * 55_109n) / 65_536n;
    return left;
  }

  private reach(name: string, day: number) {
    let row = this.rows.get(name);
    if (row === undefined) {
      row = { day, totals: { nVv: 0n, nVbTarget: 0n, nBb: 0n }, trending: 0n, tables: { vv: new Map(), vb: new Map(), bb: new Map() } };
      this.rows.set(name, row);
    }
    while (row.day < day) {
      row.day += 1;
      row.trending = (row.trending * 52_016n) / 65_536n;
      if (row.day % 15 === 0) for (const total of ['nVv', 'nVbTarget', 'nBb'] as const) row.totals[total] = (row.totals[total] * 55_109n) / 65_536n;
      for (const table of ['vv', 'vb', 'bb'] as const) {
        let counts = [...row.tables[table]];
        if (row.day % 15 === 0) counts = counts.map(([id, units]) => [id, (units * 55_109n) / 65_536n]);
        row.tables[table] = new Map(sorted(new Map(counts.filter(([, units]) => units > 0n))).slice(0, this.parameters.neighboursKept));
      }
    }
    return row;
  }
}

function sorted(counts: ReadonlyMap<string, bigint>): [string, bigint][] {
  return [...counts].sort(([a, x], [b, y]) => (x === y ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : x > y ? -1 : 1));
}

const withoutOlderThanADay = fc.integer({ min: 14, max: 17 });

describe('folding evidence', () => {
  test('equals a plain fold with big integers, over days, decays, trims and late evidence', () => {
    const parameters = { ...ROOMY, neighboursKept: 3 };
    fc.assert(
      fc.property(fc.array(fc.array(callOn(fc.oneof(withoutOlderThanADay, fc.integer({ min: 0, max: 400 }))), { maxLength: 12, size: 'max' }), { maxLength: 6, size: 'max' }), (batches) => {
        const shards = new Shards(parameters);
        const oracle = new Oracle(parameters);
        for (const calls of batches) {
          shards.fold(calls);
          for (const call of calls) call(oracle);
        }
        expect(shards.inspect()).toEqual(oracle.inspect());
      }),
    );
  });

  test('within one day and below the caps no order of events and no cut into batches makes a difference', () => {
    const shuffled = fc.array(callOn(fc.constant(100)), { minLength: 1, maxLength: 40, size: 'max' }).chain((calls) =>
      fc.tuple(fc.constant(calls), fc.shuffledSubarray(calls, { minLength: calls.length }), fc.integer({ min: 1, max: 10 })),
    );
    fc.assert(
      fc.property(shuffled, ([calls, other, batch]) => {
        const once = new Shards(ROOMY);
        once.fold(calls);
        const inBatches = new Shards(ROOMY);
        for (let at = 0; at < other.length; at += batch) inBatches.fold(other.slice(at, at + batch));
        expect(inBatches.inspect()).toEqual(once.inspect());
      }),
    );
  });

  test('a row that is read back at any moment and one that stayed in memory write the same bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(callOn(fc.integer({ min: 0, max: 40 })), { maxLength: 12, size: 'max' }), { maxLength: 8, size: 'max' }),
        fc.infiniteStream(fc.boolean()),
        (batches, reloads) => {
          const kept = new Shards(SMALL);
          const reloaded = new Shards(SMALL, () => reloads.next().value);
          for (const calls of batches) {
            kept.fold(calls);
            reloaded.fold(calls);
          }
          for (const [name, row] of kept.rows) expect(encoded(reloaded.rows.get(name)!)).toEqual(encoded(row));
          expect(reloaded.notes).toEqual(kept.notes);
        },
      ),
    );
  });

  test('parts stay below the limit, are numbered to the last, and fold to the same bytes as one record', () => {
    fc.assert(
      fc.property(fc.array(callOn(fc.integer({ min: 0, max: 40 })), { maxLength: 40, size: 'max' }), fc.integer({ min: 200, max: 600 }), (calls, maxPartBytes) => {
        const whole = new Shards(SMALL);
        whole.fold(calls);
        const inParts = new Shards(SMALL);
        for (const { shard, parts } of write(calls, maxPartBytes)) {
          parts.forEach((bytes, part) => {
            const { header, ids, owned } = decodeEvidence(bytes, inParts.interner);
            expect(bytes.length).toBeLessThanOrEqual(maxPartBytes);
            expect(header).toMatchObject({ sourceShard: 1, journalOffset: 5n, part, last: part === parts.length - 1 });
            ids.forEach((id, index) => expect(owned[index]).toBe(shardOf(inParts.interner.text(id)) === shard ? 1 : 0));
            inParts.foldPart(bytes);
          });
        }
        for (const [name, row] of whole.rows) expect(encoded(inParts.rows.get(name)!)).toEqual(encoded(row));
      }),
    );
  });

  test('every owned item of a record is changed by it', () => {
    fc.assert(
      fc.property(fc.array(callOn(fc.constant(7)), { minLength: 1, maxLength: 20 }), (calls) => {
        const interner = new ItemInterner();
        for (const { parts } of write(calls, 1 << 20)) {
          const record = decodeEvidence(parts[0]!, interner);
          const rows = new Map<number, ItemRow>();
          applyEvidence(record, (id) => rows.set(id, new ItemRow(interner)).get(id)!, ROOMY, emptyFoldNotes());
          expect(ownedItems(record).length).toBe(rows.size);
          for (const row of rows.values()) expect(row.day).toBe(7);
        }
      }),
    );
  });
});
