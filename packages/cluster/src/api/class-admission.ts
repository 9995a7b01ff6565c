/** Classes that objects name or get: the default one of storage for claims, and that of the runtime for pods. */
import type { PersistentVolumeClaim, Pod, RuntimeClass, StorageClass } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import { persistentVolumeClaims, pods, runtimeClasses, storageClasses } from '@slipway/kube/resources';
import { defaultClassAnnotation } from '../schema/catalog/storage-class.ts';
import type { AdmissionPlugin } from './admission.ts';
import { forbidden } from './api-errors.ts';
import { storeKey, storePrefix } from './object-key.ts';
import type { ResourceStore } from './resource-store.ts';

export function createClassAdmission(resources: ResourceStore): AdmissionPlugin {
  return {
    admit: ({ definition: { type }, object, old }) => {
      if (old !== undefined) return object;
      if (type === persistentVolumeClaims) return withDefaultStorage(object, resources);
      return type === pods ? withRuntime(object, resources) : object;
    },
  };
}

/** Of several default classes the newest counts; an empty name asks for none. */
function withDefaultStorage(claim: PersistentVolumeClaim, { store, cache }: ResourceStore): KubeObject {
  if (claim.spec === undefined || claim.spec.storageClassName !== undefined) return claim;
  const [usual] = store
    .list(storePrefix(storageClasses, undefined))
    .map((stored) => cache.parse(stored) as StorageClass)
    .filter(({ metadata }) => metadata.annotations?.[defaultClassAnnotation] === 'true')
    .toSorted((a, b) => createdAt(b) - createdAt(a));
  return usual === undefined
    ? claim
    : { ...claim, ...{ spec: { ...claim.spec, storageClassName: usual.metadata.name } } };
}

function createdAt({ metadata }: KubeObject): number {
  return Date.parse(metadata.creationTimestamp ?? '1970-01-01T00:00:00Z');
}

/** What its runtime needs beside it counts for the pod. */
function withRuntime(pod: Pod, { store, cache }: ResourceStore): KubeObject {
  const { runtimeClassName = '' } = pod.spec ?? {};
  if (pod.spec === undefined || runtimeClassName === '') return pod;
  const stored = store.get(storeKey(runtimeClasses, undefined, runtimeClassName));
  if (stored === undefined)
    throw forbidden(pods, pod.metadata.name ?? '', `pod rejected: RuntimeClass "${runtimeClassName}" not found`);
  const { overhead, scheduling } = cache.parse(stored) as RuntimeClass;
  const { nodeSelector, tolerations } = scheduling ?? {};
  return {
    ...pod,
    ...{
      spec: {
        ...pod.spec,
        ...(overhead?.podFixed === undefined ? {} : { overhead: overhead.podFixed }),
        ...(nodeSelector === undefined ? {} : { nodeSelector: { ...pod.spec.nodeSelector, ...nodeSelector } }),
        ...(tolerations === undefined ? {} : { tolerations: [...(pod.spec.tolerations ?? []), ...tolerations] }),
      },
    },
  };
}
