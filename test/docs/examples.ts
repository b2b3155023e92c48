import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../architecture/repository.ts';

/** An event that `docs/events.md` shows. */
export interface Example {
  readonly topic: string;
  /** The block as it stands in the page. */
  readonly text: string;
  readonly line: number;
}

/** The blocks that follow `<!-- example: TOPIC -->` (JSON) and `<!-- avro: TOPIC -->` (hexadecimal). */
export function examplesOf(kind: 'example' | 'avro', page = 'docs/events.md'): Example[] {
  const markdown = readFileSync(join(ROOT, page), 'utf8');
  const blocks = markdown.matchAll(new RegExp(`<!-- ${kind}: ([a-z-]+) -->\\n\`\`\`(?:json|hex)\\n([\\s\\S]*?)\`\`\``, 'g'));
  return [...blocks].map((match) => ({
    topic: match[1] ?? '',
    text: match[2] ?? '',
    line: markdown.slice(0, match.index).split('\n').length,
  }));
}

/** The key that the page says a record of the topic has; null on `control`. */
export function keyOf(topic: string, event: Readonly<Record<string, unknown>>): string | null {
  if (topic === 'control') return null;
  const key = topic === 'catalog' ? event['itemId'] : (event['userId'] ?? event['visitorId']);
  return typeof key === 'string' ? key : null;
}
