import type { Client, Compatibility } from '@confluentinc/schemaregistry/dist/schemaregistry-client.js';
import type { SchemaSource } from './decoder.ts';
import type { SchemaIds, SchemaName, SchemaSet } from './schemas.ts';
import { forEachSchema, loadSchemas, SCHEMA_NAMES, subjectOf } from './schemas.ts';

/**
 * The registry could not be used. `retryable` says whether asking again later may help (it did not answer, or was
 * overloaded), or somebody has to change something first.
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean) {
    super(message);
    this.retryable = retryable;
  }
}

export interface RegistryOptions {
  /** Base URL of a schema registry with Confluent's API. Without one, an in-process registry with fixed ids. */
  readonly url?: string | undefined;
  readonly basicAuth?: { readonly username: string; readonly password: string } | undefined;
  /** Prefix of the topics, and so of the subjects. */
  readonly topicPrefix?: string | undefined;
  /** Default: `schemas/` of this repository. */
  readonly schemasDirectory?: string | undefined;
  /** How long one request may take. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** How often a request is repeated when there was no answer. Default 3. */
  readonly maxRetries?: number | undefined;
}

/** A registry in which all our schemas stand. */
export interface Registry extends SchemaSource {
  /** The ids of our present schemas here: for the encoder. */
  readonly ids: SchemaIds;
  /** Ids and texts that are known without asking: for the decoder. */
  readonly writers: ReadonlyMap<number, string>;
  /** The library's own client, for its serializers and for tools. */
  readonly client: Client;
  close(): void;
}

const MOCK_URL = 'mock://millrace';

/**
 * Opens the registry and makes sure that all our schemas stand in it, with compatibility BACKWARD_TRANSITIVE.
 *
 * Without a URL the library's in-process registry is filled from `schemas/history`. It deals ids in the order in which
 * schemas are registered, from 1 on, so `schemas/ids.json` numbers them the same way; that makes them fixed, and an
 * app can write Avro without any registry.
 *
 * @throws RegistryError when the registry does not answer, refuses us, or refuses a schema.
 */
export async function openRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const schemas = loadSchemas(options.schemasDirectory);
  // The library's entrance loads every cloud's key management with it: its client alone takes a quarter of the time.
  const library = await import('@confluentinc/schemaregistry/dist/schemaregistry-client.js');
  const { basicAuth, url } = options;
  const client = library.SchemaRegistryClient.newClient({
    baseURLs: [url ?? MOCK_URL],
    maxRetries: options.maxRetries ?? 3,
    createAxiosDefaults: { timeout: options.timeoutMs ?? 10_000 },
    ...(basicAuth === undefined
      ? {}
      : {
          basicAuthCredentials: {
            credentialsSource: 'USER_INFO',
            userInfo: `${basicAuth.username}:${basicAuth.password}`,
          },
        }),
  });
  const level = library.Compatibility.BACKWARD_TRANSITIVE;
  const access = new RegistryAccess(client, url ?? MOCK_URL);
  const prefix = options.topicPrefix ?? '';
  return url === undefined ? fillMock(access, schemas, prefix, level) : registerAll(access, schemas, prefix, level);
}

async function fillMock(access: RegistryAccess, schemas: SchemaSet, prefix: string, level: Compatibility): Promise<Registry> {
  for (const { schema, subject, version, id, text } of schemas.history) {
    const given = await access.register(subjectOf(schema, prefix), text);
    if (given !== id) {
      throw new RegistryError(
        `schemas/ids.json gives version ${version} of ${subject} the id ${id}, but the in-process registry deals ${given}: ids must be 1, 2, 3, … without a gap.`,
        false,
      );
    }
  }
  for (const name of SCHEMA_NAMES) await access.setCompatibility(subjectOf(name, prefix), level);
  const writers = new Map(schemas.history.map(({ id, text }) => [id, text]));
  return access.registry(schemas.ids, writers);
}

async function registerAll(access: RegistryAccess, schemas: SchemaSet, prefix: string, level: Compatibility): Promise<Registry> {
  const ids: Partial<Record<SchemaName, number>> = {};
  const writers = new Map<number, string>();
  for (const name of SCHEMA_NAMES) {
    const subject = subjectOf(name, prefix);
    const id = await access.register(subject, schemas.texts[name]);
    // After the first version, because some registries know no settings of a subject without one.
    await access.setCompatibility(subject, level);
    ids[name] = id;
    writers.set(id, schemas.texts[name]);
  }
  return access.registry(forEachSchema((name) => ids[name]!), writers);
}

/** The library's client with errors that say what was wrong, where, and what to do. */
class RegistryAccess {
  readonly #client: Client;
  readonly #url: string;

  constructor(client: Client, url: string) {
    this.#client = client;
    this.#url = withoutCredentials(url);
  }

  async register(subject: string, schema: string): Promise<number> {
    return this.#ask(`register a schema under ${subject}`, () =>
      this.#client.register(subject, { schemaType: 'AVRO', schema }, false),
    );
  }

  async setCompatibility(subject: string, level: Compatibility): Promise<void> {
    await this.#ask(`set the compatibility of ${subject}`, () => this.#client.updateCompatibility(subject, level));
  }

  registry(ids: SchemaIds, writers: ReadonlyMap<number, string>): Registry {
    return {
      ids,
      writers,
      client: this.#client,
      schemaText: (id) => this.#schemaText(id),
      close: () => this.#client.close(),
    };
  }

  async #schemaText(id: number): Promise<string | null | undefined> {
    const found = await this.#ask(`fetch the schema with id ${id}`, async () => {
      try {
        return await this.#client.getBySubjectAndId('', id);
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
    if (found === undefined) return undefined;
    if (found.schemaType !== undefined && found.schemaType !== 'AVRO') return null;
    if (found.references !== undefined && found.references.length > 0) {
      throw new RegistryError(
        `The schema with id ${id} refers to others, which is not supported. Register it in one piece, and send the records again with that id.`,
        false,
      );
    }
    return found.schema;
  }

  async #ask<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw describe(error, `The schema registry at ${this.#url} could not ${what}`);
    }
  }
}

/** The library's error is not kept as a cause: it carries the request, and with it the password. */
function describe(error: unknown, what: string): RegistryError {
  const status = statusOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (status === undefined) {
    return new RegistryError(`${what}: no answer (${message}). Is the address right, and the registry up?`, true);
  }
  if (status === 401 || status === 403) {
    return new RegistryError(`${what}: access refused (HTTP ${status}). Check its user name and password.`, false);
  }
  if (status === 409) {
    return new RegistryError(
      `${what}: it breaks the compatibility of the versions that are there (HTTP 409). Was the subject written by another system? Give the topics a prefix, or remove the foreign versions.`,
      false,
    );
  }
  return new RegistryError(`${what}: HTTP ${status} (${message}).`, status >= 500 || status === 429);
}

/** The HTTP status in an error of the library's, if there was an answer at all. */
function statusOf(error: unknown): number | undefined {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === 'number' ? status : undefined;
}

function withoutCredentials(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.username = '';
    parsed.password = '';
    return parsed.href;
  } catch {
    return '(no valid URL)';
  }
}
