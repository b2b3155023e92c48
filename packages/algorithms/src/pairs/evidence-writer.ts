import { ByteWriter } from './bytes.ts';
import {
  BASKET_ITEMS,
  BB_BLOCK,
  CONTEXT_ITEMS,
  DAY_BLOCK,
  EVIDENCE_VERSION,
  INCARNATION_BYTES,
  SOURCE_ITEMS,
  VB_BLOCK,
  VV_BLOCK,
} from './evidence-format.ts';
import type { EvidenceOrigin } from './evidence-format.ts';
import type { EvidenceSink } from './evidence-sink.ts';

/** The records of one target shard for one batch, in the order in which they must be appended and applied. */
export interface ShardEvidence {
  readonly shard: number;
  readonly parts: Buffer[];
}

/** Room for the record's fixed fields and lengths when a part is measured against the limit. */
const FIXED_FIELDS_BYTES = 64;

/**
 * Packs a batch's evidence by target item shard. What is called is only noted, as whole numbers; dictionaries and bytes
 * are made in `finish`, when it is clear where a part ends. Reused from batch to batch: `clear` between them.
 */
export class EvidenceWriter implements EvidenceSink {
  private readonly shardOf: (item: string) => number;
  private readonly shards: BlockList[];
  private readonly numbers = new Map<string, number>();
  private readonly texts: string[] = [];
  private itemShards = new Int32Array(256);
  /** Dictionary index of an item in the part being written, valid where `stamps` equals the part's stamp. */
  private localIndexes = new Int32Array(256);
  private stamps = new Int32Array(256);
  private stamp = 0;
  private readonly scratch = new Int32Array(CONTEXT_ITEMS);
  private readonly dictionary = new ByteWriter();
  private readonly blocks = new ByteWriter();
  private readonly record = new ByteWriter();
  private readonly owned = new ByteWriter();

  /** @param shardOf target shard of an item id, 0 … shardCount - 1: the partitioner of the evidence topic. */
  constructor(shardCount: number, shardOf: (item: string) => number) {
    this.shardOf = shardOf;
    this.shards = Array.from({ length: shardCount }, () => new BlockList());
  }

  /** True when nothing was noted since the last `clear`. */
  get empty(): boolean {
    return this.texts.length === 0;
  }

  view(day: number, item: string, before: readonly string[]): void {
    const viewed = this.number(item);
    const depth = Math.min(before.length, CONTEXT_ITEMS);
    const context = this.scratch;
    let all = 0;
    for (let at = 0; at < depth; at++) {
      const id = this.number(before[at]!);
      context[at] = id;
      if (id !== viewed) all |= 1 << at;
    }
    const home = this.itemShards[viewed]!;
    this.noteView(home, day, viewed, all);
    for (let rest = all, at = 0; rest >> at !== 0; at++) {
      if ((rest & (1 << at)) === 0) continue;
      const shard = this.itemShards[context[at]!]!;
      let mine = 0;
      for (let other = at; other < depth; other++) {
        if ((rest & (1 << other)) !== 0 && this.itemShards[context[other]!] === shard) mine |= 1 << other;
      }
      rest &= ~mine;
      if (shard !== home) this.noteView(shard, day, viewed, mine);
    }
  }

  bought(day: number, sources: readonly string[], bought: readonly string[]): void {
    const sourceNumbers = sources.slice(0, SOURCE_ITEMS).map((item) => this.number(item));
    // Every pair of source and item bought counts for itself, so a long order is cut into blocks of bounded size.
    for (let first = 0; first < bought.length; first += BASKET_ITEMS) {
      this.noteBought(day, sourceNumbers, bought.slice(first, first + BASKET_ITEMS).map((item) => this.number(item)));
    }
  }

  basket(day: number, items: readonly string[]): void {
    const numbers = [...new Set(items.slice(0, BASKET_ITEMS).map((item) => this.number(item)))];
    for (const shard of this.shardsOf(numbers)) this.shards[shard]!.push(BB_BLOCK, day, [numbers.length, ...numbers]);
  }

  /**
   * Encodes what was noted. Only shards that own an item concerned get records.
   *
   * @param maxPartBytes a record grows no longer than this, unless a single block does (52 ids of 256 bytes make about
   *   14 KB, so a limit from 16 KiB on is always kept).
   */
  finish(origin: EvidenceOrigin, maxPartBytes: number): ShardEvidence[] {
    if (origin.incarnation.length !== INCARNATION_BYTES) {
      throw new RangeError(`evidence: an incarnation has ${INCARNATION_BYTES} bytes, not ${origin.incarnation.length}`);
    }
    const evidence: ShardEvidence[] = [];
    for (let shard = 0; shard < this.shards.length; shard++) {
      const list = this.shards[shard]!;
      if (list.length > 0) evidence.push({ shard, parts: this.encodeShard(shard, list, origin, maxPartBytes) });
    }
    return evidence;
  }

  clear(): void {
    for (const list of this.shards) list.length = 0;
    this.numbers.clear();
    this.texts.length = 0;
  }

  private noteView(shard: number, day: number, viewed: number, mask: number): void {
    const list = this.shards[shard]!;
    list.reserve(5 + CONTEXT_ITEMS);
    const values = list.values;
    let at = list.length;
    values[at++] = VV_BLOCK;
    const sizeAt = at++;
    values[at++] = day;
    values[at++] = viewed;
    values[at++] = mask;
    for (let bits = mask, distance = 0; bits !== 0; bits >>= 1, distance++) if ((bits & 1) !== 0) values[at++] = this.scratch[distance]!;
    values[sizeAt] = at - list.length;
    list.length = at;
  }

  private noteBought(day: number, sources: readonly number[], targets: readonly number[]): void {
    const useful = sources.filter((source) => targets.some((target) => target !== source));
    for (const shard of this.shardsOf(targets, useful)) {
      const mine = useful.filter((source) => this.itemShards[source] === shard);
      const shown = mine.length > 0 ? targets : targets.filter((target) => this.itemShards[target] === shard);
      this.shards[shard]!.push(VB_BLOCK, day, [mine.length, shown.length, ...mine, ...shown]);
    }
  }

  private shardsOf(...groups: readonly (readonly number[])[]): Set<number> {
    const shards = new Set<number>();
    for (const group of groups) for (const item of group) shards.add(this.itemShards[item]!);
    return shards;
  }

  /** The batch's number of an item; its shard is asked for once a batch. */
  private number(item: string): number {
    const known = this.numbers.get(item);
    if (known !== undefined) return known;
    const number = this.texts.length;
    if (number === this.itemShards.length) {
      this.itemShards = doubled(this.itemShards);
      this.localIndexes = doubled(this.localIndexes);
      this.stamps = doubled(this.stamps);
    }
    const shard = this.shardOf(item);
    if (!(shard >= 0 && shard < this.shards.length)) throw new RangeError(`evidence: shard ${shard} is not one of ${this.shards.length}`);
    this.numbers.set(item, number);
    this.texts.push(item);
    this.itemShards[number] = shard;
    return number;
  }

  private encodeShard(shard: number, list: BlockList, origin: EvidenceOrigin, maxPartBytes: number): Buffer[] {
    const parts: Buffer[] = [];
    const { values } = list;
    let itemCount = this.beginPart();
    let day = 0;
    for (let at = 0; at < list.length; at += values[at + 1]!) {
      const before = { items: itemCount, dictionary: this.dictionary.length, blocks: this.blocks.length };
      const written = this.writeBlock(shard, values, at, day, itemCount);
      const bytes = FIXED_FIELDS_BYTES + this.dictionary.length + this.blocks.length + (written >>> 3);
      if (bytes > maxPartBytes && before.items > 0) {
        // The block did not fit: what it added is taken back, and it becomes the first of the next part.
        this.dictionary.length = before.dictionary;
        this.blocks.length = before.blocks;
        parts.push(this.encodePart(origin, parts.length, false, before.items));
        this.beginPart();
        itemCount = this.writeBlock(shard, values, at, 0, 0);
      } else {
        itemCount = written;
      }
      day = values[at + 2]!;
    }
    parts.push(this.encodePart(origin, parts.length, true, itemCount));
    return parts;
  }

  private beginPart(): number {
    this.stamp += 1;
    this.dictionary.clear();
    this.owned.clear();
    this.blocks.clear();
    this.blocks.byte(EVIDENCE_VERSION);
    return 0;
  }

  /** @returns the number of items in the dictionary after it. */
  private writeBlock(shard: number, values: Int32Array, at: number, dayBefore: number, itemsBefore: number): number {
    const { blocks } = this;
    const kind = values[at]!;
    const end = at + values[at + 1]!;
    const day = values[at + 2]!;
    if (day !== dayBefore) {
      const difference = day - dayBefore;
      blocks.varint((difference < 0 ? -2 * difference - 1 : 2 * difference) * 4 + DAY_BLOCK);
    }
    let items = itemsBefore;
    const index = (number: number): number => {
      if (this.stamps[number] !== this.stamp) {
        this.stamps[number] = this.stamp;
        this.localIndexes[number] = items;
        this.addToDictionary(items, this.texts[number]!, this.itemShards[number] === shard);
        items += 1;
      }
      return this.localIndexes[number]!;
    };
    let from = at + 3;
    if (kind === VV_BLOCK) {
      blocks.varint(index(values[from]!) * 4 + VV_BLOCK);
      blocks.varint(values[from + 1]!);
      from += 2;
    } else {
      blocks.varint(values[from]! * 4 + kind);
      from += 1;
      if (kind === VB_BLOCK) blocks.varint(values[from++]!);
    }
    for (; from < end; from++) blocks.varint(index(values[from]!));
    return items;
  }

  private addToDictionary(index: number, text: string, isOwned: boolean): void {
    const { dictionary, owned } = this;
    dictionary.reserve(text.length * 3 + 4);
    const length = Buffer.byteLength(text, 'utf8');
    dictionary.zigzag(length);
    dictionary.bytes.write(text, dictionary.length, 'utf8');
    dictionary.length += length;
    owned.length = index >>> 3;
    owned.reserve(1);
    const bit = 1 << (index & 7);
    const others = (index & 7) === 0 ? 0 : owned.bytes[index >>> 3]! & (bit - 1);
    owned.bytes[index >>> 3] = others | (isOwned ? bit : 0);
    owned.length += 1;
  }

  private encodePart(origin: EvidenceOrigin, part: number, last: boolean, itemCount: number): Buffer {
    const { record } = this;
    record.clear();
    record.zigzag(origin.sourceShard);
    record.raw(origin.incarnation);
    record.long(origin.journalOffset);
    record.zigzag(part);
    record.byte(last ? 1 : 0);
    record.zigzag(origin.ordersTotal);
    record.zigzag(origin.ordersDay);
    if (itemCount > 0) {
      record.zigzag(itemCount);
      record.raw(this.dictionary.bytes, 0, this.dictionary.length);
    }
    record.byte(0);
    const ownedLength = (itemCount + 7) >>> 3;
    // Bits of items that were taken back must not stay behind in the last byte.
    if ((itemCount & 7) !== 0) this.owned.bytes[ownedLength - 1]! &= (1 << (itemCount & 7)) - 1;
    record.avroBytes(this.owned.bytes, 0, ownedLength);
    record.avroBytes(this.blocks.bytes, 0, this.blocks.length);
    return record.take();
  }
}

/** Blocks of one shard: kind, length in numbers, day, then what the block says. */
class BlockList {
  values = new Int32Array(256);
  length = 0;

  reserve(count: number): void {
    if (this.length + count <= this.values.length) return;
    let larger = doubled(this.values);
    while (this.length + count > larger.length) larger = doubled(larger);
    this.values = larger;
  }

  push(kind: number, day: number, content: readonly number[]): void {
    this.reserve(3 + content.length);
    this.values[this.length] = kind;
    this.values[this.length + 1] = 3 + content.length;
    this.values[this.length + 2] = day;
    this.values.set(content, this.length + 3);
    this.length += 3 + content.length;
  }
}

function doubled(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}
