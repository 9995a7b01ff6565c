import type { KubeObject } from '@slipway/kube/object';
import type { ResourceDefinition } from '../src/schema/definition.ts';

/** What is wrong with an object once its defaults are there, each fault as `field: message`. */
export function faultsOf(kind: ResourceDefinition, object: KubeObject, old?: KubeObject): readonly string[] {
  const filled = kind.applyDefaults(named(kind, object));
  const before = old === undefined ? undefined : kind.applyDefaults(named(kind, old));
  return kind.validate(filled, before).map(({ field, message }) => `${field}: ${message}`);
}

/** The cells of its row by the names of their columns, as `kubectl get -o wide` shows them, without name and age. */
export function rowOf(kind: ResourceDefinition, object: KubeObject): Readonly<Record<string, unknown>> {
  const shown = kind.columns.filter(({ name }) => name !== 'Name' && name !== 'Age');
  return Object.fromEntries(shown.map(({ name, cell }) => [name, cell(object, 0)]));
}

export function columnsOf({ columns }: ResourceDefinition): readonly string[] {
  return columns.map(({ name, priority }) => (priority > 0 ? `(${name})` : name));
}

function named({ type }: ResourceDefinition, object: KubeObject): KubeObject {
  const namespace = type.namespaced ? { namespace: 'default' } : {};
  return { ...object, metadata: { name: 'any', ...namespace, ...object.metadata } };
}
