import type { EventEncoder } from '@millrace/events';
import { DEAD_LETTER_HEADERS } from '@millrace/stream/dead-letters';
import type { TailedRecord } from './last-records.ts';

/** Longest part of a dead letter's original value that is shown. */
const VALUE_CHARS = 500;

/** A list, or what its tombstone says, as JSON. */
export function decodeList(encoder: EventEncoder, { key, value, timestampMs, partition, offset }: TailedRecord): Record<string, unknown> {
  const place = { partition, offset, at: new Date(timestampMs).toISOString() };
  if (value === null) return { ...place, user: String(key), erased: true };
  return { ...place, ...encoder.decodeRecommendations(value) };
}

/** One line about a list: for whom, why, the first items with the strongest reason of each. */
export function describeList(list: Record<string, unknown>, shownItems = 3): string {
  const { at, user, placement, erased, cause, items = [] } = list as {
    at: string;
    user: string;
    placement?: string;
    erased?: boolean;
    cause?: { topic: string; partition: number; offset: number };
    items?: readonly { itemId: string; score: number; because: readonly { kind: string; itemId: string | null }[] }[];
  };
  if (erased === true) return `${at} user ${user}: erased`;
  const shown = items.slice(0, shownItems).map(({ itemId, score, because }) => {
    const [reason] = because;
    const why = reason === undefined ? '' : `, ${reason.kind}${reason.itemId === null ? '' : ` ${reason.itemId}`}`;
    return `${itemId} (${score.toPrecision(3)}${why})`;
  });
  const rest = items.length > shown.length ? ` and ${items.length - shown.length} more` : '';
  const place = cause === undefined ? '' : ` after ${cause.topic}/${cause.partition}/${cause.offset}`;
  return `${at} user ${user} ${placement ?? ''}${place}: ${shown.join(' · ')}${rest}`;
}

/** A dead letter as JSON: what was wrong, where it stood, and the beginning of what it said. */
export function decodeDeadLetter({ key, value, headers, partition, offset, timestampMs }: TailedRecord): Record<string, unknown> {
  const header = (name: keyof typeof DEAD_LETTER_HEADERS): string | undefined => headers?.[DEAD_LETTER_HEADERS[name]]?.toString();
  const bytes = value ?? Buffer.alloc(0);
  return {
    partition,
    offset,
    at: new Date(timestampMs).toISOString(),
    id: header('id'),
    reason: header('reason'),
    detail: header('detail'),
    from: `${header('topic')}/${header('partition')}/${header('offset')}`,
    key: key?.toString(),
    bytes: bytes.length,
    // Avro begins with a zero byte; anything else is most likely text that somebody wrote.
    value: bytes[0] === 0 ? { base64: bytes.subarray(0, VALUE_CHARS).toString('base64') } : bytes.toString('utf8', 0, VALUE_CHARS),
  };
}

export function describeDeadLetter(letter: Record<string, unknown>): string {
  const { at, from, reason, detail, bytes, key } = letter;
  return `${String(at)} ${String(from)} ${String(reason)}: ${String(detail)} (${String(bytes)} bytes, key ${String(key)})`;
}
