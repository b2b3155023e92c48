import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { SERVICE_NODE_FLAGS } from '@millrace/testkit/pipeline/index';
import { kafkaVersion } from '@millrace/testkit/servers/kafka-jars';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../architecture/repository.ts';
import { composeServices, dockerfileArray, manifests, podOf, text, yamlDocuments } from './deployment-files.ts';

const root = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string; devDependencies: Record<string, string> };
const dockerfile = text('Dockerfile');

/** Container images by where they are named. */
function images(): [where: string, image: string][] {
  const inCompose = Object.entries(composeServices()).map(([name, { image }]): [string, string] => [`docker-compose.yml, ${name}`, image]);
  const inPods = manifests().flatMap((manifest) =>
    (podOf(manifest)?.containers ?? []).filter(({ image }) => image !== undefined).map(({ name, image }): [string, string] => [`${manifest.path}, ${name}`, image]),
  );
  const inOverlays = manifests()
    .filter(({ kind }) => kind === 'Kustomization')
    .flatMap(({ path, images: replaced }) =>
      ((replaced ?? []) as { name: string; newName?: string; newTag: string }[]).map(({ name, newName, newTag }): [string, string] => [path, `${newName ?? name}:${newTag}`]),
    );
  return [...inCompose, ...inPods, ...inOverlays];
}

describe('versions', () => {
  test.each(images())('%s: %s is pinned to a release', (_, image) => {
    expect(image).toMatch(/:v?\d+\.\d+\.\d+(-[a-z0-9.-]+)?$/);
  });

  test('of our image are that of the repository', () => {
    const ours = images().filter(([, image]) => /(^|\/)millrace:/.test(image));
    expect(ours.length).toBeGreaterThan(6);
    expect(new Set(ours.map(([, image]) => image.split(':').at(-1)))).toEqual(new Set([root.version]));
    expect(dockerfile).toContain(`\nARG VERSION=${root.version}\n`);
  });

  test('of Node and Kafka are those that the tests run with', () => {
    expect(dockerfile).toContain(`\nARG NODE_VERSION=${root.devDependencies.node}\n`);
    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1])).toEqual(Array(2).fill('node:${NODE_VERSION}-bookworm-slim'));
    const kafkas = images().map(([, image]) => image).filter((image) => image.includes('kafka'));
    expect(new Set(kafkas)).toEqual(new Set([`apache/kafka:${kafkaVersion()}`]));
  });

  test('of one server are the same everywhere', () => {
    const byName = Map.groupBy(images().map(([, image]) => image.split(':')), ([name]) => name!);
    for (const [name, found] of byName) expect(new Set(found.map(([, tag]) => tag)).size, name).toBe(1);
  });
});

describe('the image', () => {
  test('starts programs with the flags that the services are measured with, and without a shell', () => {
    expect(dockerfileArray('ENTRYPOINT')).toEqual(['node', ...SERVICE_NODE_FLAGS, '--disable-warning=TimeoutNegativeWarning']);
    expect(dockerfileArray('CMD').length).toBeGreaterThan(0);
    expect([...dockerfile.matchAll(/^(?:RUN|ENTRYPOINT|CMD|\s+CMD) (.)/gm)].map((match) => match[1]).join('')).toMatch(/^\[+$/);
  });

  test('runs as a user that is not root, by number', () => {
    expect(dockerfile).toContain('\nUSER 1000:1000\n');
  });

  test('is built from the manifest of every workspace', () => {
    const workspaces = globSync('{packages,services}/*/package.json', { cwd: ROOT }).map((path) => path.split(sep).join('/')).sort();
    const copied = [...dockerfile.matchAll(/^COPY (\S+\/package\.json) (\S+)$/gm)].map(([, from, to]) => `${to}package.json|${from}`);
    expect(copied.sort()).toEqual(workspaces.map((path) => `${path}|${path}`));
  });

  test('has every program that compose and the manifests start', () => {
    const started = [
      ...Object.values(composeServices()).filter(({ image }) => image.startsWith('millrace:')).map(({ command }) => command?.[0]),
      ...manifests().flatMap((manifest) => podOf(manifest)?.containers ?? []).filter(({ image, args }) => image?.startsWith('millrace:') || (image === undefined && args !== undefined)).map(({ args }) => args?.[0]),
    ];
    expect(started.length).toBeGreaterThan(6);
    for (const program of started) expect(existsSync(join(ROOT, program ?? 'nothing')), `${program}`).toBe(true);
  });
});

test('every YAML file can be read', () => {
  expect(yamlDocuments('docker-compose.yml')).toHaveLength(1);
  expect(manifests().length).toBeGreaterThan(30);
});

test('docker-compose.yml begins what depends on something only when that is there', () => {
  const services = composeServices();
  const waits = Object.entries(services).flatMap(([name, { depends_on }]) => Object.entries(depends_on ?? {}).map(([on, { condition }]) => ({ name, on, condition })));
  expect(waits.length).toBeGreaterThan(8);
  for (const { name, on, condition } of waits) {
    const isOneShot = on === 'topics';
    expect(condition, `${name} on ${on}`).toBe(isOneShot ? 'service_completed_successfully' : 'service_healthy');
    // Ours is in the image.
    if (!isOneShot && !services[on]!.image.startsWith('millrace:')) expect(services[on]!.healthcheck, on).toBeDefined();
  }
});

test('every container of docker-compose.yml has a limit of memory', () => {
  expect(Object.entries(composeServices()).filter(([, { mem_limit }]) => mem_limit === undefined)).toEqual([]);
});
