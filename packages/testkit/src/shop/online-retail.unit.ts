import { describe, expect, test } from 'vitest';
import { onlineRetailInvoices, onlineRetailRows, type RetailRow } from './online-retail.ts';

/** The published profile of the data set; see `data/online-retail/README.md`. */
describe('the packed Online Retail data', () => {
  const rows = [...onlineRetailRows()];
  const distinct = <T>(of: (row: RetailRow) => T): number => new Set(rows.map(of)).size;

  test('has the published numbers of lines, invoices, stock codes, customers and countries', () => {
    expect({
      lines: rows.length,
      invoices: distinct((row) => row.invoiceNo),
      stockCodes: distinct((row) => row.stockCode),
      customers: distinct((row) => row.customerId) - 1,
      countries: distinct((row) => row.country),
      linesWithoutCustomer: rows.filter((row) => row.customerId === undefined).length,
      linesWithoutDescription: rows.filter((row) => row.description === '').length,
      cancelledLines: rows.filter((row) => row.invoiceNo.startsWith('C')).length,
    }).toEqual({
      lines: 541_909,
      invoices: 25_900,
      stockCodes: 4_070,
      customers: 4_372,
      countries: 38,
      linesWithoutCustomer: 135_080,
      linesWithoutDescription: 1_454,
      cancelledLines: 9_288,
    });
  });

  test('has the published numbers after the usual cleaning', () => {
    const clean = rows.filter(
      (row) => row.customerId !== undefined && !row.invoiceNo.startsWith('C') && row.quantity > 0 && row.unitPriceMilli > 0,
    );
    expect({
      lines: clean.length,
      customers: new Set(clean.map((row) => row.customerId)).size,
      invoices: new Set(clean.map((row) => row.invoiceNo)).size,
      items: new Set(clean.map((row) => row.stockCode)).size,
      revenueMilli: clean.reduce((sum, row) => sum + row.quantity * row.unitPriceMilli, 0),
    }).toEqual({ lines: 397_884, customers: 4_338, invoices: 18_532, items: 3_665, revenueMilli: 8_911_407_904 });
  });

  test('keeps every field of the first and of the last line', () => {
    expect(rows[0]).toEqual({
      invoiceNo: '536365',
      stockCode: '85123A',
      description: 'WHITE HANGING HEART T-LIGHT HOLDER',
      quantity: 6,
      timeMs: Date.UTC(2010, 11, 1, 8, 26),
      unitPriceMilli: 2_550,
      customerId: '17850',
      country: 'United Kingdom',
    });
    expect(rows.at(-1)).toEqual({
      invoiceNo: '581587',
      stockCode: '22138',
      description: 'BAKING SET 9 PIECE RETROSPOT ',
      quantity: 3,
      timeMs: Date.UTC(2011, 11, 9, 12, 50),
      unitPriceMilli: 4_950,
      customerId: '12680',
      country: 'France',
    });
  });

  test('gives every invoice once, with all its lines, in the order of time', () => {
    const invoices = [...onlineRetailInvoices(rows)];
    expect(invoices).toHaveLength(25_900);
    expect(new Set(invoices.map((invoice) => invoice.invoiceNo)).size).toBe(25_900);
    expect(invoices.reduce((sum, invoice) => sum + invoice.rows.length, 0)).toBe(541_909);
    expect(invoices.every((invoice, index) => index === 0 || invoices[index - 1]!.timeMs <= invoice.timeMs)).toBe(true);
    // This one goes on after another has begun.
    expect(invoices.find((invoice) => invoice.invoiceNo === '542806')?.rows).toHaveLength(39);
  });
});
