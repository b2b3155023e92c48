import {
  decodeProfile,
  decodeRow,
  decodeUserShardState,
  inspectRow,
  ItemInterner,
  TOP_LISTS,
  TopLists,
} from '@millrace/algorithms';
import { catalogFactsCodec, idOfTimer, itemShardStateCodec } from '@millrace/pipeline';
import { decodeHead } from '@millrace/stream/shard-head';
import { HEAD_KEY, idOfKeyPart, TIMERS_KEY, type ShardId } from '@millrace/stream/state-store';
import { differingFields, type FieldDifference } from './field-differences.ts';

interface ValueKind {
  /** What a person calls the entity behind the key. */
  readonly entity: (id: string) => string;
  readonly decode: (bytes: Buffer) => unknown;
}

const HEAD: ValueKind = { entity: () => 'head of the shard', decode: decodeHead };

/** By shard kind and the part of the key up to the colon. */
const KINDS: Readonly<Record<string, ValueKind>> = {
  'u:p': { entity: (id) => `user ${id}`, decode: decodeProfile },
  'u:s': { entity: () => 'shard state (repeat prior, orders, fold parameters)', decode: decodeUserShardState },
  'i:r': { entity: (id) => `item ${id}`, decode: readRow },
  'i:c': { entity: (id) => `catalog facts of item ${id}`, decode: (bytes) => catalogFactsCodec.decode(bytes, '') },
  'i:t': { entity: () => 'top lists', decode: readTopLists },
  'i:s': { entity: () => 'shard state (sources, fold parameters)', decode: (bytes) => itemShardStateCodec.decode(bytes, '') },
};

/** Whom or what a logical key of a shard is about, in words. */
export function entityOfKey(shard: ShardId, key: string): string {
  if (key === TIMERS_KEY) return 'timers';
  const kind = kindOf(shard, key);
  if (kind === undefined) return 'no entity of Millrace';
  return kind.entity(idOfKeyPart(key.slice(key.indexOf(':') + 1)));
}

/** Whom or what a timer is about: `retention timer of user 42`. */
export function entityOfTimer(shard: ShardId, name: string): string {
  const id = idOfTimer(name);
  const kind = name.slice(id.length + 1);
  return `${kind === '' ? 'unnamed' : kind} timer of ${shard.kind === 'u' ? 'user' : 'item'} ${id}`;
}

/** Where two values of one key part: by field as their decoders see them, by byte where the decoders see no difference. */
export function differingFieldsOf(shard: ShardId, key: string, stored: Buffer, folded: Buffer): FieldDifference[] {
  const decode = kindOf(shard, key)?.decode;
  if (decode === undefined) return [differingByte(stored, folded)];
  let readStored: unknown;
  try {
    readStored = decode(stored);
  } catch (error) {
    // A decoder that meets damage may throw anything; whatever it says tells where the value stops to make sense.
    const why = error instanceof Error ? error.message : String(error);
    return [{ field: '(unreadable)', stored: why, folded: undefined }, differingByte(stored, folded)];
  }
  const fields = differingFields(readStored, decode(folded));
  return fields.length > 0 ? fields : [differingByte(stored, folded)];
}

function kindOf(shard: ShardId, key: string): ValueKind | undefined {
  if (key === HEAD_KEY) return HEAD;
  const name = `${shard.kind}:${key.split(':', 1)[0]}`;
  return Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
}

function differingByte(stored: Buffer, folded: Buffer): FieldDifference {
  const shorter = Math.min(stored.length, folded.length);
  let at = 0;
  while (at < shorter && stored[at] === folded[at]) at++;
  if (at === shorter) return { field: '(length in bytes)', stored: stored.length, folded: folded.length };
  return { field: `(byte ${at})`, stored: hexOf(stored[at]!), folded: hexOf(folded[at]!) };
}

function hexOf(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}

/** Neighbours by id and not by rank, so that one changed count is one difference; then their order, which is state too. */
function readRow(bytes: Buffer): unknown {
  const row = decodeRow(bytes, new ItemInterner());
  const { tables, ...totals } = inspectRow(row);
  const byId = Object.entries(tables).map(([name, neighbours]) => [
    name,
    new Map(neighbours.map(({ item, units }) => [item, units])),
  ]);
  const neighbours = row.ids.map((id) => row.interner.text(id));
  return { ...totals, ...Object.fromEntries(byId), neighbours };
}

function readTopLists(bytes: Buffer): unknown {
  const interner = new ItemInterner();
  const lists = TopLists.decode(bytes, interner);
  const read = TOP_LISTS.map((name) => [name, lists.list(name).map(({ id, value }) => ({ item: interner.text(id), value }))]);
  return { day: lists.day, ...Object.fromEntries(read) };
}
