import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ITEM_STREAM_CONFIG, USER_STREAM_CONFIG } from '@millrace/pipeline';
import { describeConfig, readConfig } from '@millrace/runtime';
import { afterAll, describe, expect, test } from 'vitest';
import {
  composeServices,
  imageEnvironment,
  literalsOf,
  manifest,
  manifestPaths,
  podOf,
  text,
  yamlDocuments,
  type Manifest,
} from './deployment-files.ts';
import { PRODUCTION_SHARDS } from './manifests.ts';

type Environment = Record<string, string>;

const SERVICES = ['user-stream', 'item-stream'] as const;
const OVERLAYS = ['local', 'production'] as const;
/** What has a default for a workplace that is wrong for an installation. */
const MUST_BE_SET = ['kafka.brokers', 'redis.url', 'shards', 'health.host', 'health.port'];

const directory = mkdtempSync(join(tmpdir(), 'millrace-secrets-'));
const secret = join(directory, 'password');
writeFileSync(secret, 'a-password\n');
afterAll(() => rmSync(directory, { recursive: true }));

/** What a container of an overlay has in its environment; secrets are mounted where the test can read them. */
function environmentIn(overlay: (typeof OVERLAYS)[number], name: string): Environment {
  const kind = name === 'topics' ? 'Job' : 'Deployment';
  const own = (found: Manifest): Environment =>
    Object.fromEntries((podOf(found)?.containers[0]?.env ?? []).map((variable) => [variable.name, variable.value]));
  const patch = overlay === 'production' ? own(manifest(kind, name, 'k8s/overlays/production/')) : {};
  const all = { ...imageEnvironment(), ...literalsOf('k8s/base'), ...literalsOf(`k8s/overlays/${overlay}`), ...own(manifest(kind, name, 'k8s/base/')), ...patch };
  return Object.fromEntries(Object.entries(all).map(([variable, value]) => [variable, variable.endsWith('_FILE') ? secret : value]));
}

function environmentInCompose(name: string): Environment {
  return { ...imageEnvironment(), ...composeServices()[name]!.environment };
}

/** The environment as the service itself would read it. */
function readAs(service: string, env: Environment): ReturnType<typeof readConfig> {
  if (service === 'user-stream') return readConfig(USER_STREAM_CONFIG, { env });
  return readConfig(ITEM_STREAM_CONFIG, { env, foreignKeys: Object.keys(USER_STREAM_CONFIG) });
}

const PLACES: [place: string, service: string, environment: () => Environment][] = [
  ...['user-stream', 'item-stream', 'topics'].flatMap((name) => [
    ...OVERLAYS.map((overlay): [string, string, () => Environment] => [`k8s/overlays/${overlay}`, name, () => environmentIn(overlay, name)]),
    ['docker-compose.yml', name, () => environmentInCompose(name)] as [string, string, () => Environment],
  ]),
  ['docker-compose.yml', 'demo', () => environmentInCompose('demo')],
];

describe.each(PLACES)('%s configures %s', (_, service, environment) => {
  test('with names and values that the program accepts', () => {
    expect(readAs(service, environment()).problems).toEqual([]);
  });

  test('and sets what a default would get wrong', () => {
    const { origins } = readAs(service, environment());
    expect(MUST_BE_SET.filter((key) => origins.get(key)?.kind !== 'environment')).toEqual([]);
  });
});

test('a name that the program does not know is noticed', () => {
  const { problems } = readAs('item-stream', { ...environmentInCompose('item-stream'), MILLRACE_SHARD: '8' });
  expect(problems.map(({ key }) => key)).toEqual(['MILLRACE_SHARD']);
});

test('every variable that a file or a page of deployment names is one', () => {
  const known = new Set(describeConfig(USER_STREAM_CONFIG).flatMap(({ env, secret: isSecret }) => (isSecret ? [env, `${env}_FILE`] : [env])));
  const paths = ['Dockerfile', 'docker-compose.yml', 'docs/containers.md', 'docs/kubernetes.md', ...manifestPaths()];
  const unknown = paths.flatMap((path) =>
    [...text(path).matchAll(/\bMILLRACE_[A-Z0-9_]+/g)].map(([name]) => name).filter((name) => !known.has(name)).map((name) => `${path}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

describe('the stop', () => {
  const MARGIN_MS = 5_000;

  test.each(OVERLAYS)('has more time in the overlay %s than the process takes at most', (overlay) => {
    for (const service of SERVICES) {
      const stopDeadlineMs = readAs(service, environmentIn(overlay, service)).values['process.stopDeadlineMs'] as number;
      const graceMs = podOf(manifest('Deployment', service, 'k8s/base/'))!.terminationGracePeriodSeconds! * 1_000;
      expect(graceMs).toBeGreaterThanOrEqual(stopDeadlineMs + MARGIN_MS);
    }
  });

  test('has more time in docker-compose.yml than the process takes at most', () => {
    for (const service of SERVICES) {
      const stopDeadlineMs = readAs(service, environmentInCompose(service)).values['process.stopDeadlineMs'] as number;
      const grace = /^(\d+)s$/.exec(composeServices()[service]!.stop_grace_period!)!;
      expect(Number(grace[1]) * 1_000).toBeGreaterThanOrEqual(stopDeadlineMs + MARGIN_MS);
    }
  });
});

describe('metrics and health are where they are looked for', () => {
  const port = Number(imageEnvironment().MILLRACE_HEALTH_PORT);

  test('in the image', () => {
    expect(text('Dockerfile')).toContain(`\nEXPOSE ${port}\n`);
  });

  test.each(SERVICES)('in the pod of %s', (service) => {
    const container = podOf(manifest('Deployment', service, 'k8s/base/'))!.containers[0]!;
    expect(container.ports).toEqual([{ name: 'metrics', containerPort: port }]);
    expect(Number(environmentIn('production', service).MILLRACE_HEALTH_PORT)).toBe(port);
    const paths = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((probe) => container[probe] as { httpGet: object });
    expect(paths.map(({ httpGet }) => httpGet)).toEqual([
      { path: '/healthz', port: 'metrics' },
      { path: '/healthz', port: 'metrics' },
      { path: '/readyz', port: 'metrics' },
    ]);
  });

  test('by the Prometheus of docker-compose.yml', () => {
    const [config] = yamlDocuments('k8s/monitoring/prometheus.yaml') as unknown as [{ scrape_configs: { job_name: string; dns_sd_configs: object[]; relabel_configs: object[] }[] }];
    expect(config.scrape_configs.map(({ job_name, dns_sd_configs, relabel_configs }) => [job_name, dns_sd_configs, relabel_configs])).toEqual(
      SERVICES.map((service) => [service, [{ names: [service], type: 'A', port, refresh_interval: '10s' }], [{ target_label: 'stream', replacement: service }]]),
    );
  });
});

describe('scaling', () => {
  test.each(SERVICES)('of %s ends at the shard count and looks at its own group on its own Kafka', (service) => {
    const env = environmentIn('production', service);
    expect(Number(env.MILLRACE_SHARDS)).toBe(PRODUCTION_SHARDS);
    const { minReplicaCount, maxReplicaCount, scaleTargetRef, triggers } = manifest('ScaledObject', service).spec as Record<string, unknown> & {
      triggers: { metadata: Record<string, string> }[];
    };
    expect({ minReplicaCount, maxReplicaCount, scaleTargetRef }).toEqual({ minReplicaCount: 2, maxReplicaCount: PRODUCTION_SHARDS, scaleTargetRef: { name: service } });
    expect(env.MILLRACE_KAFKA_GROUP_ID).toBeUndefined();
    expect(env.MILLRACE_TOPICS_PREFIX).toBeUndefined();
    // The group's default name, as runStreamProcess makes it.
    expect(triggers[0]!.metadata).toMatchObject({ bootstrapServers: env.MILLRACE_KAFKA_BROKERS, consumerGroup: `millrace-${service}` });
  });
});
