import type { KubeObject } from '@slipway/kube/object';
import { badRequirement, parseLabelSelector } from '@slipway/kube/label-selector-syntax';
import {
  isWhole,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  type Selector,
  type SelectorRequirement,
} from '@slipway/kube/selector';
import { StatusError } from '@slipway/kube/status-error';
import { isMergedByKeys, type Fault, type ResourceDefinition } from '../schema/definition.ts';
import { invalid } from '../schema/faults.ts';
import { labelValueText, qualifiedKey } from '../schema/names.ts';

export type Matcher = (object: KubeObject) => boolean;

/** Makes one test of both selectors; undefined where nothing is selected and everything matches. */
export function createMatcher(definition: ResourceDefinition, query: URLSearchParams): Matcher | undefined {
  const labels = labelsOf(query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
  for (const { field } of fields) {
    if (
      field !== 'metadata.name' &&
      field !== 'metadata.namespace' &&
      definition.selectableFields[field] === undefined
    ) {
      throw new StatusError('BadRequest', unknownField(definition, field));
    }
  }
  if (labels.length === 0 && fields.length === 0) return undefined;
  return (object) =>
    matchesLabels(labels, object.metadata.labels) &&
    matchesFields(fields, (field) => readField(definition, object, field));
}

function labelsOf(text: string): Selector {
  const labels = parseLabelSelector(text);
  for (const requirement of labels) {
    const faults = faultsOf(requirement).map(({ field, message }) => `${field}: ${message}`);
    if (faults.length > 0) throw badRequirement(faults.length === 1 ? faults.join('') : `[${faults.join(', ')}]`);
  }
  return labels;
}

function faultsOf({ key, operator, values }: SelectorRequirement): readonly Fault[] {
  const wrongKey = qualifiedKey(key);
  // Kubernetes names no field here.
  if (wrongKey.length > 0) return [invalid('<nil>', key, wrongKey.join('; '))];
  return values.flatMap((value, index) => {
    const isNumber = (operator !== 'Gt' && operator !== 'Lt') || isWhole(value);
    const wrong = labelValueText(value);
    return [
      ...(isNumber
        ? []
        : [invalid(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer")]),
      ...(wrong.length === 0 ? [] : [invalid(`values[${index}][${key}]`, value, wrong.join('; '))]),
    ];
  });
}

/** Kinds that are selected by nothing of their own tell what they are selected by. */
function unknownField(definition: ResourceDefinition, field: string): string {
  const hasOwn = Object.keys(definition.selectableFields).length > 0;
  return hasOwn || !isMergedByKeys(definition)
    ? `field label not supported: ${field}`
    : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function readField(definition: ResourceDefinition, object: KubeObject, field: string): string | undefined {
  if (field === 'metadata.name') return object.metadata.name;
  if (field === 'metadata.namespace') return object.metadata.namespace ?? '';
  return definition.selectableFields[field]?.(object);
}
