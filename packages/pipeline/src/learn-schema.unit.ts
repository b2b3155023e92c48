import { EventDecoder, RegistryError } from '@millrace/events';
import { AlarmError, RetryableError } from '@millrace/stream/errors';
import { expect, test } from 'vitest';
import { learnSchema } from './learn-schema.ts';

const decoderOver = (answer: () => Promise<string | undefined>): EventDecoder =>
  new EventDecoder({ partitions: 1, source: { schemaText: answer } });

test('a registry that does not answer is asked again, one that refuses needs a person', async () => {
  const down = decoderOver(() => Promise.reject(new RegistryError('it does not answer', true)));
  await expect(learnSchema(down, 99)).rejects.toBeInstanceOf(RetryableError);
  const refusing = decoderOver(() => Promise.reject(new RegistryError('wrong password', false)));
  await expect(learnSchema(refusing, 99)).rejects.toBeInstanceOf(AlarmError);
});

test('a schema that nobody knows is not known', async () => {
  expect(await learnSchema(decoderOver(() => Promise.resolve(undefined)), 99)).toBe(false);
});
