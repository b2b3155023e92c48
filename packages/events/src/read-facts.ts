/** What is not a click or an order: customers, catalogue, control. */
import type { RecordContext } from './checks.ts';
import { checkId, checkKey, checkOptionalId, checkText, checkTime, checkWhole, Refusal } from './checks.ts';
import { idFault, MAX_CATEGORY_LEVELS, MAX_CUSTOMER_FACTS, MAX_ITEM_TEXT_UNITS } from './limits.ts';
import { readShownPrice } from './read-click.ts';
import type { OnNote } from './notes.ts';
import type { CatalogEvent, ControlEvent, CustomerEvent, EraseEvent } from './types.ts';
import type { WireCatalogItem, WireControl, WireCustomer } from './wire.ts';

/** Allowed range of each fold parameter by name, both ends included. */
export type ParameterRanges = Readonly<Record<string, readonly [number, number]>>;

/** Checks and normalises one record of `customers` that has a value. @throws Refusal */
export function readCustomer(wire: WireCustomer, context: RecordContext): CustomerEvent | EraseEvent {
  const base = {
    eventId: checkId(wire.eventId, 'eventId'),
    timeMs: checkTime(wire.timeMs, context),
    user: checkId(wire.userId, 'userId'),
    known: true,
  };
  checkKey(base.user, context);
  if (wire.erase === true) return { type: 'erase', ...base };
  return {
    type: 'customer',
    ...base,
    attributes: readAttributes(wire.attributes ?? {}, context.note),
    tags: wire.tags === null || wire.tags === undefined ? undefined : readTags(wire.tags, context.note),
    consent: wire.consent ?? undefined,
  };
}

/** A record of `customers` without a value erases whom its key names. @throws Refusal */
export function readTombstone(context: RecordContext): EraseEvent {
  const { key, timestampMs } = context;
  if (key === null || key.length === 0) throw new Refusal('missing-key', 'key: missing');
  const user = checkId(key.toString('utf8'), 'key');
  checkKey(user, context);
  // It has no id of its own; one follows from what the log says about it, so that a replay finds the same.
  return { type: 'erase', eventId: `tombstone:${timestampMs}`, timeMs: timestampMs, user, known: true };
}

function readAttributes(wire: Readonly<Record<string, string>>, note: OnNote): ReadonlyMap<string, string> {
  const names = Object.keys(wire);
  if (names.length > MAX_CUSTOMER_FACTS) throw new Refusal('value-out-of-range', `attributes: over ${MAX_CUSTOMER_FACTS}`);
  const attributes = new Map<string, string>();
  for (const name of names) {
    const value = wire[name]!;
    if (isFact(name) && (value === '' || isFact(value))) attributes.set(name, value);
    else note('fact-dropped');
  }
  return attributes;
}

function readTags(wire: readonly string[], note: OnNote): readonly string[] {
  if (wire.length > MAX_CUSTOMER_FACTS) throw new Refusal('value-out-of-range', `tags: over ${MAX_CUSTOMER_FACTS}`);
  const tags = wire.filter(isFact);
  for (let dropped = wire.length - tags.length; dropped > 0; dropped--) note('fact-dropped');
  return [...new Set(tags)];
}

/** `__proto__` is no name for a fact: whoever shows facts as an object's properties must not be caught by it. */
function isFact(text: string): boolean {
  return idFault(text) === undefined && text !== '__proto__';
}

/** Checks and normalises one record of `catalog`. @throws Refusal */
export function readCatalogItem(wire: WireCatalogItem, context: RecordContext): CatalogEvent {
  const itemId = checkId(wire.itemId, 'itemId');
  const categoryPath = wire.categoryPath ?? [];
  if (categoryPath.length > MAX_CATEGORY_LEVELS) {
    throw new Refusal('value-out-of-range', `categoryPath: over ${MAX_CATEGORY_LEVELS} levels`);
  }
  const event: CatalogEvent = {
    type: 'catalog',
    timeMs: checkTime(wire.timeMs, context),
    itemId,
    // A name that says nothing shows the id instead.
    name: checkText(wire.name, context.note) ?? itemId,
    text: checkText(wire.text, context.note, MAX_ITEM_TEXT_UNITS),
    categoryPath: categoryPath.map((category) => checkId(category, 'categoryPath')),
    brand: checkOptionalId(wire.brand, 'brand'),
    priceMinor: readShownPrice(wire.price, context.note),
    currency: checkOptionalId(wire.currency, 'currency'),
    available: wire.available ?? true,
  };
  checkKey(itemId, context);
  return event;
}

/** Checks and normalises one record of `control`, which has no key: every partition holds a copy. @throws Refusal */
export function readControl(wire: WireControl, context: RecordContext, ranges: ParameterRanges): ControlEvent {
  const timeMs = checkTime(wire.timeMs, context);
  if (wire.kind === 'tick') return { type: 'tick', timeMs };
  if (wire.kind !== 'fold_parameters') throw new Refusal('schema-violation', 'kind: not known to this version');
  const parameters = wire.foldParameters;
  if (parameters === null || parameters === undefined) {
    throw new Refusal('schema-violation', 'foldParameters: missing, and needed for fold_parameters');
  }
  const version = checkWhole(parameters.version, 'foldParameters.version', 1, 2_147_483_647);
  return { type: 'fold-parameters', timeMs, version, values: readParameters(parameters.values ?? {}, ranges) };
}

function readParameters(wire: Readonly<Record<string, number>>, ranges: ParameterRanges): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [name, value] of Object.entries(wire)) {
    const range = Object.hasOwn(ranges, name) ? ranges[name] : undefined;
    if (range === undefined) {
      throw new Refusal('schema-violation', 'foldParameters.values: a name that is no fold parameter');
    }
    values[name] = checkWhole(value, `foldParameters.values.${name}`, range[0], range[1]);
  }
  return values;
}
