/** What the shop sells, worked out from its invoice lines: names, prices, and categories read off the names. */
import { DEFAULT_ARTICLE_CODES, ruleForCode } from '@millrace/events/article-codes';
import { onlineRetailRows, type RetailRow } from './online-retail.ts';

export interface ShopItem {
  readonly itemId: string;
  readonly name: string;
  /** An id such as 'kitchen', read off the name by a table of key words: the data set itself has no categories. */
  readonly category: string;
  /** The unit price of most of its lines, thousandths of a pound; undefined when it was never sold for money. */
  readonly unitPriceMilli: number | undefined;
}

/** The word that decides, in order: the first row with a word of the name wins. */
const CATEGORY_WORDS: readonly (readonly [string, readonly string[]])[] = [
  ['christmas', ['CHRISTMAS', 'XMAS', 'ADVENT', 'SANTA', 'REINDEER', 'SNOWMAN', 'BAUBLE']],
  ['bags', ['BAG', 'BAGS', 'PURSE', 'SHOPPER', 'TOTE', 'RUCKSACK', 'WALLET']],
  ['lights', ['T-LIGHT', 'LIGHT', 'LIGHTS', 'CANDLE', 'CANDLES', 'LANTERN', 'CANDLESTICK', 'LAMP', 'TEALIGHT', 'INCENSE']],
  ['kitchen', [
    'MUG', 'CUP', 'CUPS', 'TEACUP', 'TEA', 'COFFEE', 'PLATE', 'PLATES', 'BOWL', 'JUG', 'GLASS', 'CAKE', 'CAKESTAND', 'BAKING', 'LUNCH', 'TIN', 'TINS',
    'JAR', 'SPOON', 'CUTLERY', 'APRON', 'NAPKINS', 'TRAY', 'KITCHEN', 'BREAD', 'TEAPOT', 'BOTTLE', 'JELLY', 'RECIPE', 'OVEN', 'COASTER', 'COASTERS',
  ]],
  ['jewellery', ['NECKLACE', 'BRACELET', 'EARRINGS', 'RING', 'BROOCH', 'BANGLE', 'NECKL', 'CHARM', 'KEYRING']],
  ['stationery', [
    'CARD', 'CARDS', 'WRAP', 'PAPER', 'NOTEBOOK', 'PENCIL', 'PENCILS', 'PEN', 'PENS', 'STICKER', 'STICKERS', 'TAPE', 'RIBBON', 'RIBBONS', 'ENVELOPE',
    'STATIONERY', 'JOURNAL', 'CHALKBOARD', 'TISSUES', 'BUNTING', 'GARLAND',
  ]],
  ['toys', [
    'DOLL', 'DOLLY', 'GAME', 'TOY', 'TOYS', 'PUZZLE', 'SOLDIER', 'DOMINOES', 'CHILDRENS', 'PLAYHOUSE', 'SKIPPING', 'PLAYING', 'BALLOONS', 'SPACEBOY', 'DINOSAUR',
  ]],
  ['garden', ['GARDEN', 'PLANT', 'FLOWER', 'PARASOL', 'BIRD', 'HERB', 'WATERING', 'PLANTER']],
  ['textiles', ['CUSHION', 'BLANKET', 'QUILT', 'TOWEL', 'TOWELS', 'THROW', 'MAT', 'DOORMAT', 'RUG', 'WARMER', 'SLIPPERS']],
  ['storage', ['BOX', 'BOXES', 'DRAWER', 'CABINET', 'HOOK', 'HOOKS', 'HANGER', 'HANGERS', 'BASKET', 'STORAGE', 'RACK', 'SHELF', 'CHEST']],
  ['decoration', ['SIGN', 'FRAME', 'CLOCK', 'MIRROR', 'HEART', 'HEARTS', 'DECORATION', 'DECORATIONS', 'VASE', 'HOLDER', 'WREATH', 'ORNAMENT', 'ART', 'DOORSTOP', 'MAGNETS']],
];

/** The category of an item, by its name. 'other' when no word is known. */
export function categoryOf(name: string): string {
  const words = new Set(name.toUpperCase().split(/[^A-Z-]+/));
  const found = CATEGORY_WORDS.find(([, keyWords]) => keyWords.some((word) => words.has(word)));
  return found?.[0] ?? 'other';
}

/** Is it a thing on a shelf, and not a code that the pipeline cleans away (postage, fees, samples, vouchers)? */
export function isArticle(stockCode: string): boolean {
  return ruleForCode(DEFAULT_ARTICLE_CODES, stockCode) === undefined;
}

/** Counts texts or numbers. */
class Tally<K> {
  readonly #counts = new Map<K, number>();

  add(key: K): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** The most frequent of those that are acceptable, the earliest among equals. */
  top(acceptable: (key: K) => boolean): K | undefined {
    let best: K | undefined;
    let most = 0;
    for (const [key, count] of this.#counts) {
      if (count > most && acceptable(key)) [best, most] = [key, count];
    }
    return best;
  }
}

const hasLetters = (text: string): boolean => /\p{L}/u.test(text);

/** The shop writes names in capitals; the notes of its stock keepers ("thrown away", "check?") are in small letters. */
const inCapitals = (text: string): boolean => /[A-Z]{3}/.test(text) && !/[a-z]/.test(text);

/**
 * All stock codes of the shop with name and price, in the order in which they were first seen; also those that are no
 * article, so that every id of the stream has a name.
 *
 * The name is the most frequent description on lines that cost something. Lines at price 0 are adjustments of stock, whose
 * "descriptions" are notes such as "damaged" or "wrong barcode"; they count only for a code that was never sold, and only
 * when they look like a name. A code without any is called by itself.
 */
export function shopItems(rows: Iterable<RetailRow> = onlineRetailRows()): Map<string, ShopItem> {
  const tallies = new Map<string, { sold: Tally<string>; noted: Tally<string>; price: Tally<number> }>();
  for (const row of rows) {
    let tally = tallies.get(row.stockCode);
    if (tally === undefined) {
      tally = { sold: new Tally(), noted: new Tally(), price: new Tally() };
      tallies.set(row.stockCode, tally);
    }
    if (row.unitPriceMilli > 0) {
      tally.price.add(row.unitPriceMilli);
      tally.sold.add(row.description);
    } else {
      tally.noted.add(row.description);
    }
  }
  const items = new Map<string, ShopItem>();
  for (const [itemId, { sold, noted, price }] of tallies) {
    const description = sold.top(hasLetters) ?? noted.top(inCapitals) ?? `ITEM ${itemId}`;
    const name = description.trim().replace(/\s+/g, ' ');
    items.set(itemId, { itemId, name, category: categoryOf(name), unitPriceMilli: price.top(() => true) });
  }
  return items;
}

/** Item id → name, for showing recommendations to people. */
export function describeShop(): Map<string, string> {
  return new Map([...shopItems()].map(([itemId, item]) => [itemId, item.name]));
}
