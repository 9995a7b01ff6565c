import type { KubeObject } from '@slipway/kube/object';
import { matchesFields, matchesLabels, parseFieldSelector, parseLabelSelector } from '@slipway/kube/selector';
import { StatusError } from '@slipway/kube/status-error';
import type { ResourceDefinition } from '../schema/definition.ts';

export type Matcher = (object: KubeObject) => boolean;

/** Makes one test of both selectors; undefined where nothing is selected and everything matches. */
export function createMatcher(definition: ResourceDefinition, query: URLSearchParams): Matcher | undefined {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
  for (const { field } of fields) {
    if (
      field !== 'metadata.name' &&
      field !== 'metadata.namespace' &&
      definition.selectableFields[field] === undefined
    ) {
      throw new StatusError('BadRequest', `field label not supported: ${field}`);
    }
  }
  if (labels.length === 0 && fields.length === 0) return undefined;
  return (object) =>
    matchesLabels(labels, object.metadata.labels) &&
    matchesFields(fields, (field) => readField(definition, object, field));
}

function readField(definition: ResourceDefinition, object: KubeObject, field: string): string | undefined {
  if (field === 'metadata.name') return object.metadata.name;
  if (field === 'metadata.namespace') return object.metadata.namespace ?? '';
  return definition.selectableFields[field]?.(object);
}
