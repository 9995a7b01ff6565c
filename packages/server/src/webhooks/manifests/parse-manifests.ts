/** Objects of Kubernetes out of files that somebody else has written. Pure. */
import type { KubeObject } from '@slipway/kube/object';
import { parseAllDocuments } from 'yaml';
import type { SourceFile } from '../git/fetch-directory.ts';

export interface Manifest {
  /** File and number of the document, for messages. */
  readonly source: string;
  readonly object: KubeObject;
}

export interface Parsed {
  readonly manifests: readonly Manifest[];
  /** All that is wrong, a sentence each. */
  readonly faults: readonly string[];
}

const maximumObjects = 500;
const maximumFaults = 20;

export function parseManifests(files: readonly SourceFile[]): Parsed {
  const manifests: Manifest[] = [];
  const faults: string[] = [];
  for (const file of files)
    for (const found of readFile(file)) {
      if (typeof found === 'string') faults.push(found);
      else manifests.push(found);
      if (faults.length >= maximumFaults) return { manifests, faults };
    }
  if (manifests.length > maximumObjects)
    faults.push(`there are ${manifests.length} objects, expected ${maximumObjects} at most`);
  return { manifests, faults: [...faults, ...findDoubles(manifests)] };
}

function* readFile({ name, content }: SourceFile): Generator<Manifest | string> {
  const documents = readDocuments(name, content);
  if (typeof documents === 'string') return yield documents;
  for (const [index, value] of documents.entries()) {
    const source = documents.length === 1 ? name : `${name}, document ${index + 1}`;
    if (value !== null && value !== undefined) yield* readObjects(value, source);
  }
}

/** A text says what is wrong. */
function readDocuments(name: string, content: Buffer): readonly unknown[] | string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    const documents = [...parseAllDocuments(text)];
    const error = documents.flatMap(({ errors }) => errors)[0];
    if (error !== undefined) return `${name} is not YAML: ${error.message.split('\n')[0] ?? ''}`;
    // Anchors that name each other grow without bound: the parser stops at a hundred.
    return documents.map((document): unknown => document.toJS());
  } catch (error) {
    // No text, too many anchors, or deeper than anybody nests.
    const isKnown = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
    if (!isKnown) throw error;
    return `${name} cannot be read: ${error.message.slice(0, 200)}`;
  }
}

function* readObjects(value: unknown, source: string): Generator<Manifest | string> {
  if (!isMapping(value)) return yield `${source} is no object: expected apiVersion, kind and metadata.name`;
  const { apiVersion, kind, metadata, items } = value;
  if (kind === 'List' && apiVersion === 'v1') {
    if (!Array.isArray(items)) return yield `${source} is a List without items`;
    for (const [index, item] of items.entries()) yield* readObjects(item, `${source}, items[${index}]`);
    return;
  }
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    return yield `${source} is no object: expected apiVersion, kind and metadata.name`;
  if (!isMapping(metadata) || typeof metadata['name'] !== 'string' || metadata['name'] === '')
    return yield `${source}, ${kind}: metadata.name is missing or no text`;
  const { namespace } = metadata;
  if (namespace !== undefined && typeof namespace !== 'string')
    return yield `${source}, ${kind} ${metadata['name']}: metadata.namespace is no text`;
  yield { source, object: { ...value, apiVersion, kind, metadata: { ...metadata, name: metadata['name'] } } };
}

/** The second one would undo the first. */
function findDoubles(manifests: readonly Manifest[]): readonly string[] {
  const first = new Map<string, string>();
  return manifests.flatMap(({ source, object: { apiVersion = '', kind = '', metadata } }) => {
    const group = apiVersion.split('/').slice(0, -1).join('/');
    const key = [group, kind, metadata.namespace ?? '', metadata.name].join('\n');
    const other = first.get(key);
    first.set(key, other ?? source);
    return other === undefined ? [] : [`${kind} ${metadata.name ?? ''} is in ${other} and in ${source}`];
  });
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
