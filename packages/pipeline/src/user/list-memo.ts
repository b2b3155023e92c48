import type { EntityCodec } from '@millrace/stream/handler';

/** What was last said to a user, by placement: a hash of the items in their order; 0 when not known. */
export interface ListMemo {
  next: number;
  afterPurchase: number;
}

const BYTES = 8;
/** Who has not been seen for a day gets the list again; that is no harm, and the memory comes back. */
const TTL_SECONDS = 86_400;

export const listMemoCodec: EntityCodec<ListMemo> = {
  memoTtlSeconds: TTL_SECONDS,
  decode: (bytes) =>
    bytes?.length === BYTES
      ? { next: bytes.readUInt32LE(0), afterPurchase: bytes.readUInt32LE(4) }
      : { next: 0, afterPurchase: 0 },
  encode: (memo) => {
    const bytes = Buffer.allocUnsafe(BYTES);
    bytes.writeUInt32LE(memo.next, 0);
    bytes.writeUInt32LE(memo.afterPurchase, 4);
    return bytes;
  },
};

/** FNV-1a over the ids in their order; never 0, which stands for "not known". */
export function hashOfList(items: readonly { readonly item: string }[]): number {
  let hash = 0x811c9dc5;
  for (const { item } of items) {
    for (let i = 0; i < item.length; i++) hash = Math.imul(hash ^ item.charCodeAt(i), 0x01000193);
    // Parts the ids, so that "ab","c" and "a","bc" differ.
    hash = Math.imul(hash ^ 0xff, 0x01000193);
  }
  return hash >>> 0 || 1;
}
