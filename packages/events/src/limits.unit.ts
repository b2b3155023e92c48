import { expect, test } from 'vitest';
import { idFault } from './limits.ts';

test.each([
  ['a plain id', '85123A'],
  ['braces and spaces', '{u7} a b'],
  ['a four-byte character', '🛒'],
  ['256 ASCII characters', 'x'.repeat(256)],
  ['64 four-byte characters', '🛒'.repeat(64)],
  ['a name of a property of every object', '__proto__'],
])('%s is an id', (_what, id) => {
  expect(idFault(id)).toBeUndefined();
});

test.each([
  ['nothing', '', 'id-malformed'],
  ['a lone surrogate', 'a\ud800b', 'id-malformed'],
  ['the mark of a broken decoding', 'a\ufffd', 'id-malformed'],
  ['257 ASCII characters', 'x'.repeat(257), 'id-too-long'],
  ['65 four-byte characters', '🛒'.repeat(65), 'id-too-long'],
  ['128 three-byte characters', '漢'.repeat(128), 'id-too-long'],
  ['10 KB', 'x'.repeat(10_240), 'id-too-long'],
])('%s is refused', (_what, id, fault) => {
  expect(idFault(id)).toBe(fault);
});
