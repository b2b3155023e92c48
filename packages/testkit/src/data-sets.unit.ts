import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  GROCERIES, RETAILROCKET_TEST, RETAILROCKET_TRAIN, findData, groceriesBaskets, missingData, retailrocketCases, retailrocketSessions,
  rsc15Clicks, rsc15File,
} from './data-sets.ts';

/** A test that runs when the file is there and is skipped, with the reason in its name, when it is not. */
function testWithData(file: string, name: string, run: () => void): void {
  if (findData(file) === undefined) test.skip(`${name} (${missingData(file)})`, run);
  else test(name, run);
}

describe('the published sizes', () => {
  testWithData(RETAILROCKET_TRAIN, 'of the Retailrocket sessions', () => {
    const sessions = retailrocketSessions();
    expect(sessions).toHaveLength(126_168);
    expect(sessions.reduce((sum, items) => sum + items.length, 0)).toBe(685_984);
    expect(new Set(sessions.flat()).size).toBe(36_968);
  });

  testWithData(RETAILROCKET_TEST, 'of the Retailrocket test cases', () => {
    const cases = retailrocketCases();
    expect(cases).toHaveLength(15_132);
    expect(cases[0]).toEqual({ sessionId: '1718489', timeMs: 1_441_940_543_000, prefix: ['16156', '16156'], label: '16156' });
  });

  testWithData(rsc15File('train_full'), 'of RSC15', () => {
    const clicks = rsc15Clicks('train_full');
    expect(clicks).toHaveLength(70_278);
    expect(new Set(clicks.map((click) => click.sessionId)).size).toBe(17_794);
    expect(new Set(clicks.map((click) => click.itemId)).size).toBe(2_933);
    expect(clicks[0]?.timeMs).toBe(1_396_437_466_940);
  });

  testWithData(GROCERIES, 'of Groceries', () => {
    const baskets = groceriesBaskets();
    expect(baskets).toHaveLength(9_835);
    expect(new Set(baskets.flat()).size).toBe(169);
    expect(baskets.reduce((sum, basket) => sum + basket.length, 0)).toBe(43_367);
  });
});

describe('finding a data set', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('looks into MILLRACE_DATA, for the file and for the gzipped file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-data-'));
    try {
      vi.stubEnv('MILLRACE_DATA', folder);
      writeFileSync(join(folder, 'plain.txt'), 'a');
      writeFileSync(join(folder, 'packed.txt.gz'), gzipSync('b'));
      expect(findData('plain.txt')).toBe(join(folder, 'plain.txt'));
      expect(findData('packed.txt')).toBe(join(folder, 'packed.txt.gz'));
      expect(findData('neither.txt')).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('reads a basket as the distinct names in it, without the blanks around them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-data-'));
    try {
      vi.stubEnv('MILLRACE_DATA', folder);
      mkdirSync(join(folder, 'groceries'));
      writeFileSync(join(folder, GROCERIES), 'whole milk , soda,whole milk\nsoda\n');
      expect(groceriesBaskets()).toEqual([['whole milk', 'soda'], ['soda']]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('says what is missing and how to give it', () => {
    vi.stubEnv('MILLRACE_DATA', join(tmpdir(), 'no-such-folder'));
    expect(() => retailrocketSessions()).toThrow(/train_sessions\.txt.*MILLRACE_DATA/);
  });
});
