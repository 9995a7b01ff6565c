/** The priority of a pod follows from the class that it names. https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
import type { Pod, PriorityClass } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import { pods, priorityClasses } from '@slipway/kube/resources';
import { systemPriorities } from '../schema/catalog/classes.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { forbidden } from './api-errors.ts';
import { storeKey, storePrefix } from './object-key.ts';
import type { ResourceStore } from './resource-store.ts';

export function createPriorityAdmission(resources: ResourceStore): AdmissionPlugin {
  return {
    admit: (request) => {
      const { definition, object } = request;
      if (definition.type === priorityClasses) return admitClass(object, resources);
      return definition.type === pods ? admitPod(request, resources) : object;
    },
    admitDeletion: ({ definition, object: { metadata } }) => {
      const name = metadata.name ?? '';
      if (definition.type === priorityClasses && systemPriorities.has(name))
        throw forbidden(priorityClasses, name, 'this is a system priority class and cannot be deleted');
    },
  };
}

/** There is one at most that pods get which name none. */
function admitClass(object: KubeObject & Partial<PriorityClass>, resources: ResourceStore): KubeObject {
  const known = object.globalDefault === true ? findDefault(resources) : undefined;
  const { name = '' } = object.metadata;
  if (known === undefined || known.metadata.name === name) return object;
  const why = `PriorityClass ${known.metadata.name ?? ''} is already marked as default. Only one default can exist`;
  throw forbidden(priorityClasses, name, why);
}

function admitPod({ object, old }: AdmissionRequest, resources: ResourceStore): KubeObject {
  const pod: Pod = object;
  const { spec } = pod;
  if (spec === undefined) return object;
  if (old !== undefined) return keepPriority(pod, old);
  const found = classOf(pod, resources);
  const { value = 0, preemptionPolicy = 'PreemptLowerPriority' } = found ?? {};
  if (spec.priority !== undefined && spec.priority !== value) {
    const why = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
    throw forbidden(pods, pod.metadata.name ?? '', why);
  }
  const named = found === undefined ? {} : { priorityClassName: found.metadata.name };
  return { ...pod, ...{ spec: { ...spec, ...named, priority: value, preemptionPolicy } } };
}

/** A replacement that does not speak of it changes nothing. */
function keepPriority(pod: Pod, old: Pod): Pod {
  const { priority, preemptionPolicy } = old.spec ?? {};
  if (pod.spec === undefined || priority === undefined || pod.spec.priority !== undefined) return pod;
  return { ...pod, spec: { ...pod.spec, priority, ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }) } };
}

function classOf({ metadata, spec }: Pod, resources: ResourceStore): PriorityClass | undefined {
  const name = spec?.priorityClassName ?? '';
  if (name === '') return findDefault(resources);
  const ofSystem = systemPriorities.get(name);
  if (ofSystem !== undefined) return { metadata: { name }, value: ofSystem };
  const stored = resources.store.get(storeKey(priorityClasses, undefined, name));
  if (stored === undefined) throw forbidden(pods, metadata.name ?? '', `no PriorityClass with name ${name} was found`);
  return resources.cache.parse(stored) as PriorityClass;
}

function findDefault({ store, cache }: ResourceStore): PriorityClass | undefined {
  return store
    .list(storePrefix(priorityClasses, undefined))
    .map((stored) => cache.parse(stored) as PriorityClass)
    .find(({ globalDefault }) => globalDefault === true);
}
