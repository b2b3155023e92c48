import type { CatalogEvent } from '@millrace/events';
import type { EntityCodec } from '@millrace/stream/handler';

/** What the catalog says of an item; the last record in the log counts. */
export interface CatalogFacts {
  readonly name: string;
  readonly text?: string | undefined;
  readonly categoryPath: readonly string[];
  readonly brand?: string | undefined;
  readonly priceMinor?: number | undefined;
  readonly currency?: string | undefined;
  readonly available: boolean;
}

/** One byte that says whether the item can be had, so that a ranking reads no more than that; then JSON. */
export const catalogFactsCodec: EntityCodec<CatalogFacts | undefined> = {
  decode: (bytes) => {
    if (bytes === null) return undefined;
    const facts = JSON.parse(bytes.toString('utf8', 1)) as Omit<CatalogFacts, 'available'>;
    return { ...facts, available: bytes[0] !== 0 };
  },
  encode: (facts) => {
    if (facts === undefined) return null;
    const { available, ...rest } = facts;
    return Buffer.concat([Buffer.from([available ? 1 : 0]), Buffer.from(JSON.stringify(rest))]);
  },
};

export function catalogFactsOf(event: CatalogEvent): CatalogFacts {
  const { name, text, categoryPath, brand, priceMinor, currency, available } = event;
  return { name, text, categoryPath, brand, priceMinor, currency, available };
}
