import type avsc from 'avsc';

/**
 * Do the bytes from `at` to the end hold exactly one value of this type? Asked before the general codec reads them: it
 * trusts the length of an array or map and reads on past the end until it is through, so that a few hostile bytes could
 * make it allocate or loop for hours. Nesting is limited by `maxLevels`.
 */
export function isBounded(type: avsc.Type, bytes: Buffer, at: number, maxLevels = 32): boolean {
  const walk = new BoundsWalk(bytes, at);
  return walk.skip(type, maxLevels) && walk.isAtEnd;
}

class BoundsWalk {
  readonly #bytes: Buffer;
  #at: number;
  /** Elements of arrays and maps, of which there may be as many as bytes: some writer's elements may take none. */
  #elements = 0;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Steps over one value; false when the bytes do not hold one. */
  skip(type: avsc.Type, levels: number): boolean {
    if (levels === 0) return false;
    switch (type.typeName) {
      case 'null':
        return true;
      case 'boolean':
        return this.#skipBytes(1);
      case 'int':
      case 'long':
      case 'enum':
        return !Number.isNaN(this.#long());
      case 'float':
        return this.#skipBytes(4);
      case 'double':
        return this.#skipBytes(8);
      case 'string':
      case 'bytes':
        return this.#skipBytes(this.#long());
      case 'fixed':
        return this.#skipBytes((type as avsc.types.FixedType).size);
      case 'record':
      case 'error':
        return (type as avsc.types.RecordType).fields.every((field) => this.skip(field.type, levels - 1));
      case 'array':
        return this.#skipBlocks((type as avsc.types.ArrayType).itemsType, false, levels - 1);
      case 'map':
        return this.#skipBlocks((type as avsc.types.MapType).valuesType as avsc.Type, true, levels - 1);
      case 'union:unwrapped':
      case 'union:wrapped': {
        const branch = (type as avsc.types.UnwrappedUnionType).types[this.#long()];
        return branch !== undefined && this.skip(branch, levels - 1);
      }
      default:
        return false;
    }
  }

  /** An array or map: blocks of a count and so many elements; a negative count is followed by the block's size. */
  #skipBlocks(element: avsc.Type, keyed: boolean, levels: number): boolean {
    for (;;) {
      let count = this.#long();
      if (count === 0) return true;
      if (count < 0) {
        count = -count;
        if (Number.isNaN(this.#long())) return false;
      }
      this.#elements += count;
      // Asked this way round, NaN fails too.
      if (!(this.#elements <= this.#bytes.length)) return false;
      for (let i = 0; i < count; i++) {
        if (keyed && !this.#skipBytes(this.#long())) return false;
        if (!this.skip(element, levels)) return false;
      }
    }
  }

  #skipBytes(count: number): boolean {
    if (!(count >= 0 && count <= this.#bytes.length - this.#at)) return false;
    this.#at += count;
    return true;
  }

  /** A zigzag varint; NaN when it runs over the end or beyond what a double holds exactly. */
  #long(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 127) * scale;
      if (byte < 128) {
        const decoded = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
        return Number.isSafeInteger(decoded) ? decoded : Number.NaN;
      }
      scale *= 128;
    }
    return Number.NaN;
  }
}
