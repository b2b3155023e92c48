import type { Append, LogRecord } from './log.ts';

/** Headers that a dead letter carries beside the original ones. */
export const DEAD_LETTER_HEADERS = {
  id: 'millrace-id',
  reason: 'millrace-reason',
  detail: 'millrace-detail',
  topic: 'millrace-topic',
  partition: 'millrace-partition',
  offset: 'millrace-offset',
  timestampMs: 'millrace-timestamp',
  /** Present when the original had no value: an empty value here would be read as a tombstone otherwise. */
  hadNoValue: 'millrace-had-no-value',
} as const;

export interface DeadLetterCause {
  readonly incarnation: Buffer;
  readonly topic: string;
  readonly partition: number;
  readonly reason: string;
  readonly detail: string;
}

/**
 * The record as it came, with what was wrong with it in headers. Its id comes from where it stood, so that a batch that
 * is carried out again makes the same dead letter. Keyed like the original (so that erasing a user finds it), or by its
 * place when it had no key, because the topic is compacted.
 */
export function deadLetter(deadLetters: string, record: LogRecord, cause: DeadLetterCause): Append {
  const { topic, partition, reason, detail } = cause;
  const place = `${topic}.${partition}.${record.offset}`;
  const headers: Record<string, Buffer | string> = Object.create(null) as Record<string, Buffer | string>;
  for (const [name, value] of Object.entries(record.headers ?? {})) headers[name] = value;
  headers[DEAD_LETTER_HEADERS.id] = `${cause.incarnation.toString('hex')}.${place}.dead`;
  headers[DEAD_LETTER_HEADERS.reason] = reason;
  headers[DEAD_LETTER_HEADERS.detail] = detail;
  headers[DEAD_LETTER_HEADERS.topic] = topic;
  headers[DEAD_LETTER_HEADERS.partition] = String(partition);
  headers[DEAD_LETTER_HEADERS.offset] = String(record.offset);
  headers[DEAD_LETTER_HEADERS.timestampMs] = String(record.timestampMs);
  if (record.value === null) headers[DEAD_LETTER_HEADERS.hadNoValue] = 'true';
  const key = record.key !== null && record.key.length > 0 ? record.key : Buffer.from(place);
  return {
    topic: deadLetters,
    partition,
    records: [{ key, value: record.value ?? Buffer.alloc(0), headers }],
  };
}
