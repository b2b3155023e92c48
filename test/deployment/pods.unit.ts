import { describe, expect, test } from 'vitest';
import { manifest, manifests, manifestsOf, podOf, type Manifest } from './deployment-files.ts';

const SERVICES = ['user-stream', 'item-stream'] as const;
/** Patches say only what they change; whole pods are in the base, and the servers of the local overlay. */
const whole = manifests()
  .filter(({ path }) => !path.startsWith('k8s/overlays/production/'))
  .flatMap((found): [string, Manifest][] => (podOf(found) === undefined ? [] : [[`${found.path}, ${found.metadata?.name}`, found]]));

describe.each(whole)('%s', (_, found) => {
  const pod = podOf(found)!;

  test('is a pod that the standard "restricted" admits', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const { name, securityContext } of pod.containers) {
      expect(securityContext, name).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
    }
  });

  test('gets no token of the Kubernetes API', () => {
    expect(pod.automountServiceAccountToken).toBe(false);
  });

  test('asks for CPU and memory, and is limited in memory', () => {
    for (const { name, resources } of pod.containers) {
      expect(Object.keys(resources?.requests ?? {}).sort(), name).toEqual(['cpu', 'memory']);
      expect(Object.keys(resources?.limits ?? {}), name).toEqual(['memory']);
    }
  });

  test('writes to no file of its image, when the image is ours', () => {
    for (const { image, securityContext } of pod.containers) {
      if (image.startsWith('millrace:')) expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true });
    }
  });
});

test('there are pods to look at', () => {
  expect(whole.map(([where]) => where.split(', ')[1]).sort()).toEqual(['item-stream', 'kafka', 'redis', 'topics', 'user-stream']);
});

describe.each(SERVICES)('%s', (service) => {
  const own = { matchLabels: { 'app.kubernetes.io/name': service } };

  test('selects its own pods, in the Deployment, the budget and the spread', () => {
    const spec = manifest('Deployment', service, 'k8s/base/').spec as {
      selector: object;
      template: { metadata: { labels: object }; spec: { topologySpreadConstraints: { labelSelector: object }[] } };
    };
    expect(spec.selector).toEqual(own);
    expect(spec.template.metadata.labels).toEqual(own.matchLabels);
    expect(spec.template.spec.topologySpreadConstraints.map(({ labelSelector }) => labelSelector)).toEqual([own, own]);
    expect(manifest('PodDisruptionBudget', service).spec).toMatchObject({ maxUnavailable: 1, selector: own });
  });

  test('leaves the count of replicas to what scales it', () => {
    expect(manifest('Deployment', service, 'k8s/base/').spec).not.toHaveProperty('replicas');
  });

  test('has a ServiceAccount of its own, without a token', () => {
    expect(manifest('ServiceAccount', service).automountServiceAccountToken).toBe(false);
  });
});

test('pods are cut off from everything that no policy names', () => {
  const policies = manifestsOf('NetworkPolicy', 'k8s/base/').map(({ metadata, spec }) => [metadata?.name, spec] as const);
  const everything = { podSelector: { matchLabels: { 'app.kubernetes.io/part-of': 'millrace' } } };
  expect(Object.fromEntries(policies)['deny-all']).toEqual({ ...everything, policyTypes: ['Ingress', 'Egress'] });
  // A rule without "to" or "from" would open a port to the world.
  const rules = manifestsOf('NetworkPolicy').flatMap(({ spec }) => [...((spec?.egress ?? []) as object[]), ...((spec?.ingress ?? []) as object[])]);
  expect(rules.length).toBeGreaterThan(4);
  for (const rule of rules) expect('to' in rule || 'from' in rule).toBe(true);
});
