import { connect } from 'node:net';

/** What a broker says about its cluster. */
export interface ClusterMetadata {
  readonly brokerIds: readonly number[];
  /** The broker that takes administrative requests; −1 while there is none. */
  readonly controllerId: number;
}

const metadataApiKey = 3;
const metadataVersion = 1;

/** A Metadata request (version 1) for no topic at all, with its length in front. */
function metadataRequest(): Buffer {
  const request = Buffer.alloc(4 + 14);
  request.writeInt32BE(14, 0);
  request.writeInt16BE(metadataApiKey, 4);
  request.writeInt16BE(metadataVersion, 6);
  request.writeInt32BE(1, 8); // correlation id
  request.writeInt16BE(-1, 12); // client id: null
  request.writeInt32BE(0, 14); // topics: an empty array, which means none
  return request;
}

function parseMetadata(response: Buffer): ClusterMetadata {
  let offset = 8; // length and correlation id
  const brokerIds: number[] = [];
  const skipString = (): void => {
    offset += 2 + Math.max(0, response.readInt16BE(offset));
  };
  const brokers = response.readInt32BE(offset);
  offset += 4;
  for (let index = 0; index < brokers; index += 1) {
    brokerIds.push(response.readInt32BE(offset));
    offset += 4;
    skipString(); // host
    offset += 4; // port
    skipString(); // rack
  }
  return { brokerIds, controllerId: response.readInt32BE(offset) };
}

/**
 * Asks the broker at a port (of the loopback interface by default) who is in its cluster; `undefined` when it does not answer within a
 * second. Written on the bare protocol (KIP-4, Metadata version 1), because a client library would retry, log and cache
 * where a start-up check wants one honest answer.
 */
export function probeKafka(port: number, host = '127.0.0.1'): Promise<ClusterMetadata | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const chunks: Buffer[] = [];
    const finish = (answer: ClusterMetadata | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => finish(undefined));
    socket.once('error', () => finish(undefined));
    socket.once('close', () => finish(undefined));
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const response = Buffer.concat(chunks);
      if (response.length < 4 || response.length < 4 + response.readInt32BE(0)) return;
      try {
        finish(parseMetadata(response));
      } catch {
        // Not a Kafka broker at all.
        finish(undefined);
      }
    });
  });
}
