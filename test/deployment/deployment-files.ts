import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../architecture/repository.ts';

/** What the tests look at of a manifest. Anything else is the schema's business (docs/kubernetes.md). */
export interface Manifest {
  readonly path: string;
  readonly kind: string;
  readonly metadata?: { readonly name: string };
  readonly spec?: Record<string, unknown>;
  readonly [field: string]: unknown;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources?: { readonly requests?: Record<string, string>; readonly limits?: Record<string, string> };
  readonly securityContext?: Record<string, unknown>;
  readonly [field: string]: unknown;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly securityContext?: Record<string, unknown>;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
}

export interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Record<string, string>;
  readonly stop_grace_period?: string;
  readonly mem_limit?: string;
  readonly depends_on?: Record<string, { readonly condition: string }>;
  readonly healthcheck?: Record<string, unknown>;
  readonly [field: string]: unknown;
}

export function text(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Files do not change while tests look at them, and each test looks at nearly all of them. */
const documentsByPath = new Map<string, readonly unknown[]>();

/** Every document of a YAML file. @throws Error that names the file and the line, for a warning too. */
export function yamlDocuments(path: string): readonly unknown[] {
  const known = documentsByPath.get(path);
  if (known !== undefined) return known;
  const documents = parseAllDocuments(text(path), { merge: true }).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw new Error(`${path}: ${problem.message}`);
    return document.toJS() as unknown;
  });
  documentsByPath.set(path, documents);
  return documents;
}

/** Paths of the YAML files under `k8s/`. */
export function manifestPaths(): string[] {
  return globSync('k8s/**/*.{yaml,yml}', { cwd: ROOT }).map((path) => path.split(sep).join('/')).sort();
}

/** Every Kubernetes object, patches too, and every kustomization. */
export function manifests(): Manifest[] {
  return manifestPaths()
    .filter((path) => !path.startsWith('k8s/monitoring/'))
    .flatMap((path) => yamlDocuments(path).map((document) => ({ ...(document as Manifest), path })));
}

/** The objects of one kind below a folder of `k8s/`. */
export function manifestsOf(kind: string, folder = 'k8s/'): Manifest[] {
  return manifests().filter((manifest) => manifest.kind === kind && manifest.path.startsWith(folder));
}

/** @throws Error when there is not exactly one. */
export function manifest(kind: string, name: string, folder = 'k8s/'): Manifest {
  const found = manifestsOf(kind, folder).filter(({ metadata }) => metadata?.name === name);
  if (found.length !== 1) throw new Error(`${folder} has ${found.length} objects ${kind}/${name}, expected 1.`);
  return found[0]!;
}

/** The pod that a Deployment or a Job makes; undefined for other kinds. */
export function podOf({ kind, spec }: Manifest): PodSpec | undefined {
  if (kind !== 'Deployment' && kind !== 'Job' && kind !== 'StatefulSet') return undefined;
  return (spec as { template: { spec: PodSpec } }).template.spec;
}

/** `MILLRACE_SHARDS=8` of the ConfigMap that a kustomization makes. */
export function literalsOf(folder: string): Record<string, string> {
  const [kustomization] = yamlDocuments(`${folder}/kustomization.yaml`) as unknown as [{ configMapGenerator: { literals: string[] }[] }];
  const literals = kustomization.configMapGenerator.flatMap((generator) => generator.literals);
  return Object.fromEntries(literals.map((literal) => [literal.slice(0, literal.indexOf('=')), literal.slice(literal.indexOf('=') + 1)]));
}

export function composeServices(): Record<string, ComposeService> {
  const [compose] = yamlDocuments('docker-compose.yml') as unknown as [{ services: Record<string, ComposeService> }];
  return compose.services;
}

/** The array of an exec-form instruction of the Dockerfile. @throws Error when it is not in exec form. */
export function dockerfileArray(instruction: string): string[] {
  const match = new RegExp(`^(?:HEALTHCHECK.*\\\\\\n\\s+)?${instruction} (\\[.*\\])$`, 'm').exec(text('Dockerfile'));
  if (match === null) throw new Error(`The Dockerfile has no ${instruction} in exec form.`);
  return JSON.parse(match[1]!) as string[];
}

/** What the image itself sets: `ENV`. */
export function imageEnvironment(): Record<string, string> {
  const joined = text('Dockerfile').replace(/\\\n/g, ' ');
  const lines = [...joined.matchAll(/^ENV (.*)$/gm)].flatMap((match) => match[1]!.trim().split(/\s+/));
  return Object.fromEntries(lines.map((pair) => pair.split('=') as [string, string]));
}
