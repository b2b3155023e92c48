import { describe, expect, test } from 'vitest';
import { categoryOf, describeShop, isArticle, shopItems } from './catalogue.ts';

const row = (stockCode: string, description: string, unitPriceMilli: number) => ({
  invoiceNo: '536365', stockCode, description, quantity: 1, timeMs: 0, unitPriceMilli, customerId: undefined, country: 'EIRE',
});

describe('the catalogue of the shop', () => {
  test('names every stock code of the data, by what customers were sold', () => {
    const names = describeShop();
    expect(names.size).toBe(4_070);
    expect(names.get('85123A')).toBe('WHITE HANGING HEART T-LIGHT HOLDER');
    expect(names.get('22138')).toBe('BAKING SET 9 PIECE RETROSPOT');
    expect([...names.values()].filter((name) => name.trim() === '' || name.includes('?') || /damage|thrown|wrong/i.test(name))).toEqual([]);
  });

  test('takes the most frequent description of lines that cost something', () => {
    const items = shopItems([
      row('1', 'damaged', 0), row('1', 'damaged', 0), row('1', '  RED  MUG ', 1_250), row('1', 'OLD NAME', 990), row('1', '  RED  MUG ', 1_250),
    ]);
    expect(items.get('1')).toEqual({ itemId: '1', name: 'RED MUG', category: 'kitchen', unitPriceMilli: 1_250 });
  });

  test('believes a note of the stock keepers only when it looks like a name', () => {
    const items = shopItems([row('1', 'check', 0), row('2', 'check', 0), row('2', 'GREEN BAG', 0), row('3', '?', 0)]);
    expect([...items.values()].map((item) => item.name)).toEqual(['ITEM 1', 'GREEN BAG', 'ITEM 3']);
    expect(items.get('2')?.unitPriceMilli).toBeUndefined();
  });

  test('tells articles from postage, fees and vouchers', () => {
    expect(['85123A', '22041', 'DCGS0076', '15056bl'].filter((code) => !isArticle(code))).toEqual([]);
    expect(['POST', 'D', 'M', 'BANK CHARGES', 'gift_0001_40', 'C2'].filter(isArticle)).toEqual([]);
  });

  test('reads a category off whole words of a name', () => {
    expect(categoryOf('JUMBO BAG RED RETROSPOT')).toBe('bags');
    expect(categoryOf('BAGPIPES')).toBe('other');
    expect(categoryOf('white hanging heart t-light holder')).toBe('lights');
  });
});
