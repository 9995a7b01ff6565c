import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '@slipway/kube/api.generated';
import { apiVersionOf, type ResourceType } from '@slipway/kube/object';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { object, type rules, type Schema } from './schema.ts';

export interface KindDescription {
  readonly type: ResourceType;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly description: string;
  readonly spec: Schema;
  readonly status?: Schema;
  /** Of the whole object. */
  readonly rules?: ReturnType<typeof rules>;
  readonly scale?: NonNullable<CustomResourceDefinitionVersion['subresources']>['scale'];
  readonly columns: NonNullable<CustomResourceDefinitionVersion['additionalPrinterColumns']>;
}

export function defineKind(kind: KindDescription): CustomResourceDefinition {
  const { type } = kind;
  return {
    apiVersion: apiVersionOf(customResourceDefinitions),
    kind: customResourceDefinitions.kind,
    metadata: {
      name: `${type.plural}.${type.group}`,
      labels: { 'app.kubernetes.io/name': 'slipway', 'app.kubernetes.io/component': 'kinds' },
    },
    spec: {
      group: type.group,
      names: {
        plural: type.plural,
        singular: kind.singular,
        kind: type.kind,
        listKind: `${type.kind}List`,
        categories: ['slipway'],
        ...(kind.shortNames === undefined ? {} : { shortNames: kind.shortNames }),
      },
      scope: type.namespaced ? 'Namespaced' : 'Cluster',
      versions: [defineVersion(kind)],
    },
  };
}

function defineVersion({
  type,
  description,
  spec,
  status,
  rules,
  scale,
  columns,
}: KindDescription): CustomResourceDefinitionVersion {
  const subresources = { ...(status === undefined ? {} : { status: {} }), ...(scale === undefined ? {} : { scale }) };
  return {
    name: type.version,
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: object(
        description,
        {
          apiVersion: { type: 'string' },
          kind: { type: 'string' },
          metadata: { type: 'object' },
          spec,
          ...(status === undefined ? {} : { status }),
        },
        { required: ['spec'], ...rules },
      ),
    },
    additionalPrinterColumns: columns,
    ...(Object.keys(subresources).length === 0 ? {} : { subresources }),
  };
}

export function column(name: string, jsonPath: string, description: string): KindDescription['columns'][number] {
  return { name, type: 'string', jsonPath, description };
}

export function countColumn(name: string, jsonPath: string, description: string): KindDescription['columns'][number] {
  return { name, type: 'integer', jsonPath, description };
}

/** Shown with `-o wide` only. */
export function wideColumn(name: string, jsonPath: string, description: string): KindDescription['columns'][number] {
  return { ...column(name, jsonPath, description), priority: 1 };
}

export const ageColumn: KindDescription['columns'][number] = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Since when the object exists.',
};
