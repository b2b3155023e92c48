/**
 * Packs the CSV file of UCI Online Retail into the file that the repository carries:
 *
 *     node packages/testkit/src/shop/pack.ts online_retail.csv[.gz]
 *
 * The CSV has the columns InvoiceNo, StockCode, Description, Quantity, InvoiceDate (YYYY-MM-DD HH:MM:SS), UnitPrice,
 * CustomerID (as pandas writes it: `17850.0`), Country. What was packed is unpacked again and written as CSV; the command
 * fails unless that is the very text that it was given.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ONLINE_RETAIL_FILE } from './online-retail.ts';
import { packRows, unpackRows, type RetailRow } from './retail-format.ts';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

/** The fields of one CSV line (RFC 4180; no field of this file holds a line break). */
function splitLine(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/y;
  while (field.lastIndex < line.length) {
    const match = field.exec(line);
    if (match === null) throw new Error(`This CSV line cannot be read: ${line}`);
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
  }
  return fields;
}

/** Reads the CSV text. @throws Error naming the line that does not fit. */
export function parseCsv(text: string): RetailRow[] {
  const lines = text.split('\n');
  if (lines[0] !== HEADER) throw new Error(`The first line of the CSV is not "${HEADER}".`);
  if (lines.at(-1) === '') lines.pop();
  return lines.slice(1).map((line, index) => {
    const fields = splitLine(line);
    if (fields.length !== 8) throw new Error(`Line ${index + 2} of the CSV has ${fields.length} fields instead of 8.`);
    const [invoiceNo, stockCode, description, quantity, date, price, customer, country] = fields as [
      string, string, string, string, string, string, string, string,
    ];
    return {
      invoiceNo,
      stockCode,
      description,
      quantity: Number(quantity),
      timeMs: Date.parse(`${date.replace(' ', 'T')}Z`),
      unitPriceMilli: Math.round(Number(price) * 1_000),
      customerId: customer === '' ? undefined : customer.replace(/\.0$/, ''),
      country,
    };
  });
}

/** The rows as CSV text, in the form of the source. */
export function formatCsv(rows: Iterable<RetailRow>): string {
  const lines = [HEADER];
  for (const row of rows) {
    const date = new Date(row.timeMs).toISOString().slice(0, 19).replace('T', ' ');
    const price = row.unitPriceMilli / 1_000;
    lines.push(
      [
        row.invoiceNo,
        row.stockCode,
        quote(row.description),
        row.quantity,
        date,
        Number.isInteger(price) ? price.toFixed(1) : price,
        row.customerId === undefined ? '' : `${row.customerId}.0`,
        quote(row.country),
      ].join(','),
    );
  }
  return `${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function main(path: string | undefined): void {
  if (path === undefined) {
    console.error('Usage: node packages/testkit/src/shop/pack.ts online_retail.csv[.gz]');
    process.exitCode = 2;
    return;
  }
  const file = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(file) : file).toString('utf8');
  const rows = parseCsv(text);
  const packed = packRows(rows);
  if (formatCsv(unpackRows(packed)) !== text) {
    throw new Error(`Packing ${path} would lose something: unpacked, it is another text. Nothing was written.`);
  }
  mkdirSync(dirname(ONLINE_RETAIL_FILE), { recursive: true });
  writeFileSync(ONLINE_RETAIL_FILE, packed);
  console.log(`${rows.length} lines, ${packed.length} bytes in ${ONLINE_RETAIL_FILE}`);
}

if (import.meta.main) main(process.argv[2]);
