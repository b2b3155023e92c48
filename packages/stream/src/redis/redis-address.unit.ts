import { describe, expect, test } from 'vitest';
import { describeAddress, parseRedisAddress } from './redis-address.ts';

describe('an address of Redis', () => {
  test.each([
    ['redis://localhost', { nodes: [{ host: 'localhost', port: 6379 }], database: 0, tls: false, cluster: false }],
    ['redis://localhost:7000/3', { nodes: [{ host: 'localhost', port: 7000 }], database: 3 }],
    ['redis://[::1]:7000', { nodes: [{ host: '::1', port: 7000 }] }],
    ['rediss://cache.example:6380', { tls: true, cluster: false }],
    ['redis://me:p%40ss%3A@h', { username: 'me', password: 'p@ss:' }],
    ['redis://:only-password@h', { username: undefined, password: 'only-password' }],
    ['redis-cluster://a:1,b:2,c', { cluster: true, tls: false, nodes: [{ host: 'a', port: 1 }, { host: 'b', port: 2 }, { host: 'c', port: 6379 }] }],
    ['rediss-cluster://me:secret@a:1,b:2', { cluster: true, tls: true, username: 'me', password: 'secret' }],
  ])('%s', (text, expected) => {
    expect(parseRedisAddress(text)).toMatchObject(expected);
  });

  test.each([
    ['localhost:6379', 'must have one of these forms'],
    ['http://localhost', 'must have one of these forms'],
    ['redis://', 'must have one of these forms'],
    ['redis://h/x', 'must have one of these forms'],
    ['redis://h:0', 'port from 1 to 65535'],
    ['redis://h:65536', 'port from 1 to 65535'],
    ['redis://a,b', 'redis-cluster://a,b'],
    ['redis-cluster://a/1', 'only database 0'],
    ['redis://secret@h', 'needs a password'],
  ])('%s is refused with what is wrong', (text, message) => {
    expect(() => parseRedisAddress(text)).toThrow(message);
  });

  test('is described and refused without its secrets', () => {
    expect(describeAddress(parseRedisAddress('redis-cluster://me:secret@a:1,b:2'))).toBe('a:1,b:2');
    for (const text of ['redis://me:secret@h:99999', 'redis://me:secret@a,b', 'http://me:secret@h']) {
      expect(() => parseRedisAddress(text)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('secret') }));
    }
  });
});
