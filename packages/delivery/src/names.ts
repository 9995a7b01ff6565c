/** Labels, annotations and names of what delivery creates. */
import type { Pod } from '@slipway/kube/api.generated';
import { canonicalJson, fnv32a } from '@slipway/kube/hash';
import type { KubeObject } from '@slipway/kube/object';
import { hash } from 'node:crypto';
import type { ApplicationSpec } from './api/application.ts';
import type { Identity, ReleaseSpec } from './api/release.ts';
import { applicationLabel, hookLabel, releaseLabel, servesLabel, versionAnnotation } from './api/version-labels.ts';

export const fieldManager = 'slipway-controller';

/** Of labels and annotations that are ours. */
export const ownPrefix = 'slipway.dev/';

export const labels = {
  application: applicationLabel,
  release: releaseLabel,
  /** On pods: selected by the Service of the Application. */
  serves: servesLabel,
  /** On pods: selected by the Service of their version. */
  backend: 'slipway.dev/backend',
  /** On a ConfigMap or Secret: `live` where it is not frozen with a version. */
  config: 'slipway.dev/config',
  /** On the copies of ConfigMaps and Secrets. */
  frozen: 'slipway.dev/frozen',
  /** On a Job and its pods: the hook that it is of. */
  hook: hookLabel,
} as const;

export const annotations = {
  /** Of the Application for which the object was made. */
  ownerUid: 'slipway.dev/application-uid',
  version: versionAnnotation,
  /** On what stands for the record of a version that was deleted. */
  lost: 'slipway.dev/lost',
  /** On pods: when they stopped serving, as RFC 3339. */
  leftAt: 'slipway.dev/left-at',
  /** On pods that have left: since when no endpoints name them any more, as RFC 3339. */
  drainingSince: 'slipway.dev/draining-since',
  /** On a copy: the name of what was copied. */
  source: 'slipway.dev/source',
  /** On the Job of a hook: the attempt that it was started for. */
  attempt: 'slipway.dev/attempt',
  /** On what the controller keeps of a ConfigMap or Secret, in place of its data. */
  content: 'slipway.dev/content',
  /** On what the controller keeps of a ConfigMap: its keys, with a space between two. */
  keys: 'slipway.dev/keys',
  /** On a Deployment and on the Services of its pods: the uid of the Application that has them. */
  adoptedBy: 'slipway.dev/adopted-by',
  /** On a Deployment of which everything has been handed over: the name of the ReplicaSet that was. */
  adopted: 'slipway.dev/adopted',
  /** On a Deployment that gets everything back: the name of the ReplicaSet that it goes on with. */
  ejecting: 'slipway.dev/ejecting',
  /** On a ReplicaSet that was taken from a Deployment: the uid of that. */
  takenFrom: 'slipway.dev/taken-from',
  /** On such a ReplicaSet: the name of the Deployment. */
  deploymentName: 'slipway.dev/deployment',
  /** On such a ReplicaSet: the labels by which the Deployment knew it, as JSON. */
  formerLabels: 'slipway.dev/former-labels',
  /** On such a ReplicaSet: the copies that its template was pointed at, by what it read before, as JSON. */
  formerReferences: 'slipway.dev/former-references',
  deletionCost: 'controller.kubernetes.io/pod-deletion-cost',
} as const;

export const teardownFinalizer = 'slipway.dev/teardown';

/** Hashes of the user's template and of the frozen configuration, each with the hash's own version before it. */
export function identityOf(
  { template, environmentFrom = [] }: Pick<ApplicationSpec, 'template' | 'environmentFrom'>,
  frozen: Readonly<Record<string, string>> = {},
): Identity {
  const configuration = Object.keys(frozen).length === 0 ? environmentFrom : { environmentFrom, frozen };
  return { template: `h1:${digest(template)}`, configuration: `h1:${digest(configuration)}` };
}

const digests = new WeakMap<object, string>();

/** Sixteen hex digits over the canonical JSON. Objects are never changed, so that one is hashed once however often it is looked at. */
export function digest(value: unknown): string {
  if (typeof value !== 'object' || value === null) return calculateDigest(value);
  const known = digests.get(value) ?? calculateDigest(value);
  digests.set(value, known);
  return known;
}

function calculateDigest(value: unknown): string {
  return hash('sha256', canonicalJson(value ?? null)).slice(0, 16);
}

export function isSameIdentity(a: Identity, b: Identity): boolean {
  return a.template === b.template && a.configuration === b.configuration;
}

/** The version in the letters that a Service's name may have. */
function slug(version: string): string {
  return version
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}

export function releaseName(application: string, version: string): string {
  return `${application}-${version
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')}`;
}

const backendNames = new WeakMap<object, string>();

/** Name of a version's ReplicaSet and Service: unique for the raw version, and short enough for a Service. */
export function backendName(spec: Pick<ReleaseSpec, 'application' | 'version'>): string {
  const known = backendNames.get(spec) ?? calculateBackendName(spec);
  backendNames.set(spec, known);
  return known;
}

function calculateBackendName({ application, version }: Pick<ReleaseSpec, 'application' | 'version'>): string {
  const suffix = fnv32a(`${application}/${version}`).toString(16).padStart(8, '0');
  return `${application}-${slug(version).slice(0, 62 - application.length - 10)}-${suffix}`.replaceAll(/-{2,}/g, '-');
}

/** A version that ran before there was an Application keeps the ReplicaSet that it had. */
export function replicaSetName(spec: Pick<ReleaseSpec, 'application' | 'version' | 'adopted'>): string {
  return spec.adopted?.replicaSet ?? backendName(spec);
}

export function isOurs(object: KubeObject, applicationUid: string): boolean {
  return object.metadata.annotations?.[annotations.ownerUid] === applicationUid;
}

/** What was adopted says nothing of whose it is. */
export function isOurPod({ metadata }: Pod, applicationUid: string): boolean {
  return [undefined, applicationUid].includes(metadata.annotations?.[annotations.ownerUid]);
}

/** Somebody else's, which leads to the pods of the Application. */
export function isAdoptedBy(object: KubeObject, applicationUid: string): boolean {
  return object.metadata.annotations?.[annotations.adoptedBy] === applicationUid;
}

/** Of the controller that leads. Beside those of the gateways: a namespace that every cluster has. */
export const controllerLease = { namespace: 'kube-system', name: 'slipway-controller' };
