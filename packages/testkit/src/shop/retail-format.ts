/**
 * UCI Online Retail as a small columnar file, without loss.
 *
 * Bytes before compression (brotli): a magic text, then sections, each with its byte length before it. Numbers are
 * varints (see `varints.ts`).
 *
 * | section | content |
 * |---|---|
 * | countries, descriptions | texts, in the order of first appearance |
 * | stock codes | per code, most frequent first: text, its descriptions (indexes, most frequent first), its prices (likewise) |
 * | customers | customer numbers, ascending, as differences |
 * | runs, one section a column | invoice prefix, number (difference), minute (difference), customer (0 = none), country, lines |
 * | lines, one section a column | stock code, its description, quantity (signed), its price |
 *
 * A *run* is a stretch of consecutive lines that share invoice, minute, customer and country, so what they share is
 * written once. Descriptions and prices are numbered per stock code: a code has few of them, so nearly all are a 0 or a 1.
 */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { VarintReader, VarintWriter } from './varints.ts';

/** One line of the data set. Its times have no zone in the source; they are taken as UTC. */
export interface RetailRow {
  /** Six digits; `C` before them is a cancellation, `A` an adjustment of bad debt. */
  readonly invoiceNo: string;
  readonly stockCode: string;
  /** As in the source: upper case mostly, sometimes with blanks at the end, '' where missing. */
  readonly description: string;
  readonly quantity: number;
  /** Epoch milliseconds, whole minutes. */
  readonly timeMs: number;
  /** Unit price in thousandths of a pound: 2.55 is 2550; four lines of the source have three decimals. */
  readonly unitPriceMilli: number;
  readonly customerId: string | undefined;
  readonly country: string;
}

const MAGIC = 'millrace-online-retail-1';
const MINUTE_MS = 60_000;
const PREFIXES = ['', 'C', 'A'] as const;

/** Texts or numbers and how often each was seen, in the order of first appearance. */
class Frequencies<K> {
  readonly #counts = new Map<K, number>();

  add(key: K): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Most frequent first; among equals the one seen first. */
  ordered(): K[] {
    return [...this.#counts].sort((a, b) => b[1] - a[1]).map(([key]) => key);
  }
}

function indexOfEach<K>(keys: readonly K[]): Map<K, number> {
  return new Map(keys.map((key, index) => [key, index]));
}

function splitInvoice(invoiceNo: string): { prefix: number; number: number } {
  const match = /^([CA]?)(\d{6})$/.exec(invoiceNo);
  if (match === null) throw new Error(`Invoice number "${invoiceNo}" is not six digits with an optional C or A before them.`);
  return { prefix: PREFIXES.indexOf(match[1] as (typeof PREFIXES)[number]), number: Number(match[2]) };
}

interface CodeEntry {
  readonly descriptions: Frequencies<string>;
  readonly prices: Frequencies<number>;
}

function writeDictionaries(rows: readonly RetailRow[], out: VarintWriter) {
  const countries = new Frequencies<string>();
  const descriptions = new Set<string>();
  const codes = new Frequencies<string>();
  const entries = new Map<string, CodeEntry>();
  const customers = new Set<number>();
  for (const row of rows) {
    countries.add(row.country);
    descriptions.add(row.description);
    codes.add(row.stockCode);
    if (row.customerId !== undefined) customers.add(Number(row.customerId));
    let entry = entries.get(row.stockCode);
    if (entry === undefined) {
      entry = { descriptions: new Frequencies(), prices: new Frequencies() };
      entries.set(row.stockCode, entry);
    }
    entry.descriptions.add(row.description);
    entry.prices.add(row.unitPriceMilli);
  }

  const countryList = countries.ordered();
  const descriptionIndex = indexOfEach([...descriptions]);
  const codeList = codes.ordered();
  const customerList = [...customers].sort((a, b) => a - b);

  writeSection(out, (section) => countryList.forEach((country) => section.text(country)));
  writeSection(out, (section) => descriptions.forEach((description) => section.text(description)));
  const perCode = new Map<string, { index: number; description: Map<string, number>; price: Map<number, number> }>();
  writeSection(out, (section) => {
    for (const [index, code] of codeList.entries()) {
      const entry = entries.get(code)!;
      const names = entry.descriptions.ordered();
      const prices = entry.prices.ordered();
      section.text(code);
      section.unsigned(names.length);
      names.forEach((name) => section.unsigned(descriptionIndex.get(name)!));
      section.unsigned(prices.length);
      prices.forEach((price) => section.signed(price));
      perCode.set(code, { index, description: indexOfEach(names), price: indexOfEach(prices) });
    }
  });
  writeSection(out, (section) => {
    let before = 0;
    for (const customer of customerList) {
      section.unsigned(customer - before);
      before = customer;
    }
  });
  return { countryIndex: indexOfEach(countryList), perCode, customerIndex: indexOfEach(customerList) };
}

function writeSection(out: VarintWriter, fill: (section: VarintWriter) => void): void {
  const section = new VarintWriter();
  fill(section);
  const bytes = section.finish();
  out.unsigned(bytes.length);
  out.raw(bytes);
}

/** Packs the rows, in their order. Answers the compressed file. */
export function packRows(rows: readonly RetailRow[]): Buffer {
  const out = new VarintWriter();
  out.text(MAGIC);
  const { countryIndex, perCode, customerIndex } = writeDictionaries(rows, out);

  const runColumns = Array.from({ length: 6 }, () => new VarintWriter());
  const lineColumns = Array.from({ length: 4 }, () => new VarintWriter());
  const [prefixes, numbers, minutes, customers, countries, counts] = runColumns as [
    VarintWriter, VarintWriter, VarintWriter, VarintWriter, VarintWriter, VarintWriter,
  ];
  const [codes, descriptions, quantities, prices] = lineColumns as [VarintWriter, VarintWriter, VarintWriter, VarintWriter];

  let numberBefore = 0;
  let minuteBefore = 0;
  for (let start = 0; start < rows.length; ) {
    const first = rows[start]!;
    let end = start + 1;
    while (end < rows.length && sameRun(first, rows[end]!)) end += 1;

    const { prefix, number } = splitInvoice(first.invoiceNo);
    const minute = first.timeMs / MINUTE_MS;
    prefixes.unsigned(prefix);
    numbers.signed(number - numberBefore);
    minutes.signed(minute - minuteBefore);
    customers.unsigned(first.customerId === undefined ? 0 : customerIndex.get(Number(first.customerId))! + 1);
    countries.unsigned(countryIndex.get(first.country)!);
    counts.unsigned(end - start);
    numberBefore = number;
    minuteBefore = minute;

    for (const row of rows.slice(start, end)) {
      const code = perCode.get(row.stockCode)!;
      codes.unsigned(code.index);
      descriptions.unsigned(code.description.get(row.description)!);
      quantities.signed(row.quantity);
      prices.unsigned(code.price.get(row.unitPriceMilli)!);
    }
    start = end;
  }

  for (const column of [...runColumns, ...lineColumns]) {
    const bytes = column.finish();
    out.unsigned(bytes.length);
    out.raw(bytes);
  }
  const plain = out.finish();
  return brotliCompressSync(plain, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    },
  });
}

function sameRun(a: RetailRow, b: RetailRow): boolean {
  return a.invoiceNo === b.invoiceNo && a.timeMs === b.timeMs && a.customerId === b.customerId && a.country === b.country;
}

/**
 * The rows of a packed file in their original order, made one by one while they are asked for.
 *
 * @throws Error when the bytes are not such a file; RangeError when they end too early.
 */
export function* unpackRows(packed: Buffer): Generator<RetailRow, void, undefined> {
  const reader = new VarintReader(brotliDecompressSync(packed));
  const magic = reader.text();
  if (magic !== MAGIC) throw new Error(`The packed file begins with "${magic}" instead of "${MAGIC}": pack it again with pack.ts.`);

  const countryList = readTexts(reader.section());
  const descriptionList = readTexts(reader.section());
  const codeList = readCodes(reader.section(), descriptionList);
  const customerList = readCustomers(reader.section());
  const [prefixes, numbers, minutes, customers, countries, counts] = [
    reader.section(), reader.section(), reader.section(), reader.section(), reader.section(), reader.section(),
  ] as const;
  const [codes, descriptions, quantities, prices] = [
    reader.section(), reader.section(), reader.section(), reader.section(),
  ] as const;

  let number = 0;
  let minute = 0;
  while (!prefixes.done) {
    const prefix = PREFIXES[prefixes.unsigned()]!;
    number += numbers.signed();
    minute += minutes.signed();
    const invoiceNo = prefix + String(number).padStart(6, '0');
    const timeMs = minute * MINUTE_MS;
    const customer = customers.unsigned();
    const customerId = customer === 0 ? undefined : customerList[customer - 1]!;
    const country = countryList[countries.unsigned()]!;
    for (let left = counts.unsigned(); left > 0; left -= 1) {
      const code = codeList[codes.unsigned()]!;
      yield {
        invoiceNo,
        stockCode: code.text,
        description: code.descriptions[descriptions.unsigned()]!,
        quantity: quantities.signed(),
        timeMs,
        unitPriceMilli: code.prices[prices.unsigned()]!,
        customerId,
        country,
      };
    }
  }
}

function readTexts(section: VarintReader): string[] {
  const texts: string[] = [];
  while (!section.done) texts.push(section.text());
  return texts;
}

function readCodes(section: VarintReader, descriptions: readonly string[]) {
  const codes: { text: string; descriptions: string[]; prices: number[] }[] = [];
  while (!section.done) {
    const text = section.text();
    const names = Array.from({ length: section.unsigned() }, () => descriptions[section.unsigned()]!);
    const prices = Array.from({ length: section.unsigned() }, () => section.signed());
    codes.push({ text, descriptions: names, prices });
  }
  return codes;
}

function readCustomers(section: VarintReader): string[] {
  const customers: string[] = [];
  let customer = 0;
  while (!section.done) {
    customer += section.unsigned();
    customers.push(String(customer));
  }
  return customers;
}
