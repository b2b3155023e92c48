import { expect, test } from 'vitest';
import { serenadeClicks } from './serenade.ts';

test.each([
  { part: 'train', clicks: 113_601, sessions: 23_753 },
  { part: 'test', clicks: 1_233, sessions: 302 },
  { part: 'valid', clicks: 1_451, sessions: 330 },
] as const)('Serenade $part has the clicks and sessions that its source states', ({ part, clicks, sessions }) => {
  const all = serenadeClicks(part);
  expect(all.length).toBe(clicks);
  expect(new Set(all.map(({ sessionId }) => sessionId)).size).toBe(sessions);
  expect(all.every(({ itemId, timeMs }) => /^\d+$/.test(itemId) && timeMs > 1_590_000_000_000)).toBe(true);
});
