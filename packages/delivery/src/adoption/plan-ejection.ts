/**
 * The way back: the pods of the version that serves are handed to the Deployment, which goes on with them, and the Application
 * goes. Pure, and told from the cluster alone, as adopting is.
 */
import type { Deployment, Pod, PodTemplateSpec, ReplicaSet, Service } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { isControlledBy } from '@slipway/kube/owner-references';
import { deployments, podDisruptionBudgets, pods, replicaSets, services } from '@slipway/kube/resources';
import { applications, type Application } from '../api/application.ts';
import { releases, type Release } from '../api/release.ts';
import { renameReferences, toOriginals } from '../configuration/references.ts';
import { annotations, isOurs, labels } from '../names.ts';
import {
  autoscalersOf,
  merge,
  moveAutoscaler,
  noteOf,
  podsOf,
  refuse,
  selectorKeys,
  type AdoptionWorld,
  type EjectionRequest,
  type HandoverPlan,
  type Stage,
} from './adoption-world.ts';
import { findEjectionRefusals, findOwner } from './refuse-ejection.ts';
import { releaseService, unreleasedSlices } from './selecting-services.ts';
import { isOwn, withoutHash } from './template.ts';

/** The end: nothing is left of us at the Deployment. */
export function isEjected({ deployment }: AdoptionWorld): boolean {
  return deployment !== undefined && noteOf(deployment, 'adoptedBy') === undefined;
}

interface Return {
  readonly world: AdoptionWorld;
  readonly deployment: Deployment;
  /** Of the Application, which may be gone. */
  readonly uid: string;
  readonly application: Application | undefined;
  /** With the pods that go on. */
  readonly set: ReplicaSet;
}

export function planEjection(world: AdoptionWorld, request: EjectionRequest): HandoverPlan {
  const { deployment } = world;
  const uid = deployment === undefined ? undefined : noteOf(deployment, 'adoptedBy');
  const application = findOwner(world, uid);
  const set = deployment === undefined ? undefined : returningSet(world, deployment, application);
  const refusals = findEjectionRefusals(world, request, { application, set });
  if (refusals.length > 0 || deployment === undefined || set === undefined || uid === undefined)
    return refuse(...refusals);
  return { refusals: [], notes: notesOf(world, set), stages: stagesOf({ world, deployment, uid, application, set }) };
}

/** The one that was chosen before, that of the version that serves, or the one that has not been taken yet. */
function returningSet(
  { replicaSets: all }: AdoptionWorld,
  deployment: Deployment,
  application: Application | undefined,
): ReplicaSet | undefined {
  const chosen = noteOf(deployment, 'ejecting');
  if (chosen !== undefined) return all.find(({ metadata }) => metadata.name === chosen);
  const uid = noteOf(deployment, 'adoptedBy') ?? '';
  const serving = application?.status?.serving?.release;
  const own = all.filter((set) => isOurs(set, uid));
  return (
    own.find(({ metadata }) => serving !== undefined && metadata.labels?.[labels.release] === serving) ??
    own.find((set) => noteOf(set, 'takenFrom') !== undefined && (set.spec?.replicas ?? 1) > 0) ??
    all.find((set) => isControlledBy(set, deployment) && (set.spec?.replicas ?? 1) > 0)
  );
}

function notesOf(world: AdoptionWorld, set: ReplicaSet): readonly string[] {
  const spec = recordOf(world, set)?.spec;
  const frozen = spec?.adopted === undefined ? spec?.frozen : {};
  const copies = Object.entries(frozen ?? {}).map(([key, copy]) => `${copy} (of ${key})`);
  return copies.length === 0
    ? []
    : [`its template goes on with the frozen ${copies.join(', ')}: point it at the originals when you change it next`];
}

/** In the order in which they are safe. */
function stagesOf(given: Return): readonly Stage[] {
  return [
    returnAutoscalers(given),
    choose(given),
    deleteApplication(given),
    returnServices(given),
    awaitEndpoints(given),
    cleanTemplate(given),
    cleanPods(given),
    returnTemplate(given),
    attach(given),
    returnHistory(given),
    removeRecords(given),
    letGo(given),
  ];
}

function returnAutoscalers({ world, deployment, application }: Return): Stage {
  const name = application?.metadata.name;
  if (name === undefined) return [];
  return autoscalersOf(world, { kind: applications.kind, name }).map((scaler) =>
    moveAutoscaler(scaler, deployments, deployment.metadata.name ?? ''),
  );
}

/** From here on nothing is released; and whoever goes on later knows what was meant, though the Application is gone. */
function choose({ deployment, set }: Return): Stage {
  const { name = '' } = set.metadata;
  if (noteOf(deployment, 'ejecting') === name && deployment.spec?.paused === true) return [];
  return [
    merge(deployments, deployment, {
      what: `get back the pods of ${name}`,
      body: { metadata: { annotations: { [annotations.ejecting]: name } }, spec: { paused: true } },
    }),
  ];
}

/** Its controller lets go of what it refers to: the pods stay. */
function deleteApplication({ application }: Return): Stage {
  if (application === undefined) return [];
  return application.metadata.deletionTimestamp === undefined
    ? [{ verb: 'delete', type: applications, object: application, what: 'its pods and Services stay' }]
    : [{ verb: 'wait', what: 'the delivery controller to let go of the Application' }];
}

function returnServices({ world, deployment, uid }: Return): Stage {
  return world.services.flatMap((service) => {
    if (noteOf(service, 'adoptedBy') === uid) return [releaseService(service)];
    return isApplicationService(service, uid) ? [keepService(service, deployment)] : [];
  });
}

/** Clients know it, so it stays, as the user's own. */
function isApplicationService(service: Service, uid: string): boolean {
  return isOurs(service, uid) && service.metadata.labels?.[labels.application] === service.metadata.name;
}

function keepService(service: Service, { spec }: Deployment) {
  const { [labels.serves]: _, [labels.application]: __, ...others } = service.spec?.selector ?? {};
  const selector = { ...others, ...spec?.selector?.matchLabels, [labels.serves]: null, [labels.application]: null };
  const notes = { [annotations.ownerUid]: null, [annotations.content]: null };
  return merge(services, service, {
    what: 'stay, as a Service of the Deployment: with the same pods behind it',
    body: { metadata: { labels: { [labels.application]: null }, annotations: notes }, spec: { selector } },
  });
}

/** The label that a selector asked for may go when whoever keeps the endpoints has seen that it asks no more. */
function awaitEndpoints({ world, set }: Return): Stage {
  const name = set.metadata.labels?.[labels.application];
  const selecting = world.services.filter((service) => noteOf(service, 'ownerUid') === undefined);
  const late = unreleasedSlices(
    world,
    selecting.map(({ metadata }) => metadata.name ?? ''),
  );
  return late.length === 0
    ? []
    : [{ verb: 'wait', what: `the endpoints of ${late.length} Services to follow (${name ?? 'adopted'})` }];
}

/** What the selector of the ReplicaSet asks for can never go. */
function ownKeys(given: Readonly<Record<string, string>> | undefined, set: ReplicaSet): readonly string[] {
  const fixed = new Set(selectorKeys(set.spec?.selector));
  return Object.keys(given ?? {}).filter((key) => isOwn(key) && !fixed.has(key));
}

function without(keys: readonly string[]): Readonly<Record<string, null>> {
  return Object.fromEntries(keys.map((key) => [key, null]));
}

function cleanTemplate({ world, set }: Return): Stage {
  return cleanedTemplate(world, set, 'make pods without the labels of Slipway') ?? awaitTemplate(set);
}

function cleanedTemplate(world: AdoptionWorld, set: ReplicaSet, what: string): Stage | undefined {
  const { labels: given, annotations: notes } = set.spec?.template?.metadata ?? {};
  const [own, ownNotes] = [ownKeys(given, set), Object.keys(notes ?? {}).filter(isOwn)];
  const original = originalSpec(world, set);
  const isOriginal = isSameJson(original, set.spec?.template?.spec);
  if (own.length + ownNotes.length === 0 && isOriginal) return undefined;
  const metadata = { labels: without(own), annotations: without(ownNotes) };
  const template = { metadata, ...(isOriginal ? {} : { spec: original }) };
  return [merge(replicaSets, set, { what, body: { spec: { template } } })];
}

/** What ran before there was an Application is to read its configuration where it did then, also where its record is gone. */
function originalSpec(world: AdoptionWorld, set: ReplicaSet): PodTemplateSpec['spec'] {
  const template = set.spec?.template ?? {};
  const former = noteOf(set, 'formerReferences');
  const record = recordOf(world, set);
  const frozen = former === undefined ? record?.spec.adopted && record.spec.frozen : parseEntries(former);
  return frozen === undefined ? template.spec : renameReferences(template, toOriginals({ frozen })).spec;
}

function recordOf({ releases: all }: AdoptionWorld, set: ReplicaSet): Release | undefined {
  return all.find(({ metadata }) => metadata.name === set.metadata.labels?.[labels.release]);
}

function awaitTemplate({ metadata, status }: ReplicaSet): Stage {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)
    ? []
    : [{ verb: 'wait', what: 'the ReplicaSet controller to see the labels of pods to come' }];
}

function cleanPods({ world, set }: Return): Stage {
  return podsOf(world, set).flatMap((pod: Pod) => {
    const [own, notes] = [ownKeys(pod.metadata.labels, set), Object.keys(pod.metadata.annotations ?? {}).filter(isOwn)];
    if (own.length + notes.length === 0) return [];
    const metadata = { labels: without(own), annotations: without(notes) };
    return [merge(pods, pod, { what: 'lose the labels of Slipway', body: { metadata } })];
  });
}

/** As a Deployment would have written it for these pods: so it finds its own ReplicaSet in this one, and starts nothing. */
function wantedTemplate(set: ReplicaSet): PodTemplateSpec {
  const { metadata = {}, spec } = set.spec?.template ?? {};
  const own = ownKeys(metadata.labels, set);
  const cleaned = Object.fromEntries(Object.entries(metadata.labels ?? {}).filter(([key]) => !own.includes(key)));
  const notes = Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !isOwn(key)));
  return withoutHash({ metadata: { ...metadata, labels: cleaned, annotations: notes }, spec });
}

function isTemplateReturned({ deployment: { spec }, set }: Return): boolean {
  const replicas = set.spec?.replicas ?? 1;
  return isSameJson(withoutHash(spec?.template ?? {}), wantedTemplate(set)) && spec?.replicas === replicas;
}

function returnTemplate(given: Return): Stage {
  const { deployment, set } = given;
  if (isTemplateReturned(given)) return [];
  const { spec } = deployment;
  const what = 'have the template and the size of what serves';
  const wanted = { template: wantedTemplate(set), replicas: set.spec?.replicas ?? 1 };
  if (spec === undefined) return [];
  const object: Deployment = { ...deployment, spec: { ...spec, ...wanted } };
  return [{ verb: 'update', type: deployments, object, what }];
}

/** The labels are those by which it was known, or those of its pods; the Deployment takes what its selector matches. */
function attach({ deployment, set }: Return): Stage {
  const name = deployment.metadata.name ?? '';
  if (isControlledBy(set, deployment)) return [];
  if (noteOf(set, 'ownerUid') === undefined && set.metadata.labels?.[labels.application] === undefined)
    return [{ verb: 'wait', what: `the Deployment controller to take back ${set.metadata.name ?? ''}` }];
  return [returned(set, `belong to the Deployment ${name} again, with the pods that run`)];
}

/**
 * What a Deployment notes of its size at a ReplicaSet goes: where it is not that of now, the Deployment would take it for a
 * scaling that is under way, and never roll out again.
 */
const sizeNotes = ['deployment.kubernetes.io/desired-replicas', 'deployment.kubernetes.io/max-replicas'];

function returned(set: ReplicaSet, what: string) {
  const former = noteOf(set, 'formerLabels');
  const known = former === undefined ? (set.spec?.template?.metadata?.labels ?? {}) : parseEntries(former);
  const kept = Object.fromEntries(Object.entries(known).filter(([key]) => !isOwn(key)));
  const gone = Object.keys(set.metadata.labels ?? {}).filter(isOwn);
  const notes = [...Object.keys(set.metadata.annotations ?? {}).filter(isOwn), ...sizeNotes];
  return merge(replicaSets, set, {
    what,
    body: { metadata: { labels: { ...without(gone), ...kept }, annotations: without(notes) } },
  });
}

/** Labels as `detachedMetadata` wrote them, and names of copies as the controller did. */
function parseEntries(text: string): Readonly<Record<string, string>> {
  const value: unknown = JSON.parse(text);
  return Object.fromEntries(
    Object.entries(value ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** After the one with pods: a paused Deployment gives its newest ReplicaSet pods where none has any. */
function returnHistory({ world, deployment, set }: Return): Stage {
  return world.replicaSets
    .filter((each) => each.metadata.uid !== set.metadata.uid)
    .filter((each) => noteOf(each, 'takenFrom') === deployment.metadata.uid)
    .flatMap(
      (each) =>
        cleanedTemplate(world, each, 'be as it was') ?? [
          returned(each, 'be an earlier revision of the Deployment again'),
        ],
    );
}

/** What was made for the Application and holds no pods. */
function removeRecords({ world, uid, set }: Return): Stage {
  const idle = world.replicaSets.filter(
    (each) =>
      each.metadata.uid !== set.metadata.uid &&
      noteOf(each, 'takenFrom') === undefined &&
      podsOf(world, each).length === 0,
  );
  return [
    ...removals(services, world.services, uid),
    ...removals(podDisruptionBudgets, world.budgets, uid),
    ...removals(replicaSets, idle, uid),
    ...removals(releases, world.releases, uid),
  ];
}

function removals(type: ResourceType, objects: readonly KubeObject[], uid: string): Stage {
  return objects
    .filter((object) => isOurs(object, uid))
    .map((object) => ({ verb: 'delete', type, object, what: 'it was made for the Application' }));
}

/** Last, in one write: who sees the Deployment go on sees nothing of us. */
function letGo({ deployment }: Return): Stage {
  const notes = Object.keys(deployment.metadata.annotations ?? {}).filter(isOwn);
  return [
    merge(deployments, deployment, {
      what: 'go on by itself',
      body: {
        metadata: { labels: { [labels.application]: null }, annotations: without(notes) },
        spec: { paused: null },
      },
    }),
  ];
}
