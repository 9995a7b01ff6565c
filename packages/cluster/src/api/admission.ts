import type { KubeObject } from '@slipway/kube/object';
import type { ResourceDefinition } from '../schema/definition.ts';

export interface AdmissionRequest {
  readonly definition: ResourceDefinition;
  readonly object: KubeObject;
  /** Absent on create. */
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
}

/** A step between defaulting and validation, as the admission plugins of Kubernetes: it may change the object or refuse it by throwing. */
export interface AdmissionPlugin {
  admit(request: AdmissionRequest): KubeObject;
  /** Called when an admitted object was not stored after all. */
  release?(object: KubeObject): void;
}

/** Pods run as a service account even if they do not name one. */
export const serviceAccountAdmission: AdmissionPlugin = {
  admit: ({ definition, object, old }) => {
    if (old !== undefined || definition.type.kind !== 'Pod' || definition.type.group !== '') return object;
    const { spec } = object as KubeObject & { readonly spec?: { readonly serviceAccountName?: string } };
    if (spec === undefined || (spec.serviceAccountName ?? '') !== '') return object;
    return { ...object, ...{ spec: { ...spec, serviceAccountName: 'default', serviceAccount: 'default' } } };
  },
};
