/**
 * UCI Online Retail, read from the packed file in the repository: a year of a gift shop's invoices (2010-12-01 to
 * 2011-12-09). Attribution and licence stand in `data/online-retail/README.md`.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { unpackRows, type RetailRow } from './retail-format.ts';

export type { RetailRow } from './retail-format.ts';

/** Where the packed data set lies. */
export const ONLINE_RETAIL_FILE = fileURLToPath(new URL('../../data/online-retail/online-retail.br', import.meta.url));

/**
 * All 541,909 lines in the order of the source, which is the order of their times. Lines are made while they are asked
 * for; what is held is the unpacked file, a few megabytes.
 */
export function onlineRetailRows(): Generator<RetailRow, void, undefined> {
  return unpackRows(readFileSync(ONLINE_RETAIL_FILE));
}

/** One invoice with all its lines, in the order of the source. */
export interface RetailInvoice {
  readonly invoiceNo: string;
  /** Of its first line; 43 invoices were written over two minutes. */
  readonly timeMs: number;
  readonly customerId: string | undefined;
  readonly country: string;
  readonly rows: readonly RetailRow[];
}

/**
 * An invoice is complete when a line is this much later than its last one. One invoice of the data goes on after another
 * has begun, a minute later.
 */
const INVOICE_QUIET_MS = 5 * 60_000;

/** The 25,900 invoices, in the order of their first lines. @param rows in the order of their times */
export function* onlineRetailInvoices(rows: Iterable<RetailRow> = onlineRetailRows()): Generator<RetailInvoice, void, undefined> {
  const open = new Map<string, RetailRow[]>();
  for (const row of rows) {
    for (const [invoiceNo, lines] of open) {
      // A map keeps the order of insertion, so the first that is still quiet for too short a time ends the search.
      if (row.timeMs - lines.at(-1)!.timeMs <= INVOICE_QUIET_MS) break;
      open.delete(invoiceNo);
      yield invoiceOf(lines);
    }
    const lines = open.get(row.invoiceNo);
    if (lines === undefined) open.set(row.invoiceNo, [row]);
    else lines.push(row);
  }
  for (const lines of open.values()) yield invoiceOf(lines);
}

function invoiceOf(rows: readonly RetailRow[]): RetailInvoice {
  const { invoiceNo, timeMs, customerId, country } = rows[0]!;
  return { invoiceNo, timeMs, customerId, country, rows };
}
