/**
 * Item ids as small whole numbers, so that tables and rankings are typed arrays. The UTF-8 bytes of all ids lie in one
 * arena; a number can be found from a string or straight from bytes, without making a string.
 *
 * An interner only grows. Its owner watches `size` and, above a limit of its own, drops it together with everything
 * that holds its numbers: no stored value contains one, so nothing else notices.
 */
export class ItemInterner {
  private arena: Buffer;
  private arenaLength = 0;
  /** Start of each id's bytes; the end is the next one's start. */
  private starts: Int32Array;
  /** Open addressing, two entries a slot, so that a look-up touches few cache lines: hash, and number + 1 or 0 for free. */
  private slots: Int32Array;
  private readonly texts: (string | undefined)[] = [];
  private readonly byText = new Map<string, number>();
  private readonly seed: number;
  private count = 0;

  /**
   * @param seed starts the hash of the bytes. It changes no result; a process that takes ids from strangers can give
   *   one that they cannot guess, so that they cannot make all ids collide.
   */
  constructor(seed = 0) {
    this.seed = seed | 0;
    this.arena = Buffer.allocUnsafeSlow(16_384);
    this.starts = new Int32Array(1_025);
    this.slots = new Int32Array(8_192);
  }

  get size(): number {
    return this.count;
  }

  /** The number of an id, given on first sight. */
  intern(item: string): number {
    const known = this.byText.get(item);
    if (known !== undefined) return known;
    // Three bytes hold any UTF-16 unit; the bytes are written where a new id would lie and stay there only if it is new.
    this.reserveArena(item.length * 3);
    const length = this.arena.write(item, this.arenaLength, 'utf8');
    const id = this.internBytes(this.arena, this.arenaLength, this.arenaLength + length);
    this.byText.set(item, id);
    this.texts[id] = item;
    return id;
  }

  /** The number of the id whose UTF-8 bytes are `bytes[start, end)`. */
  internBytes(bytes: Uint8Array, start: number, end: number): number {
    let hash = this.seed ^ (end - start);
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x0100_0193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
    hash ^= hash >>> 13;
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = (hash << 1) & mask;
    for (let entry = slots[slot + 1]!; entry !== 0; entry = slots[slot + 1]!) {
      if (slots[slot] === hash && this.sameBytes(entry - 1, bytes, start, end)) return entry - 1;
      slot = (slot + 2) & mask;
    }
    return this.append(hash, slot, bytes, start, end);
  }

  text(id: number): string {
    const known = this.texts[id];
    if (known !== undefined) return known;
    const text = this.arena.toString('utf8', this.starts[id]!, this.starts[id + 1]!);
    this.texts[id] = text;
    this.byText.set(text, id);
    return text;
  }

  byteLength(id: number): number {
    return this.starts[id + 1]! - this.starts[id]!;
  }

  /** Copies the id's bytes to `target` and returns the position after them. */
  copyBytes(id: number, target: Uint8Array, at: number): number {
    const arena = this.arena;
    const end = this.starts[id + 1]!;
    let to = at;
    for (let from = this.starts[id]!; from < end; from++) target[to++] = arena[from]!;
    return to;
  }

  /** Order of UTF-8 bytes: negative when `a` comes first. */
  compare(a: number, b: number): number {
    const arena = this.arena;
    const endA = this.starts[a + 1]!;
    const endB = this.starts[b + 1]!;
    let atA = this.starts[a]!;
    let atB = this.starts[b]!;
    while (atA < endA && atB < endB) {
      const difference = arena[atA++]! - arena[atB++]!;
      if (difference !== 0) return difference;
    }
    return endA - atA - (endB - atB);
  }

  private append(hash: number, slot: number, bytes: Uint8Array, start: number, end: number): number {
    const id = this.count;
    const length = end - start;
    if (bytes !== this.arena || start !== this.arenaLength) {
      this.reserveArena(length);
      for (let at = 0; at < length; at++) this.arena[this.arenaLength + at] = bytes[start + at]!;
    }
    this.arenaLength += length;
    this.count += 1;
    if (this.count === this.starts.length) {
      const starts = new Int32Array(this.starts.length * 2);
      starts.set(this.starts);
      this.starts = starts;
    }
    this.starts[this.count] = this.arenaLength;
    this.slots[slot] = hash;
    this.slots[slot + 1] = this.count;
    this.texts.push(undefined);
    if (this.count * 4 > this.slots.length) this.rehash();
    return id;
  }

  private rehash(): void {
    const old = this.slots;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = (old[from]! << 1) & mask;
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
      slots[slot] = old[from]!;
      slots[slot + 1] = old[from + 1]!;
    }
    this.slots = slots;
  }

  private sameBytes(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const first = this.starts[id]!;
    if (this.starts[id + 1]! - first !== end - start) return false;
    const arena = this.arena;
    const shift = first - start;
    for (let at = start; at < end; at++) if (arena[at + shift] !== bytes[at]) return false;
    return true;
  }

  private reserveArena(length: number): void {
    if (this.arenaLength + length <= this.arena.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.arena.length * 2, this.arenaLength + length));
    this.arena.copy(larger, 0, 0, this.arenaLength);
    this.arena = larger;
  }
}
