import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommandLine } from '@millrace/cli/run-command-line';
import { pipelineTopics } from '@millrace/pipeline';
import { silentLogger } from '@millrace/runtime/logger';
import { connectKafka, createTopics, KafkaLog, type KafkaConnection } from '@millrace/stream/kafka/index';
import { withAdmin } from '@millrace/stream/kafka/kafka-connection';
import { startService, waitUntilServiceReady, type ServiceName, type ServiceProcess } from '@millrace/testkit/pipeline/index';
import { findExecutable, findJava } from '@millrace/testkit/servers/find-executable';
import { freePort, freePorts } from '@millrace/testkit/servers/free-port';
import { minimumJavaVersion } from '@millrace/testkit/servers/kafka-jars';
import { startKafka, type LocalKafka } from '@millrace/testkit/servers/local-kafka';
import { startRedis, type LocalRedis } from '@millrace/testkit/servers/local-redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifestsOf } from './deployment-files.ts';

interface UserSpec {
  readonly authorization: { readonly acls: { readonly resource: { readonly type: 'topic' | 'group'; readonly name: string }; readonly operations: string[] }[] };
}

const SHARDS = 2;
const PASSWORD = 'only-for-this-test';
const GIVE_UP_AFTER_MS = 60_000;
/** Numbers of Kafka's protocol. */
const RESOURCES = { topic: 2, group: 3 } as const;
const OPERATIONS: Readonly<Record<string, number>> = { Read: 3, Write: 4, Describe: 8, DescribeConfigs: 10 };
const LITERAL = 3;
const ALLOW = 3;

const users = manifestsOf('KafkaUser').map(({ metadata, spec }) => ({ name: metadata!.name, acls: (spec as unknown as UserSpec).authorization.acls }));
const missing =
  findJava(minimumJavaVersion) === undefined ? `Java ${minimumJavaVersion} is not installed`
  : findExecutable('redis-server') === undefined ? 'redis-server is not installed'
  : undefined;

/** Kafka asks for a login here and knows no rights but those of k8s/kafka/users.yaml. */
describe.skipIf(missing !== undefined)(`the rights of k8s/kafka/users.yaml${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-rights-'));
  const services: ServiceProcess[] = [];
  let kafka: LocalKafka;
  let redis: LocalRedis;
  let owner: KafkaConnection;
  let log: KafkaLog;
  let withLogin: string;

  beforeAll(async () => {
    const [port, loginPort] = await freePorts(2);
    withLogin = `127.0.0.1:${loginPort}`;
    const logins = users.map(({ name }) => `user_${name}="${PASSWORD}"`).join(' ');
    [kafka, redis] = await Promise.all([
      startKafka({
        dataDir: join(directory, 'kafka'),
        port: port!,
        overrides: (_, settings) => ({
          'listeners': `${settings['listeners']},LOGIN://${withLogin}`,
          'advertised.listeners': `${settings['advertised.listeners']},LOGIN://${withLogin}`,
          'listener.security.protocol.map': `${settings['listener.security.protocol.map']},LOGIN:SASL_PLAINTEXT`,
          'sasl.enabled.mechanisms': 'PLAIN',
          'listener.name.login.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${logins};`,
          'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          'allow.everyone.if.no.acl.found': 'false',
          // Whoever comes in by the door without a login is the owner: the broker itself and this test.
          'super.users': 'User:ANONYMOUS',
        }),
      }),
      startRedis({ dataDir: join(directory, 'redis'), port: await freePort(), appendfsync: 'no' }),
    ]);
    owner = await connectKafka({ brokers: kafka.brokers.split(','), clientId: 'owner', logger: silentLogger });
    log = new KafkaLog(owner);
    await createTopics(owner, pipelineTopics({ shards: SHARDS, prefix: '', replicationFactor: 1 }));
    await withAdmin(owner, (admin) => admin.createAcls({ acl: users.flatMap(({ name, acls }) => acls.flatMap((entry) => aclsOf(name, entry))) }));
    for (const service of ['item-stream', 'user-stream'] as const) services.push(await startAs(service));
    for (const service of services) await waitUntilServiceReady(service, GIVE_UP_AFTER_MS);
  });

  afterAll(async () => {
    await Promise.all(services.map(({ process: worker }) => worker.stop()));
    log?.close();
    await owner?.close();
    await Promise.all([kafka?.stop(), redis?.stop()]);
    rmSync(directory, { recursive: true, force: true });
  });

  function aclsOf(user: string, { resource, operations }: UserSpec['authorization']['acls'][number]): never[] {
    return operations.map((operation) => ({
      resourceType: RESOURCES[resource.type],
      resourceName: resource.name,
      resourcePatternType: LITERAL,
      principal: `User:${user}`,
      host: '*',
      operation: OPERATIONS[operation],
      permissionType: ALLOW,
    }) as never);
  }

  function loginOf(name: string): Record<string, string> {
    return { MILLRACE_KAFKA_SASL_MECHANISM: 'plain', MILLRACE_KAFKA_USERNAME: `millrace-${name}`, MILLRACE_KAFKA_PASSWORD: PASSWORD };
  }

  function startAs(service: ServiceName): Promise<ServiceProcess> {
    return startService(service, 0, {
      dataDir: directory,
      kafka: withLogin,
      redis: redis.url,
      shards: SHARDS,
      env: { ...loginOf(service), MILLRACE_CLOCK_TICK_EVERY_MS: '200' },
    });
  }

  async function millrace(args: readonly string[], env: Record<string, string>): Promise<{ code: number; output: string }> {
    let output = '';
    const collect = (text: string): void => void (output += text);
    const code = await runCommandLine([...args, '--redis', redis.url, '--shards', String(SHARDS)], {
      env,
      write: collect,
      writeError: collect,
      signal: new AbortController().signal,
    });
    return { code, output };
  }

  /** Records of a topic, all partitions together. */
  async function recordsOf(topic: string): Promise<number> {
    const bounds = await log.bounds(Array.from({ length: SHARDS }, (_, partition) => ({ topic, partition })));
    return bounds.reduce((sum, { next }) => sum + next, 0);
  }

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const deadlineMs = performance.now() + GIVE_UP_AFTER_MS; performance.now() < deadlineMs; await sleep(200)) {
      if (await holds()) return;
    }
    throw new Error(`${what} did not happen within ${GIVE_UP_AFTER_MS / 1_000} s; the logs are in ${directory}.`);
  }

  async function metric(service: ServiceProcess, name: string): Promise<number> {
    const text = await (await fetch(`${service.healthUrl}/metrics`)).text();
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].map((match) => Number(match[1]));
    return values.reduce((sum, value) => sum + value, 0);
  }

  test('suffice for everything that the streams do', async () => {
    const file = join(directory, 'events.jsonl');
    const click = (i: number): object => ({ eventId: `e-${i}`, timeMs: Date.now(), kind: 'view', userId: `u-${i % 10}`, itemId: `i-${i % 7}` });
    const events = Array.from({ length: 300 }, (_, i) => ({ topic: 'clickstream', key: `u-${i % 10}`, payload: click(i) }));
    const wrong = [
      { topic: 'clickstream', key: 'somebody-else', payload: click(300) },
      { topic: 'catalog', key: 'i-1', payload: { itemId: 'i-2', name: 'Lamp', timeMs: Date.now() } },
    ];
    writeFileSync(file, [...events, ...wrong].map((event) => `${JSON.stringify(event)}\n`).join(''));
    const ticks = await recordsOf('control');

    expect(await millrace(['replay', file, '--kafka', kafka.brokers], {})).toMatchObject({ code: 0 });

    await until('a list', async () => (await recordsOf('recommendations')) > 0);
    await until('evidence', async () => (await recordsOf('item-evidence')) > 2 * SHARDS);
    await until('a dead letter of each stream', async () => (await Promise.all(services.map((service) => metric(service, 'millrace_dead_letters_total')))).every((letters) => letters === 1));
    await until('a tick', async () => (await recordsOf('control')) > ticks);
    for (const [stream, topic] of [['user-stream', 'clickstream'], ['item-stream', 'item-evidence']] as const) {
      await until(`an offset of ${stream}`, async () => {
        const offsets = await withAdmin(owner, (admin) => admin.fetchOffsets({ groupId: `millrace-${stream}`, topics: [topic] }));
        return offsets[0]!.partitions.some(({ offset }) => Number(offset) > 0);
      });
    }
    for (const service of services) expect(await metric(service, 'millrace_shard_alarms_total'), service.service).toBe(0);
  });

  test('suffice to check the topics', async () => {
    const { code, output } = await millrace(['topics', 'check', '--kafka', withLogin], loginOf('topics'));
    expect(output).toContain('topics are as they must be');
    expect(code).toBe(0);
  });

  test('allow nothing else', async () => {
    const stranger = await connectKafka({
      brokers: [withLogin],
      clientId: 'stranger',
      logger: silentLogger,
      sasl: { mechanism: 'plain', username: 'millrace-item-stream', password: PASSWORD },
    });
    const its = new KafkaLog(stranger);
    try {
      const append = its.append([{ topic: 'recommendations', partition: 0, records: [{ key: Buffer.from('u'), value: Buffer.from('x') }] }]);
      await expect(append).rejects.toMatchObject({ code: 'kafka-topic-authorization-failed' });
      await expect(createTopics(stranger, [{ topic: 'another', partitions: 1, replicationFactor: 1, config: {} }])).rejects.toThrow();
    } finally {
      its.close();
      await stranger.close();
    }
  });
});
