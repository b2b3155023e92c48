import { join } from 'node:path';
import { silentLogger } from '@millrace/runtime/logger';
import { connectKafka, type KafkaConnection } from '@millrace/stream/kafka/index';
import { startBreakableProxy, type BreakableProxy } from '@millrace/testkit/network/breakable-proxy';
import { freePorts } from '@millrace/testkit/servers/free-port';
import { startKafka, type LocalKafka } from '@millrace/testkit/servers/local-kafka';

export type BrokerCount = 1 | 3;

/** Kafka for several scenarios one after the other, each under a prefix of its own. */
export interface FaultKafka {
  readonly brokers: BrokerCount;
  readonly kafka: LocalKafka;
  /** The harness's own way to the brokers. */
  readonly connection: KafkaConnection;
  /** Workers that are given this address reach their broker through `proxy` alone; one broker only. */
  readonly proxiedAddress: string | undefined;
  readonly proxy: BreakableProxy | undefined;
  stop(): Promise<void>;
}

/** Workers that died are missed after seconds, not after the six that a broker asks for at least. */
const MIN_SESSION_TIMEOUT_MS = 1_000;

/**
 * One broker with a second listener whose advertised port is a proxy's (whoever enters there never learns of another
 * way in), or three brokers without.
 */
export async function startFaultKafka(dataDir: string, brokers: BrokerCount): Promise<FaultKafka> {
  const [port = 0, behindPort = 0, proxyPort = 0] = await freePorts(3);
  const isProxied = brokers === 1;
  const kafka = await startKafka({
    dataDir: join(dataDir, `kafka-${brokers}`),
    port,
    brokers,
    overrides: (_id, settings) => ({
      'group.min.session.timeout.ms': MIN_SESSION_TIMEOUT_MS,
      ...(isProxied
        ? {
            listeners: `${settings['listeners']},PROXIED://127.0.0.1:${behindPort}`,
            'advertised.listeners': `${settings['advertised.listeners']},PROXIED://127.0.0.1:${proxyPort}`,
            'listener.security.protocol.map': `${settings['listener.security.protocol.map']},PROXIED:PLAINTEXT`,
          }
        : {}),
    }),
  });
  try {
    const proxy = isProxied ? await startBreakableProxy('127.0.0.1', behindPort, proxyPort) : undefined;
    const connection = await connectKafka({
      brokers: kafka.brokers.split(','),
      clientId: 'faults',
      logger: silentLogger,
      requestTimeoutMs: 10_000,
    });
    return {
      brokers,
      kafka,
      connection,
      proxy,
      proxiedAddress: isProxied ? `127.0.0.1:${proxyPort}` : undefined,
      async stop() {
        await connection.close();
        await proxy?.close();
        await kafka.stop();
      },
    };
  } catch (error) {
    await kafka.stop();
    throw error;
  }
}
