/** One field that two readings of a value do not agree in. */
export interface FieldDifference {
  /** Path from the value's root: `recents[0].dayWeight`. */
  readonly field: string;
  /** What the store has; undefined where it has no such field. */
  readonly stored: unknown;
  /** What the log folds to; undefined where it gives no such field. */
  readonly folded: unknown;
}

/** Beyond it the value is a different one, and further fields say nothing new. */
const MAX_FIELDS = 20;

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The fields in which two decoded values part, in the order of the first one's fields; at most 20. */
export function differingFields(stored: unknown, folded: unknown): FieldDifference[] {
  const found: FieldDifference[] = [];
  compare('', stored, folded, found);
  return found;
}

function compare(path: string, stored: unknown, folded: unknown, found: FieldDifference[]): void {
  if (found.length >= MAX_FIELDS || Object.is(stored, folded)) return;
  const storedParts = partsOf(stored);
  const foldedParts = partsOf(folded);
  if (storedParts === undefined || foldedParts === undefined || storedParts.kind !== foldedParts.kind) {
    found.push({ field: path === '' ? '(value)' : path, stored: plain(stored), folded: plain(folded) });
    return;
  }
  const names = new Set([...storedParts.parts.keys(), ...foldedParts.parts.keys()]);
  for (const name of names) {
    compare(step(path, name, storedParts.kind), storedParts.parts.get(name), foldedParts.parts.get(name), found);
  }
}

interface Parts {
  readonly kind: 'list' | 'map' | 'object';
  readonly parts: ReadonlyMap<string | number, unknown>;
}

/** What a value consists of; undefined for one that is compared as a whole. */
function partsOf(value: unknown): Parts | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Buffer.isBuffer(value)) return { kind: 'list', parts: new Map([...value].map((byte, i) => [i, byte])) };
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const list = Array.from(value as ArrayLike<unknown>);
    return { kind: 'list', parts: new Map(list.map((element, i) => [i, element])) };
  }
  if (value instanceof Map) return { kind: 'map', parts: value as Map<string, unknown> };
  return { kind: 'object', parts: new Map(Object.entries(value)) };
}

function step(path: string, name: string | number, kind: Parts['kind']): string {
  if (kind === 'list' || typeof name === 'number') return `${path}[${name}]`;
  if (kind === 'map' || !PLAIN_NAME.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

/** The value as JSON can say it, without fields that are undefined. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, plain);
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)].map(([key, part]) => [plain(key), plain(part)]);
  const told = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(told.map(([name, part]) => [name, plain(part)]));
}
