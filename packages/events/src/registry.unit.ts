import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { EventDecoder } from './decoder.ts';
import { openRegistry, RegistryError } from './registry.ts';
import { loadSchemas, SCHEMA_NAMES, subjectOf } from './schemas.ts';

test('the in-process registry holds every schema under its fixed id', async () => {
  const schemas = loadSchemas();
  const registry = await openRegistry();
  expect(registry.ids).toEqual(schemas.ids);
  for (const { id, text } of schemas.history) expect(await registry.schemaText(id)).toBe(text);
});

test('every subject is BACKWARD_TRANSITIVE', async () => {
  const registry = await openRegistry();
  for (const name of SCHEMA_NAMES) {
    expect(await registry.client.getCompatibility(subjectOf(name))).toBe('BACKWARD_TRANSITIVE');
  }
});

test('topics with a prefix have subjects with it, and the same ids', async () => {
  const registry = await openRegistry({ topicPrefix: 'staging.' });
  expect(registry.ids).toEqual(loadSchemas().ids);
  expect((await registry.client.getLatestSchemaMetadata('staging.clickstream-value')).id).toBe(registry.ids.clickstream);
});

test('an id that the registry does not know stays unknown', async () => {
  const registry = await openRegistry();
  expect(await registry.schemaText(4_711)).toBeUndefined();
  const decoder = new EventDecoder({ partitions: 1, source: registry });
  expect(await decoder.resolveSchema(4_711)).toBe(false);
});

test('a registry that does not answer is named without its password, and may be asked again', async () => {
  const error = await openRegistry({ url: 'http://user:secret@127.0.0.1:1/', maxRetries: 0 }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(RegistryError);
  expect((error as RegistryError).retryable).toBe(true);
  expect((error as RegistryError).message).toContain('127.0.0.1:1');
  expect((error as RegistryError).message).not.toContain('secret');
});

test.each([
  [401, 'Check its user name and password', false],
  [409, 'breaks the compatibility', false],
  [422, 'HTTP 422', false],
  [500, 'HTTP 500', true],
])('an answer of HTTP %i says what to do', async (status, words, retryable) => {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"error_code":1,"message":"no"}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    const { port } = server.address() as AddressInfo;
    const error = await openRegistry({ url: `http://127.0.0.1:${port}`, maxRetries: 0 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RegistryError);
    expect((error as RegistryError).message).toContain(words);
    expect((error as RegistryError).retryable).toBe(retryable);
  } finally {
    server.close();
  }
});
