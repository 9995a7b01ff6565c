import type { PolicyRule } from '@slipway/kube/api.generated';
import { apiVersionOf, type KubeObject, type ResourceType } from '@slipway/kube/object';
import type { Grant } from './grants.ts';

/** An object as it is written in a manifest, and the resource that it is one of. */
export interface Manifest {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

/** With apiVersion and kind first, as people write it. */
export function manifest<T extends KubeObject>(type: ResourceType<T>, object: T): Manifest {
  return { type, object: { apiVersion: apiVersionOf(type), kind: type.kind, ...object } };
}

export function rulesOf(grants: readonly Grant[]): readonly PolicyRule[] {
  return grants.map(({ apiGroup, resource, verbs, resourceNames }) => ({
    apiGroups: [apiGroup],
    resources: [resource],
    ...(resourceNames === undefined ? {} : { resourceNames }),
    verbs,
  }));
}
