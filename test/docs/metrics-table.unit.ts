import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE_METRICS } from '@millrace/pipeline';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../architecture/repository.ts';
import { expectCurrent } from './expect-current.ts';

describe('docs/metrics.md', () => {
  test('has every metric, label value and note as the code has it, and no other', () => {
    expectCurrent('docs/metrics.md');
  });

  test('and the other pages name only metrics that exist', () => {
    const known = new Set<string>(Object.values(ENGINE_METRICS).map(({ name }) => name));
    const named = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).flatMap((page) => [
      ...readFileSync(join(ROOT, page), 'utf8').matchAll(/\bmillrace_[a-z0-9_]+/g),
    ]);
    expect(named.length).toBeGreaterThan(0);
    const stem = (name: string): string => name.replace(/_(bucket|count|sum)$/, '');
    expect(named.map(([name]) => name).filter((name) => !known.has(name) && !known.has(stem(name)))).toEqual([]);
  });
});
