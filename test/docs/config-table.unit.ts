import { describe, test } from 'vitest';
import { expectCurrent } from './expect-current.ts';

describe('docs/configuration.md', () => {
  test('has every key of both streams as the code has it, and no other', () => {
    expectCurrent('docs/configuration.md');
  });
});
