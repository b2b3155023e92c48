import { FOLD_PARAMETER_RANGES } from '@millrace/algorithms';
import {
  CLICK_KINDS,
  DEAD_LETTER_REASONS,
  DEFAULT_ARTICLE_CODES,
  EventDecoder,
  partitionOf,
  type AnyEvent,
  type DecodeOutcome,
  type NoteName,
} from '@millrace/events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEAD_LETTER_HEADERS } from '@millrace/stream/dead-letters';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../architecture/repository.ts';
import { examplesOf, keyOf } from './examples.ts';
import { expectCurrent } from './expect-current.ts';

const SHARDS = 8;
const page = readFileSync(join(ROOT, 'docs/events.md'), 'utf8');

/** Decodes as a stream does: the record's partition follows from its key, the broker took it when it happened. */
function decode(topic: string, event: Readonly<Record<string, unknown>>, value: Buffer): { outcome: DecodeOutcome<AnyEvent>; notes: NoteName[] } {
  const notes: NoteName[] = [];
  const decoder = new EventDecoder({ partitions: SHARDS, foldParameterRanges: FOLD_PARAMETER_RANGES, onNote: (note) => notes.push(note) });
  const key = keyOf(topic, event);
  const record = { key: key === null ? null : Buffer.from(key), value, timestampMs: Number(event['timeMs']) };
  return { outcome: decoder.decode(topic, record, key === null ? 0 : partitionOf(key, SHARDS)), notes };
}

function section(title: string): string {
  const from = page.indexOf(`\n## ${title}\n`);
  expect(from, `docs/events.md has no section "${title}"`).toBeGreaterThan(0);
  const to = page.indexOf('\n## ', from + 1);
  return page.slice(from, to < 0 ? undefined : to);
}

/** What stands in backquotes in the first column of the tables of a section. */
function firstColumn(title: string): string[] {
  return [...section(title).matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));
}

const examples = examplesOf('example');

describe('the JSON examples of docs/events.md', () => {
  test('cover every input topic', () => {
    expect([...new Set(examples.map(({ topic }) => topic))].sort()).toEqual(['catalog', 'clickstream', 'control', 'customers', 'purchases']);
  });

  test.each(examples)('$topic, line $line: is an event, and nothing about it had to be mended', ({ topic, text }) => {
    const { outcome, notes } = decode(topic, JSON.parse(text) as Record<string, unknown>, Buffer.from(text));
    expect(outcome).toMatchObject({ kind: 'event' });
    expect(notes).toEqual([]);
  });
});

test('the Avro example of docs/events.md is the first JSON example', () => {
  const [avro] = examplesOf('avro');
  const first = examples.find(({ topic }) => topic === 'clickstream')!;
  const event = JSON.parse(first.text) as Record<string, unknown>;
  const bytes = Buffer.from(avro!.text.replace(/\s+/g, ''), 'hex');
  expect(decode('clickstream', event, bytes)).toEqual(decode('clickstream', event, Buffer.from(first.text)));
});

describe('docs/events.md names', () => {
  test('every kind of click', () => {
    for (const kind of CLICK_KINDS) expect(section('JSON')).toContain(`\`${kind}\``);
  });

  test('every dead-letter reason and header, and no other', () => {
    const named = firstColumn('Dead letters');
    expect(named.sort()).toEqual([...DEAD_LETTER_REASONS, ...Object.values(DEAD_LETTER_HEADERS)].sort());
  });

  test('every item code that is cleaned', () => {
    const { codes, prefixes } = DEFAULT_ARTICLE_CODES;
    const named = firstColumn('Lines that are taken out');
    expect(named.sort()).toEqual([...codes.keys(), ...prefixes.map(([prefix]) => prefix)].sort());
  });
});

test('the tables of docs/events.md that are made from the code are current', () => {
  expectCurrent('docs/events.md');
});
