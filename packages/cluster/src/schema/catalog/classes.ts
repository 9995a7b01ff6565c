/** Classes that pods name: how important they are, and what runs them. */
import type { PriorityClass, RuntimeClass } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import { priorityClasses, runtimeClasses } from '@slipway/kube/resources';
import { ageColumn } from '../columns.ts';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { forbidden, invalid, misnamed, required } from '../faults.ts';
import { dns1123Label, dns1123Subdomain } from '../names.ts';
import { supported } from './pod-template.ts';

/** A field that must be there may be missing all the same. */
type Given<T extends KubeObject> = KubeObject & Partial<T>;

const highestOfUsers = 1_000_000_000;

/** Priorities of Kubernetes itself, above those that people give. */
export const systemPriorities: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);

export const priorityClass = define<PriorityClass>({
  type: priorityClasses,
  schemaType: 'io.k8s.api.scheduling.v1.PriorityClass',
  shortNames: ['pc'],
  nameRule: dns1123Subdomain,
  bareColumns: true,
  columns: [
    { name: 'Name', cell: ({ metadata }) => metadata.name ?? '' },
    { name: 'Value', type: 'integer', cell: ({ value }) => value ?? 0 },
    { name: 'Global-Default', type: 'boolean', cell: ({ globalDefault }) => globalDefault ?? false },
    { name: 'Age', cell: (object, now) => ageColumn.cell(object, now) },
    { name: 'PreemptionPolicy', cell: ({ preemptionPolicy }) => preemptionPolicy ?? '' },
  ],
  defaults: (object) => ({ preemptionPolicy: 'PreemptLowerPriority', ...object }),
  validate: validatePriority,
  validateUpdate: (object, old) => [
    ...((object.value ?? 0) === (old.value ?? 0) ? [] : [forbidden('value', 'may not be changed in an update.')]),
    ...(object.preemptionPolicy === old.preemptionPolicy
      ? []
      : [invalid('preemptionPolicy', object.preemptionPolicy, 'field is immutable')]),
  ],
});

function validatePriority({ metadata, value = 0, preemptionPolicy }: Given<PriorityClass>): readonly Fault[] {
  const { name = '' } = metadata;
  const isSystems = name.startsWith('system-');
  const isKnown = systemPriorities.get(name) === value;
  return [
    ...(isSystems && !isKnown
      ? [
          forbidden(
            'metadata.name',
            "priority class names with 'system-' prefix are reserved for system use only. error: " +
              unknownSystem(name),
          ),
        ]
      : []),
    ...(!isSystems && value > highestOfUsers
      ? [forbidden('value', `maximum allowed value of a user defined priority is ${highestOfUsers}`)]
      : []),
    ...supported(preemptionPolicy, ['Never', 'PreemptLowerPriority'], 'preemptionPolicy'),
  ];
}

function unknownSystem(name: string): string {
  const value = systemPriorities.get(name);
  return value === undefined
    ? `${name} is not a known system priority class`
    : `value of ${name} PriorityClass must be ${value}`;
}

export const runtimeClass = define<RuntimeClass>({
  type: runtimeClasses,
  schemaType: 'io.k8s.api.node.v1.RuntimeClass',
  nameRule: dns1123Subdomain,
  columns: [{ name: 'Handler', cell: ({ handler }) => handler ?? '' }],
  validate: ({ handler = '' }: Given<RuntimeClass>) =>
    handler === '' ? [required('handler')] : misnamed('handler', handler, dns1123Label),
  validateUpdate: ({ handler }, old) =>
    handler === old.handler ? [] : [invalid('handler', handler, 'field is immutable')],
});
