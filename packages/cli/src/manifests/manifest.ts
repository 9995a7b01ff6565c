/** What a document of a manifest must be to be given to any API server. */
import type { KubeObject } from '@slipway/kube/object';
import { usageFailure } from '../failure.ts';

export interface Manifest {
  /** File and number of the document, for messages. */
  readonly source: string;
  readonly object: KubeObject;
}

/** The object that a document holds, or those of a list, as `kubectl get -o yaml` writes them. */
export function requireObjects(value: unknown, source: string): readonly Manifest[] {
  if (!isMapping(value)) throw refuse(source, `it is ${describeType(value)}`);
  const kind = requireText(value, 'kind', source);
  requireText(value, 'apiVersion', source);
  if (kind === 'List' || (kind.endsWith('List') && 'items' in value)) return requireItems(value['items'], source);
  if (isObject(value)) return [{ source, object: value }];
  throw refuse(source, whyNameless(value['metadata']));
}

function requireItems(items: unknown, source: string): readonly Manifest[] {
  if (!Array.isArray(items)) throw refuse(source, `items: expected a list of objects, found ${describeType(items)}`);
  return items.flatMap((item: unknown, index) => requireObjects(item, `${source}, items[${index}]`));
}

function requireText(value: Readonly<Record<string, unknown>>, field: string, source: string): string {
  const text = value[field];
  if (typeof text === 'string' && text !== '') return text;
  throw refuse(source, `${field}: expected a string, found ${describeType(text)}`);
}

function whyNameless(metadata: unknown): string {
  if (!isMapping(metadata)) return `metadata: expected a mapping with a name, found ${describeType(metadata)}`;
  const { name, generateName } = metadata;
  if (name === undefined && generateName !== undefined)
    return 'metadata.generateName: what is applied again must be found by its name; write metadata.name instead';
  const quotes = typeof name === 'number' || typeof name === 'boolean' ? ': write it in quotes' : '';
  return `metadata.name: expected a string, found ${describeType(name)}${quotes}`;
}

function refuse(source: string, reason: string): Error {
  return usageFailure(
    `${source} is no Kubernetes object: expected a mapping with apiVersion, kind and metadata.name\n  ${reason}`,
  );
}

function describeType(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `the ${typeof value} ${JSON.stringify(value)}`;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isObject(value: object): value is KubeObject {
  return (
    'metadata' in value &&
    isMapping(value.metadata) &&
    typeof value.metadata['name'] === 'string' &&
    value.metadata['name'] !== ''
  );
}
