import { BB_BLOCK, VV_BLOCK, type EvidenceRecord } from './evidence-format.ts';

/** The latest UTC day that a record speaks of; -1 when it has no block. An item shard's clock follows it. */
export function newestDay({ blocks }: EvidenceRecord): number {
  let newest = -1;
  for (let at = 0; at < blocks.length; ) {
    const kind = blocks[at]!;
    const day = blocks[at + 1]!;
    if (day > newest) newest = day;
    if (kind === VV_BLOCK) at += 4 + 2 * blocks[at + 3]!;
    else if (kind === BB_BLOCK) at += 3 + blocks[at + 2]!;
    else at += 4 + blocks[at + 2]! + blocks[at + 3]!;
  }
  return newest;
}
