import { DEFAULT_FOLD_PARAMETERS, FOLD_PARAMETER_RANGES, type FoldNote } from '@millrace/algorithms';
import * as events from '@millrace/events';
import { ENGINE_METRICS, ITEM_STREAM_CONFIG, USER_STREAM_CONFIG, type PIPELINE_NOTES } from '@millrace/pipeline';
import { describeConfig, type ConfigRow, type MetricDefinition } from '@millrace/runtime';

/** The tables of `docs/` that are made from the code. `node test/docs/write-tables.ts` puts them into their pages. */
export interface GeneratedTable {
  /** Names the place in the page: `<!-- table: NAME -->` … `<!-- end of table -->`. */
  readonly name: string;
  /** Relative to the root of the repository. */
  readonly page: string;
  readonly make: () => string;
}

export const TABLES: readonly GeneratedTable[] = [
  { name: 'configuration of both streams', page: 'docs/configuration.md', make: () => configTable(describeConfig(ITEM_STREAM_CONFIG)) },
  { name: 'configuration of user-stream', page: 'docs/configuration.md', make: () => configTable(userStreamOnly()) },
  { name: 'metrics', page: 'docs/metrics.md', make: metricsTable },
  { name: 'values of labels', page: 'docs/metrics.md', make: labelsTable },
  { name: 'notes of folding', page: 'docs/metrics.md', make: () => table(['note', 'meaning'], entriesAsCode(FOLD_NOTES)) },
  { name: 'notes of decoding', page: 'docs/metrics.md', make: () => table(['note', 'meaning'], entriesAsCode(DECODING_NOTES)) },
  { name: 'topics', page: 'docs/events.md', make: topicsTable },
  { name: 'limits', page: 'docs/events.md', make: limitsTable },
  { name: 'fold parameters', page: 'docs/events.md', make: foldParametersTable },
];

/** The page with every table of its own as the code has it. @throws Error when a place for one is missing. */
export function withTables(page: string, markdown: string): string {
  return TABLES.filter((table) => table.page === page).reduce((text, { name, make }) => {
    const begin = `<!-- table: ${name} -->`;
    const from = text.indexOf(begin);
    const to = text.indexOf(END, from);
    if (from < 0 || to < 0) throw new Error(`${page} has no place for the table "${name}": add the lines "${begin}" and "${END}".`);
    return `${text.slice(0, from + begin.length)}\n${make()}\n${text.slice(to)}`;
  }, markdown);
}

const END = '<!-- end of table -->';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

function userStreamOnly(): ConfigRow[] {
  return describeConfig(USER_STREAM_CONFIG).filter(({ key }) => !(key in ITEM_STREAM_CONFIG));
}

function configTable(rows: readonly ConfigRow[]): string {
  return table(
    ['key', 'variable', 'default', 'allowed', 'what it does'],
    rows.map((row) => [
      code(row.key),
      code(row.env) + (row.secret ? ` or ${code(`${row.env}_FILE`)}` : ''),
      row.default === undefined ? 'required' : code(row.default),
      row.allowed,
      row.doc,
    ]),
  );
}

function metricsTable(): string {
  return table(
    ['metric', 'type', 'labels', 'what it measures', 'what it tells'],
    Object.values<MetricDefinition>(ENGINE_METRICS).map(({ name, type, labels, help, doc }) => [
      code(name),
      type,
      Object.keys(labels).map(code).join(', '),
      help,
      doc,
    ]),
  );
}

function labelsTable(): string {
  const rows = Object.values<MetricDefinition>(ENGINE_METRICS).flatMap(({ name, labels }) =>
    Object.entries(labels).map(([label, values]) => [
      code(name),
      code(label),
      values === 'shard' ? 'the number of a shard' : values.map(code).join(', '),
    ]),
  );
  return table(['metric', 'label', 'values'], rows);
}

function entriesAsCode(entries: Readonly<Record<string, string>>): string[][] {
  return Object.entries(entries).map(([name, meaning]) => [code(name), meaning]);
}

/** What each note of `millrace_notes_total` means. One without a line here does not compile. */
const FOLD_NOTES: Readonly<Record<FoldNote | (typeof PIPELINE_NOTES)[number], string>> = {
  duplicate: "the event's id was among the user's last ones: nothing was folded",
  'late-evidence': "the event's day was too far behind the shard's clock: profile only, no pairs, no list",
  bot: 'the user had more clicks and orders in an hour than a person makes: no pairs',
  'session-cap': 'the session had all the positions that it may have: no pairs',
  straggler: 'the event is older than the present session by more than a gap: it took no position',
  'item-missing': 'an event that needs an item named none: counted only',
  'no-lines': 'cleaning took every line out of an order or a return: counted as an event only',
  'basket-cap': 'an order had more than 32 distinct items: the first 32 made pairs',
  'attribute-limit': "a customer's attributes or tags went past what a profile keeps: those were left out",
  'no-consent': 'the customer does not want to be personalised: no list',
  erased: 'a customer was erased',
  'user-retired': 'a user was forgotten: not seen for as long as the retention says',
  'item-retired': 'an item was forgotten: no evidence for as long as the retention says',
  'list-too-old': 'an event had been appended longer ago than `lists.maxAgeMs`: no list',
  'list-coalesced': 'while catching up, a newer event of the same user and batch got the list instead',
  'list-empty': 'the ranking found nothing: no list',
  'list-silent': 'the list was the one that the user had been told last: not said again',
  'parameters-set': 'new fold parameters took effect',
  'parameters-old': 'fold parameters came with a version that is not above the present one: ignored',
  'catalog-item': 'a catalog record was taken over',
  'evidence-applied': 'a record of evidence was folded',
  'evidence-duplicate': 'a record of evidence had been folded before: skipped',
  'evidence-late': 'rows that evidence of an older day than their own was added to, aged',
  'neighbours-capped': 'tables of items that reached the hard cap inside a day and were cut back',
};

/** What each note of `millrace_decoding_notes_total` means. One without a line here does not compile. */
const DECODING_NOTES: Readonly<Record<events.NoteName, string>> = {
  'time-clamped': "event time was more than 10 minutes past the record's timestamp and was set back",
  'json-field-unknown': 'a JSON event carried a field that the schema does not have: ignored',
  'channel-unknown': 'a channel that this version does not know counted as web',
  'price-zero': 'a shown price of 0 counted as not known',
  'dwell-capped': 'a dwell time over a day was set to a day',
  'discount-capped': "a discount greater than its line's amount was cut down to it",
  'text-cut': 'text over its limit was cut',
  'text-mended': 'text with half a surrogate pair was mended',
  'fact-dropped': 'an attribute or tag whose name or value cannot be kept was dropped',
  'line-postage': 'an order line with a code for postage was taken out',
  'line-fee': 'an order line with a code for a fee was taken out',
  'line-sample': 'an order line with a code for samples was taken out',
  'line-discount': 'an order line with a code for a discount was taken out',
  'line-manual': 'an order line with a code for a manual correction was taken out',
  'line-voucher': 'an order line with a code for a voucher was taken out',
  'line-no-price': 'an order line without a price, or with price 0, was taken out',
  'line-no-quantity': 'an order line of 0 pieces was taken out',
};

const MEANING_OF_KEY: Readonly<Record<events.TopicKey, string>> = {
  user: 'user',
  item: 'item',
  shard: 'none; the partition is the shard',
  none: 'none',
};

function topicsTable(): string {
  return table(
    ['topic', 'role', 'key', 'partitions', 'schema', 'settings'],
    events.TOPICS.map(({ name, role, key, partitions, schema, configs }) => [
      code(name),
      role,
      MEANING_OF_KEY[key],
      partitions === 'shards' ? 'one a shard' : String(partitions),
      schema === undefined ? '' : `[${schema}.avsc](../schemas/${schema}.avsc)`,
      Object.entries(configs).map(([key_, value]) => code(`${key_}=${value}`)).join(', '),
    ]),
  );
}

/** What happens at each limit of `limits.ts`. A limit without a line here does not compile. */
const LIMITS: Readonly<Record<Extract<keyof typeof events, `MAX_${string}`>, readonly [what: string, beyond: string]>> = {
  MAX_RECORD_BYTES: ['value of a record', 'dead letter `too-large`'],
  MAX_ID_BYTES: ['an id, and the key, in UTF-8 bytes', 'dead letter `id-too-long`'],
  MAX_TIME_MS: ['event time; not negative, whole', 'dead letter `time-invalid`'],
  MAX_AHEAD_CLAMP_MS: ["event time past the record's own timestamp", 'set back to the limit, noted as `time-clamped`'],
  MAX_AHEAD_MS: ["event time past the record's own timestamp", 'dead letter `from-the-future`'],
  MAX_ORDER_LINES: ['lines of an order or a return', 'dead letter `too-many-lines`'],
  MAX_QUANTITY_PIECES: ['pieces in a line or a cart event', 'dead letter `value-out-of-range`'],
  MAX_AMOUNT_UNITS: ['price of a piece, discount, and quantity times price of a line, in whole units of the currency', 'dead letter `value-out-of-range`'],
  MAX_DWELL_MS: ['dwell time', 'set to the limit, noted as `dwell-capped`'],
  MAX_TEXT_UNITS: ['free text: query, referrer, campaign, coupon, country, item name; UTF-16 units', 'cut, noted as `text-cut`'],
  MAX_ITEM_TEXT_UNITS: ['descriptive text of a catalog item; UTF-16 units', 'cut, noted as `text-cut`'],
  MAX_CUSTOMER_FACTS: ['attributes, and tags, of one customer record', 'dead letter `value-out-of-range`'],
  MAX_CATEGORY_LEVELS: ['levels of a category path', 'dead letter `value-out-of-range`'],
  MAX_JSON_DEPTH_LEVELS: ['nesting of a JSON record', 'dead letter `unreadable`'],
};

function limitsTable(): string {
  return table(
    ['limit', 'value', 'of what', 'what lies beyond'],
    Object.entries(LIMITS).map(([name, [what, beyond]]) => [code(name), grouped(events[name as keyof typeof LIMITS]), what, beyond]),
  );
}

/** What each fold parameter means. A parameter without a line here does not compile. */
const FOLD_PARAMETERS: Readonly<Record<keyof typeof FOLD_PARAMETER_RANGES, string>> = {
  sessionGapMs: 'a session ends after this long without an event',
  boughtWindowMs: 'an order counts towards items viewed at most this long before it',
  lateDays: "evidence of a day further behind the shard's clock is noted as `late-evidence` and stays in the profile only",
  pairDecayNumerator: 'at a decay boundary, counts become `floor(count * this / 65536)`',
  pairDecayEveryDays: 'every so many day boundaries is a decay boundary',
  neighboursKept: 'neighbours that a table of an item keeps at a day boundary',
  neighboursCap: 'neighbours that a table of an item may have inside a day',
  duplicateIds: 'event ids that are remembered of a user',
  duplicateWindowMs: 'how long they are remembered',
  botEventsPerHour: 'a user with more clicks and orders in an hour adds no pairs',
  sessionPositions: 'positions that a session may take',
  userRetentionDays: 'a user not seen for so long is forgotten',
  itemRetentionDays: 'an item without evidence for so long is forgotten',
};

function foldParametersTable(): string {
  return table(
    ['parameter', 'default', 'allowed', 'meaning'],
    Object.entries(FOLD_PARAMETERS).map(([name, meaning]) => {
      const [least, greatest] = FOLD_PARAMETER_RANGES[name as keyof typeof FOLD_PARAMETERS];
      return [code(name), grouped(DEFAULT_FOLD_PARAMETERS[name as keyof typeof FOLD_PARAMETERS]), `${grouped(least)} to ${grouped(greatest)}`, meaning];
    }),
  );
}

/** 1,048,576: by hand, because a locale's way of writing depends on the machine. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
