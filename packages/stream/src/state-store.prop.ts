import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idOfKeyPart, keyPart } from './state-store.ts';

const anyId = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('{', '}', '%', '7', 'b', ' ', '\0', 'é', '🛒') }));

describe('an id in a key', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(anyId, (id) => {
        expect(idOfKeyPart(keyPart(id))).toBe(id);
      }),
    );
  });

  test('holds nothing that could break a hash tag, a line of a log or a shell word', () => {
    fc.assert(
      fc.property(anyId, (id) => {
        expect(keyPart(id)).not.toMatch(/[\u0000-\u0020{}\u007f]/);
      }),
    );
  });

  test('stays readable where it can', () => {
    expect(keyPart('ann:7.b-2_C')).toBe('ann:7.b-2_C');
    expect(keyPart('дмитрий')).toBe('дмитрий');
    expect(keyPart('{u7} 100%')).toBe('%7bu7%7d%20100%25');
  });
});
