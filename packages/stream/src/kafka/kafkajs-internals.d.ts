/**
 * The part of kafkajs 2.2.4 that is not public and that the data path stands on: a socket with TLS, SASL, version
 * negotiation, correlation and time-outs. Written by hand from its source; the version is pinned exactly.
 */

declare module 'kafkajs/src/network/connectionPool.js' {
  import type { KafkaJsLogger } from 'kafkajs/src/loggers/index.js';

  export interface ConnectionOptions {
    host: string;
    port: number;
    rack: string | null;
    clientId: string;
    logger: KafkaJsLogger;
    socketFactory: import('kafkajs').ISocketFactory;
    connectionTimeout: number;
    requestTimeout: number;
    enforceRequestTimeout: boolean;
    maxInFlightRequests: number | null;
    ssl?: unknown;
    sasl?: unknown;
  }

  export interface Connection {
    readonly socket?: import('node:net').Socket;
    send<T>(exchange: {
      request: { apiKey: number; apiName: string; apiVersion: number; encode: () => unknown };
      response: { decode: (payload: Buffer) => T; parse: (decoded: T) => T };
      requestTimeout: number;
      logResponseError: boolean;
    }): Promise<T>;
    rejectRequests(error: Error): void;
  }

  export default class ConnectionPool {
    constructor(options: ConnectionOptions);
    /** Two connections that open when first used; `[0]` is the one that `Broker.connect` opens and authenticates. */
    readonly pool: readonly [Connection, Connection];
  }
}

declare module 'kafkajs/src/broker/index.js' {
  import type ConnectionPool from 'kafkajs/src/network/connectionPool.js';
  import type { KafkaJsLogger } from 'kafkajs/src/loggers/index.js';

  export default class Broker {
    constructor(options: { connectionPool: ConnectionPool; logger: KafkaJsLogger; authenticationTimeout?: number });
    readonly versions: Readonly<Record<number, { minVersion: number; maxVersion: number } | undefined>> | null;
    isConnected(): boolean;
    connect(): Promise<void>;
    disconnect(): Promise<void>;
  }
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests(): void;
  }
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    constructor(initialSize?: number);
    writeBufferInternal(bytes: Buffer): void;
  }
}

declare module 'kafkajs/src/loggers/index.js' {
  import type { logCreator, logLevel } from 'kafkajs';

  export interface KafkaJsLogger {
    namespace(name: string): KafkaJsLogger;
  }

  const loggers: { createLogger(options: { level: logLevel; logCreator: logCreator }): KafkaJsLogger };
  export default loggers;
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export default class Decoder {
    constructor(bytes: Buffer);
  }
}

declare module 'kafkajs/src/protocol/recordBatch/v0/decoder.js' {
  import type Decoder from 'kafkajs/src/protocol/decoder.js';

  export default function decodeRecordBatch(
    decoder: Decoder,
  ): Promise<{ records: { timestamp: string; value: Buffer | null }[] }>;
}
