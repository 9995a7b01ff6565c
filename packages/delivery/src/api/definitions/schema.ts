/** Words for structural schemas: what a CustomResourceDefinition says of its fields. */
import type { JSONSchemaProps, ValidationRule } from '@slipway/kube/api.generated';

export type Schema = JSONSchemaProps;

type Constraints = Omit<Schema, 'type' | 'properties' | 'items' | 'description'>;

export function string(description: string, constraints: Constraints = {}): Schema {
  return { type: 'string', description, ...constraints };
}

export function boolean(description: string, constraints: Constraints = {}): Schema {
  return { type: 'boolean', description, ...constraints };
}

export function integer(description: string, constraints: Constraints = {}): Schema {
  return { type: 'integer', format: 'int64', description, ...constraints };
}

/** DNS-1035, because Services are named after it. */
export const applicationName = { maxLength: 40, pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$' };

/** Whole seconds from 0 to a year: a larger number is a mistake of units. */
export function seconds(description: string): Schema {
  return integer(description, { minimum: 0, maximum: 31_536_000 });
}

export function time(description: string): Schema {
  return string(description, { format: 'date-time' });
}

export function intOrString(description: string, constraints: Constraints = {}): Schema {
  return { 'x-kubernetes-int-or-string': true, description, ...constraints };
}

export function list(description: string, items: Schema, constraints: Constraints = {}): Schema {
  return { type: 'array', description, items, ...constraints };
}

export function stringMap(description: string, constraints: Constraints = {}): Schema {
  return { type: 'object', description, additionalProperties: { type: 'string' }, ...constraints };
}

export function map(description: string, values: Schema): Schema {
  return { type: 'object', description, additionalProperties: values };
}

export function object(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  constraints: Constraints = {},
): Schema {
  return { type: 'object', description, properties, ...constraints };
}

/** A record that the controller alone writes, and whose fields the code names better than a second list would. */
export function record(description: string): Schema {
  return { type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true };
}

export const conditions: Schema = list(
  'What holds of this object, each with the generation for which it was found.',
  object(
    'One condition.',
    {
      type: string('What is said.'),
      status: string('Whether it holds.', { enum: ['True', 'False', 'Unknown'] }),
      observedGeneration: integer('The generation of the object for which it was found.'),
      lastTransitionTime: time('Since when.'),
      reason: string('Why, in one word.'),
      message: string('Why, in a sentence.'),
    },
    { required: ['type', 'status'] },
  ),
  { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
);

/**
 * What no schema can say, in CEL. As Kubernetes 1.26 has it: without messageExpression, reason and fieldPath, and loops go
 * over lists that have a maxItems.
 */
export function rules(...each: readonly (readonly [rule: string, message: string])[]): {
  readonly 'x-kubernetes-validations': readonly ValidationRule[];
} {
  return { 'x-kubernetes-validations': each.map(([rule, message]) => ({ rule, message })) };
}

export const commandOutcome = object('What a person asked.', {
  name: string('Name of the ReleaseCommand.'),
  verb: string('The verb.'),
  requestedBy: string('Who, as claimed.'),
  at: time('When it was carried out.'),
  outcome: string('Whether it was accepted.'),
  message: string('What came of it.'),
});
