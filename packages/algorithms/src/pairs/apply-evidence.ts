import type { FoldParameters } from '../fold-parameters.ts';
import { decay, decaysBetween, TRENDING_DECAY_NUMERATOR, UNIT } from './decay.ts';
import { CONTEXT_ITEMS, VB_BLOCK, VV_BLOCK } from './evidence-format.ts';
import type { EvidenceRecord } from './evidence-format.ts';
import { BB, VB, VV } from './item-row.ts';
import type { FoldNotes, ItemRow } from './item-row.ts';

/** F[x][y] grows by FORWARD[d] when y is seen d positions after x, F[y][x] by BACKWARD[d] (algorithms.md §1). */
const FORWARD = Array.from({ length: CONTEXT_ITEMS + 1 }, (_, d) => (d === 0 ? 0 : UNIT / d));
const BACKWARD = FORWARD.map((weight) => weight / 2);

/** Numbers of the items that the target shard owns: their rows must be at hand to fold the record, and will be changed. */
export function ownedItems(record: EvidenceRecord): Int32Array {
  return record.ids.filter((_, index) => record.owned[index] === 1);
}

/**
 * Folds one record into the rows of the items that the shard owns.
 *
 * A row's day only moves forward. Evidence of an older day is added to the row's day, each weight aged by the decay
 * boundaries in between. Within one day and below the caps the result does not depend on the order of records.
 *
 * @param rowOf the row of an owned item by its number, called once for each; the caller creates what does not exist.
 *   Rows and record must use one interner.
 * @param notes counters that are added to.
 */
export function applyEvidence(
  record: EvidenceRecord,
  rowOf: (id: number) => ItemRow,
  parameters: FoldParameters,
  notes: FoldNotes,
): void {
  const { ids, owned, blocks } = record;
  const rows: (ItemRow | undefined)[] = [];
  for (let index = 0; index < ids.length; index++) rows.push(owned[index] === 1 ? rowOf(ids[index]!) : undefined);
  for (let at = 0; at < blocks.length; ) {
    const kind = blocks[at]!;
    const day = blocks[at + 1]!;
    if (kind === VV_BLOCK) at = applyView(blocks, at + 2, day, ids, rows, parameters, notes);
    else if (kind === VB_BLOCK) at = applyBought(blocks, at + 2, day, ids, rows, parameters, notes);
    else at = applyBasket(blocks, at + 2, day, ids, rows, parameters, notes);
  }
}

function applyView(
  blocks: Int32Array,
  start: number,
  day: number,
  ids: Int32Array,
  rows: readonly (ItemRow | undefined)[],
  parameters: FoldParameters,
  notes: FoldNotes,
): number {
  const item = blocks[start]!;
  const end = start + 2 + 2 * blocks[start + 1]!;
  const row = rows[item];
  const id = ids[item]!;
  let lag = 0;
  if (row !== undefined) {
    lag = reach(row, day, parameters, notes);
    row.addView(aged(UNIT, row, lag, parameters), lag === 0 ? UNIT : decay(UNIT, lag, TRENDING_DECAY_NUMERATOR));
  }
  for (let at = start + 2; at < end; at += 2) {
    const distance = blocks[at]!;
    const other = blocks[at + 1]!;
    const otherId = ids[other]!;
    if (otherId === id) continue;
    if (row !== undefined) row.add(VV, otherId, aged(BACKWARD[distance]!, row, lag, parameters), parameters, notes);
    const otherRow = rows[other];
    if (otherRow === undefined) continue;
    const otherLag = reach(otherRow, day, parameters, notes);
    otherRow.add(VV, id, aged(FORWARD[distance]!, otherRow, otherLag, parameters), parameters, notes);
  }
  return end;
}

function applyBought(
  blocks: Int32Array,
  start: number,
  day: number,
  ids: Int32Array,
  rows: readonly (ItemRow | undefined)[],
  parameters: FoldParameters,
  notes: FoldNotes,
): number {
  const firstBought = start + 2 + blocks[start]!;
  const end = firstBought + blocks[start + 1]!;
  for (let at = firstBought; at < end; at++) {
    const row = rows[blocks[at]!];
    if (row === undefined) continue;
    const lag = reach(row, day, parameters, notes);
    row.addPurchase(aged(UNIT, row, lag, parameters));
  }
  for (let at = start + 2; at < firstBought; at++) {
    const row = rows[blocks[at]!];
    if (row === undefined) continue;
    const lag = reach(row, day, parameters, notes);
    const weight = aged(UNIT, row, lag, parameters);
    for (let target = firstBought; target < end; target++) {
      if (blocks[target] !== blocks[at]) row.add(VB, ids[blocks[target]!]!, weight, parameters, notes);
    }
  }
  return end;
}

function applyBasket(
  blocks: Int32Array,
  start: number,
  day: number,
  ids: Int32Array,
  rows: readonly (ItemRow | undefined)[],
  parameters: FoldParameters,
  notes: FoldNotes,
): number {
  const first = start + 1;
  const end = first + blocks[start]!;
  for (let at = first; at < end; at++) {
    const row = rows[blocks[at]!];
    if (row === undefined) continue;
    const lag = reach(row, day, parameters, notes);
    const weight = aged(UNIT, row, lag, parameters);
    row.addOrder(weight);
    for (let other = first; other < end; other++) {
      if (blocks[other] !== blocks[at]) row.add(BB, ids[blocks[other]!]!, weight, parameters, notes);
    }
  }
  return end;
}

function reach(row: ItemRow, day: number, parameters: FoldParameters, notes: FoldNotes): number {
  const lag = row.reach(day, parameters);
  if (lag > 0) notes.lateTouches += 1;
  return lag;
}

function aged(weight: number, row: ItemRow, lag: number, parameters: FoldParameters): number {
  if (lag === 0) return weight;
  return decay(weight, decaysBetween(row.day - lag, row.day, parameters.pairDecayEveryDays), parameters.pairDecayNumerator);
}
