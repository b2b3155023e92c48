import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipelineTopics } from '@millrace/pipeline';
import { parse, stringify } from 'yaml';
import { ROOT } from '../architecture/repository.ts';

/** A manifest under `k8s/` that is made from the code or from another file, and compared with it by a test. */
export interface GeneratedManifest {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly make: () => string;
}

/** Shards of the production overlay. */
export const PRODUCTION_SHARDS = 64;
const PRODUCTION_REPLICAS = 3;
/** Two acknowledged copies survive the loss of one broker, and a replica that lags never becomes leader. */
const PRODUCTION_SETTINGS = { 'min.insync.replicas': '2', 'unclean.leader.election.enable': 'false' };

/** The rules as Prometheus reads them; the PrometheusRule has the same. */
export const RULES_PATH = 'k8s/monitoring/rules.yaml';

export const GENERATED: readonly GeneratedManifest[] = [
  { path: 'k8s/kafka/topics.yaml', make: strimziTopics },
  { path: 'k8s/components/monitoring/prometheus-rule.yaml', make: prometheusRule },
];

const HEAD = '# Made by node test/deployment/write-manifests.ts; change it there.\n';

/** Topics of the production overlay, each as `millrace topics check --production` wants it. */
export function productionTopics(): ReturnType<typeof pipelineTopics> {
  return pipelineTopics({ shards: PRODUCTION_SHARDS, prefix: '', replicationFactor: PRODUCTION_REPLICAS, config: PRODUCTION_SETTINGS });
}

function strimziTopics(): string {
  const manifests = productionTopics().map(({ topic, partitions, replicationFactor, config }) => ({
    apiVersion: 'kafka.strimzi.io/v1',
    kind: 'KafkaTopic',
    metadata: { name: topic },
    spec: { partitions, replicas: replicationFactor, config },
  }));
  return HEAD + manifests.map((manifest) => yaml(manifest)).join('---\n');
}

function prometheusRule(): string {
  const manifest = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'millrace' },
    spec: parse(readFileSync(join(ROOT, RULES_PATH), 'utf8')) as unknown,
  };
  return HEAD + yaml(manifest);
}

function yaml(manifest: object): string {
  return stringify(manifest, { lineWidth: 0 });
}
