import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import { deployment, replicaSet } from './catalog/apps.ts';
import { horizontalPodAutoscaler, horizontalPodAutoscalerV1 } from './catalog/autoscaling.ts';
import { job } from './catalog/batch.ts';
import { binding } from './catalog/binding.ts';
import { priorityClass, runtimeClass } from './catalog/classes.ts';
import { controllerRevision } from './catalog/controller-revision.ts';
import { configMap, endpoint, namespace, node, secret, service, serviceAccount } from './catalog/core.ts';
import { cronJob } from './catalog/cron-job.ts';
import { daemonSet } from './catalog/daemon-set.ts';
import { event, eventV1 } from './catalog/event.ts';
import { limitRange } from './catalog/limit-range.ts';
import { nodeMetrics, podMetrics } from './catalog/metrics.ts';
import { networkPolicy } from './catalog/network-policy.ts';
import { customResourceDefinition, endpointSlice, ingress, ingressClass, lease } from './catalog/others.ts';
import { persistentVolume } from './catalog/persistent-volume.ts';
import { persistentVolumeClaim } from './catalog/persistent-volume-claim.ts';
import { pod } from './catalog/pod.ts';
import { podDisruptionBudget } from './catalog/policy.ts';
import { clusterRole, clusterRoleBinding, role, roleBinding } from './catalog/rbac.ts';
import {
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectReviewV1beta1,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenReview,
} from './catalog/reviews.ts';
import { podTemplate, replicationController } from './catalog/replication-controller.ts';
import { resourceQuota } from './catalog/resource-quota.ts';
import { statefulSet } from './catalog/stateful-set.ts';
import { storageClass } from './catalog/storage-class.ts';
import { mutatingWebhookConfiguration, validatingWebhookConfiguration } from './catalog/webhooks.ts';
import { customResources } from './custom-resource.ts';
import type { Catalog, ResourceDefinition } from './definition.ts';

/** Every built-in kind, but for that of kinds. Adding one is adding its entry here. */
const kinds: readonly ResourceDefinition[] = [
  configMap,
  endpoint,
  event,
  namespace,
  node,
  pod,
  secret,
  service,
  serviceAccount,
  persistentVolumeClaim,
  persistentVolume,
  replicationController,
  podTemplate,
  resourceQuota,
  limitRange,
  deployment,
  replicaSet,
  statefulSet,
  daemonSet,
  controllerRevision,
  job,
  cronJob,
  horizontalPodAutoscaler,
  horizontalPodAutoscalerV1,
  endpointSlice,
  lease,
  ingress,
  ingressClass,
  networkPolicy,
  podDisruptionBudget,
  storageClass,
  eventV1,
  priorityClass,
  runtimeClass,
  validatingWebhookConfiguration,
  mutatingWebhookConfiguration,
  role,
  roleBinding,
  clusterRole,
  clusterRoleBinding,
  tokenReview,
  selfSubjectReview,
  selfSubjectReviewV1beta1,
  localSubjectAccessReview,
  selfSubjectAccessReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  binding,
  // After the pods and nodes themselves, which are meant by their names.
  nodeMetrics,
  podMetrics,
];

export interface MutableCatalog extends Catalog {
  /** Adds or replaces what the definition with that name serves. */
  addCustomResource(crd: CustomResourceDefinition): void;
  removeCustomResource(name: string): void;
}

export interface CatalogOptions {
  /** Kinds of the program itself, whose rules its tests have compiled: a start does not compile them again. */
  readonly proven?: readonly CustomResourceDefinition[];
}

export function createCatalog({ proven = [] }: CatalogOptions = {}): MutableCatalog {
  const builtIn = [...kinds, customResourceDefinition(proven)];
  const custom = new Map<string, readonly ResourceDefinition[]>();
  const listeners = new Set<() => void>();
  let all: readonly ResourceDefinition[] = builtIn;
  let byPath = index(all);
  /** Of one request several ask, one after the other. */
  let last = nothingFound;

  function changed(): void {
    all = [...builtIn, ...[...custom.values()].flat()];
    byPath = index(all);
    last = nothingFound;
    for (const listener of listeners) listener();
  }

  return {
    find: (group, version, plural) => {
      if (last.plural !== plural || last.group !== group || last.version !== version)
        last = { group, version, plural, definition: byPath.get(pathOf(group, version, plural)) };
      return last.definition;
    },
    all: () => all,
    onChange: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    addCustomResource: (crd) => {
      custom.set(crd.metadata.name ?? '', customResources(crd));
      changed();
    },
    removeCustomResource: (name) => {
      if (custom.delete(name)) changed();
    },
  };
}

interface Found {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly definition: ResourceDefinition | undefined;
}

const nothingFound: Found = { group: '', version: '', plural: '', definition: undefined };

function pathOf(group: string, version: string, plural: string): string {
  return `${group}/${version}/${plural}`;
}

function index(definitions: readonly ResourceDefinition[]): ReadonlyMap<string, ResourceDefinition> {
  return new Map(
    definitions.map((definition) => [
      pathOf(definition.type.group, definition.type.version, definition.type.plural),
      definition,
    ]),
  );
}
