import { ItemInterner } from '@millrace/algorithms';
import { rowKey } from '../keys.ts';

/** Item ids as numbers, shared by all item shards of a process: no stored value holds one. */
export class ItemNumbers {
  readonly interner = new ItemInterner();
  /** The key of each item's row, made once: the fold of every event asks for some. */
  readonly #rowKeys: string[] = [];

  rowKeyOf(id: number): string {
    return (this.#rowKeys[id] ??= rowKey(this.interner.text(id)));
  }
}
