import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import avsc from 'avsc';

/** The schemas of the wire: one file each under `schemas/`, with the fixed ids of the in-process registry. */
export const SCHEMA_NAMES = [
  'clickstream',
  'purchases',
  'customers',
  'catalog',
  'control',
  'recommendations',
  'segment-changes',
  'decisions',
  'journal-entry',
  'item-evidence',
  'incarnation',
] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

/** Id under which a schema's present version is known, by schema. It stands before every Avro value. */
export type SchemaIds = Readonly<Record<SchemaName, number>>;

/**
 * A subject is `<topic>-value`, the registry's usual naming. An incarnation record opens several topics, so it goes by
 * its record's name instead.
 */
const SUBJECTS: Readonly<Record<SchemaName, string>> = {
  clickstream: 'clickstream-value',
  purchases: 'purchases-value',
  customers: 'customers-value',
  catalog: 'catalog-value',
  control: 'control-value',
  recommendations: 'recommendations-value',
  'segment-changes': 'segment-changes-value',
  decisions: 'decisions-value',
  'journal-entry': 'user-journal-value',
  'item-evidence': 'item-evidence-value',
  incarnation: 'io.millrace.Incarnation',
};

/** One version of a subject as it was published. */
export interface SchemaVersion {
  readonly schema: SchemaName;
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly text: string;
}

/** What `schemas/` holds. */
export interface SchemaSet {
  /** The present schema of each name, as JSON text. */
  readonly texts: Readonly<Record<SchemaName, string>>;
  /** Every published version of every subject, ids ascending. */
  readonly history: readonly SchemaVersion[];
  /** The fixed id of each present schema. */
  readonly ids: SchemaIds;
}

/** Where the schemas are in this repository. */
export const SCHEMAS_DIRECTORY = fileURLToPath(new URL('../../../schemas/', import.meta.url));

/** The subject of a schema, under the prefix that the topics have. */
export function subjectOf(name: SchemaName, topicPrefix = ''): string {
  return name === 'incarnation' ? SUBJECTS[name] : topicPrefix + SUBJECTS[name];
}

/** Builds a record with one entry a schema. */
export function forEachSchema<T>(make: (name: SchemaName) => T): Record<SchemaName, T> {
  return Object.fromEntries(SCHEMA_NAMES.map((name) => [name, make(name)])) as Record<SchemaName, T>;
}

/**
 * Reads `schemas/`: the present files, the history and the ids.
 *
 * @throws Error when a file is missing, or a version has no id in `ids.json`.
 */
export function loadSchemas(directory: string = SCHEMAS_DIRECTORY): SchemaSet {
  const read = (path: string): string => readFileSync(`${directory}/${path}`, 'utf8');
  const ids = JSON.parse(read('ids.json')) as Record<string, Record<string, number> | undefined>;
  const history = SCHEMA_NAMES.flatMap((schema) => {
    const subject = SUBJECTS[schema];
    return versionsIn(`${directory}/history/${subject}`).map((version): SchemaVersion => {
      const id = ids[subject]?.[String(version)];
      if (id === undefined) {
        throw new Error(`schemas/ids.json has no id for version ${version} of ${subject}. Give it the next free number.`);
      }
      return { schema, subject, version, id, text: read(`history/${subject}/${version}.avsc`) };
    });
  });
  history.sort((a, b) => a.id - b.id);
  return {
    texts: forEachSchema((name) => read(`${name}.avsc`)),
    history,
    ids: forEachSchema((name) => newestOf(history, name).id),
  };
}

function versionsIn(directory: string): number[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.avsc'))
    .map((file) => Number(file.slice(0, -'.avsc'.length)))
    .sort((a, b) => a - b);
}

/** The newest published version of a schema. */
export function newestOf(history: readonly SchemaVersion[], name: SchemaName): SchemaVersion {
  const newest = history.filter(({ schema }) => schema === name).at(-1);
  if (newest === undefined) throw new Error(`schemas/history/${SUBJECTS[name]} holds no version. Copy the present schema there.`);
  return newest;
}

/**
 * Compiles a schema. Unions are unwrapped: a value is itself or null, never `{ string: … }`.
 *
 * @throws Error when the text is no Avro schema.
 */
export function compileSchema(text: string): avsc.Type {
  return avsc.Type.forSchema(JSON.parse(text) as avsc.Schema);
}
