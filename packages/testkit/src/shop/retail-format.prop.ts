import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatCsv, parseCsv } from './pack.ts';
import { packRows, unpackRows, type RetailRow } from './retail-format.ts';

const anyInvoice = fc
  .tuple(fc.constantFrom('', 'C', 'A'), fc.integer({ min: 0, max: 999_999 }))
  .map(([prefix, number]) => prefix + String(number).padStart(6, '0'));

/** Mostly the same few invoices, times and customers, so that lines form runs and runs differ in one thing only. */
const row: fc.Arbitrary<RetailRow> = fc.record({
  invoiceNo: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('536365', '536366') }, anyInvoice),
  stockCode: fc.constantFrom('85123A', '22041', 'POST', 'BANK CHARGES'),
  description: fc.constantFrom('', 'FRAME 7" SINGLE ', 'RED, WHITE', 'Gift Voucher £40.00', '?'),
  quantity: fc.integer({ min: -81_000, max: 81_000 }),
  timeMs: fc
    .oneof({ weight: 4, arbitrary: fc.constantFrom(21_519_866, 21_519_867) }, fc.integer({ min: 0, max: 30_000_000 }))
    .map((minute) => minute * 60_000),
  unitPriceMilli: fc.integer({ min: -12_000_000, max: 39_000_000 }),
  customerId: fc.option(fc.oneof({ weight: 4, arbitrary: fc.constant(17_850) }, fc.integer({ min: 1, max: 99_999 })).map(String), {
    nil: undefined,
  }),
  country: fc.constantFrom('United Kingdom', 'EIRE'),
});

describe('the packed format', () => {
  test('gives back the rows that were packed, in their order', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        expect([...unpackRows(packRows(rows))]).toEqual(rows);
      }),
      { numRuns: 100 },
    );
  });

  test('gives back the CSV text that was read', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
        const text = formatCsv(rows);
        expect(parseCsv(text)).toEqual(rows);
        expect(formatCsv(unpackRows(packRows(parseCsv(text))))).toBe(text);
      }),
      { numRuns: 100 },
    );
  });

  test('refuses an invoice number that it could not give back', () => {
    const odd: RetailRow = {
      invoiceNo: 'X1', stockCode: '1', description: '', quantity: 1, timeMs: 0, unitPriceMilli: 0, customerId: undefined, country: 'EIRE',
    };
    expect(() => packRows([odd])).toThrow(/"X1"/);
  });

  test('says where a CSV file does not fit', () => {
    expect(() => parseCsv('a,b\n')).toThrow(/first line/);
    expect(() => parseCsv(`${formatCsv([])}1,2,3\n`)).toThrow(/Line 2 .* 3 fields/);
  });
});
