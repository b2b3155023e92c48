import { FOLD_PARAMETER_RANGES } from '@millrace/algorithms';
import {
  EventDecoder,
  EventEncoder,
  loadSchemas,
  openRegistry,
  schemaPrefix,
  topicOnBroker,
  type OnNote,
  type Registry,
} from '@millrace/events';
import { JournalCodec } from '@millrace/stream/journal';
import type { ItemTopics } from '../item/item-stream.ts';
import type { UserTopics } from '../user/user-stream.ts';

/** Everything that turns bytes of the wire into events and back, for one pipeline. */
export interface WireTools {
  readonly registry: Registry;
  readonly decoder: EventDecoder;
  readonly encoder: EventEncoder;
  readonly journalCodec: JournalCodec;
  readonly evidencePrefix: Buffer;
  readonly topics: UserTopics & ItemTopics;
}

export interface WireOptions {
  readonly registryUrl?: string | undefined;
  readonly registryAuth?: { readonly username: string; readonly password: string } | undefined;
  readonly topicPrefix: string;
  readonly shards: number;
  readonly onNote?: OnNote | undefined;
}

/** Opens the registry and makes the codecs by its ids. @throws RegistryError */
export async function openWireTools(options: WireOptions): Promise<WireTools> {
  const { registryUrl: url, registryAuth: basicAuth, topicPrefix, shards, onNote } = options;
  const registry = await openRegistry({ url, basicAuth, topicPrefix });
  const schemas = loadSchemas();
  const decoder = new EventDecoder({
    partitions: shards,
    topicPrefix,
    schemas,
    writers: registry.writers,
    source: registry,
    foldParameterRanges: FOLD_PARAMETER_RANGES,
    onNote,
  });
  return {
    registry,
    decoder,
    encoder: new EventEncoder({ schemas, ids: registry.ids }),
    journalCodec: new JournalCodec(registry.ids['journal-entry']),
    evidencePrefix: schemaPrefix(registry.ids['item-evidence']),
    topics: topicNames(topicPrefix),
  };
}

/** Names on the broker of every topic that the two streams touch. */
export function topicNames(prefix: string): UserTopics & ItemTopics {
  return {
    customers: topicOnBroker('customers', prefix),
    clickstream: topicOnBroker('clickstream', prefix),
    purchases: topicOnBroker('purchases', prefix),
    control: topicOnBroker('control', prefix),
    journal: topicOnBroker('user-journal', prefix),
    itemEvidence: topicOnBroker('item-evidence', prefix),
    recommendations: topicOnBroker('recommendations', prefix),
    deadLetters: topicOnBroker('dead-letters', prefix),
    catalog: topicOnBroker('catalog', prefix),
  };
}
