import { RegistryError, type EventDecoder } from '@millrace/events';
import { AlarmError, RetryableError } from '@millrace/stream/errors';

/**
 * Asks the registry for a schema that a record names, in the engine's terms.
 *
 * @throws RetryableError when the registry does not answer, AlarmError when it refuses
 */
export async function learnSchema(decoder: EventDecoder, schemaId: number): Promise<boolean> {
  try {
    return await decoder.resolveSchema(schemaId);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    if (error.retryable) throw new RetryableError('registry', error.message, { cause: error });
    throw new AlarmError('schema-registry', error.message, { cause: error });
  }
}
