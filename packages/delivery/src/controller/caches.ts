/** What the controller keeps of the cluster, and the observation that it makes of it. */
import type { ConfigMap, Lease, Pod, PodDisruptionBudget, Service } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { keyOf, type KubeObject, type ObjectKey, type ResourceType } from '@slipway/kube/object';
import {
  configMaps,
  deployments,
  endpointSlices,
  jobs,
  leases,
  podDisruptionBudgets,
  pods,
  replicaSets,
  secrets,
  services,
} from '@slipway/kube/resources';
import { carriersOf, gatewayLeaseLabel, gatewayLeaseNamespace, splits, type Split } from '@slipway/kube/split';
import { resolveWorkload, type Resolved } from '../adoption/workload.ts';
import { applications, type Application } from '../api/application.ts';
import { environmentName } from '../api/environment.ts';
import { releaseApprovals, type ReleaseApproval } from '../api/release-approval.ts';
import { releaseCommands, type ReleaseCommand } from '../api/release-command.ts';
import { releaseGroups, type ReleaseGroup } from '../api/release-group.ts';
import { releases } from '../api/release.ts';
import { referencesOf } from '../asked.ts';
import { environmentReferences } from '../configuration/environment.ts';
import { isReadFor, needsBeside, type Need } from '../configuration/needs-beside.ts';
import { contentHash, isLive, keysOf, saysLive, type Copy, type Source } from '../configuration/content.ts';
import { referenceKey, type Reference } from '../configuration/references.ts';
import { annotations, isAdoptedBy, isOurPod, isOurs, labels } from '../names.ts';
import { withLostVersions } from '../lost-versions.ts';
import type { Observation } from '../observation.ts';
import { byRevision, byStart } from '../release-order.ts';
import { askedCarrier } from '../carriers.ts';
import { sessionKeyName } from '../sessions/session-key.ts';
import { byApplication, companionsOf, dependencyIndex, memberIndex } from './companion-cache.ts';
import type { ConfirmationWatch } from './confirmation-watch.ts';
import type { DrainWatch } from './drain-watch.ts';
import type { LeaseWatch } from './lease.ts';
import type { Findings } from './findings.ts';
import type { SecretContents } from './secret-contents.ts';

export interface CacheOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Undefined: all of them. */
  readonly namespace?: string | undefined;
  readonly signal: AbortSignal;
}

/** Copies of everything that a decision looks at, kept current until the signal. */
export function startCaches(options: CacheOptions): Caches {
  const caches = createInformers(options);
  for (const informer of Object.values(caches)) informer.start(options.signal);
  return caches;
}

/** By their label. */
const indexes = {
  [byApplication]: (object: KubeObject) => [applicationKey(object, labels.application)],
};

function createInformers(given: CacheOptions) {
  const options = { ...given, transform: withoutManagedFields };
  const labelled = <T extends KubeObject>(type: ResourceType<T>, labelSelector: string): Informer<T> =>
    new Informer<T>({ ...options, type, labelSelector, indexes });
  const asked = <T extends ReleaseCommand | ReleaseApproval>(type: ResourceType<T>): Informer<T> =>
    new Informer<T>({
      ...options,
      type,
      indexes: { [byApplication]: ({ metadata, spec }) => [`${metadata.namespace ?? ''}/${spec.application}`] },
    });
  return {
    applications: new Informer<Application>({ ...options, type: applications, indexes: dependencyIndex }),
    releases: labelled(releases, labels.application),
    groups: new Informer<ReleaseGroup>({ ...options, type: releaseGroups, indexes: memberIndex }),
    commands: asked(releaseCommands),
    approvals: asked(releaseApprovals),
    replicaSets: labelled(replicaSets, labels.application),
    pods: labelled(pods, labels.application),
    services: labelled(services, labels.application),
    otherServices: new Informer<Service>({
      ...options,
      type: services,
      labelSelector: `!${labels.application}`,
      indexes,
      transform: withoutDetails,
    }),
    deployments: labelled(deployments, labels.application),
    slices: labelled(endpointSlices, labels.application),
    jobs: labelled(jobs, labels.application),
    budgets: new Informer<PodDisruptionBudget>({ ...options, type: podDisruptionBudgets, indexes }),
    splits: new Informer<Split>({ ...options, type: splits }),
    configMaps: new Informer<ConfigMap>({ ...options, type: configMaps, transform: withoutContent, indexes }),
    secrets: new Informer<KubeObject>({
      ...options,
      type: secrets,
      metadataOnly: true,
      indexes,
    }),
    leases: new Informer<Lease>({ ...options, ...ofGateways }),
  };
}

const ofGateways = { type: leases, namespace: gatewayLeaseNamespace, labelSelector: gatewayLeaseLabel };

/** Its hash and the names of its keys are all that is kept of what may be large. */
function withoutContent(object: ConfigMap): ConfigMap {
  const annotated = {
    ...object.metadata.annotations,
    [annotations.content]: contentHash(object),
    [annotations.keys]: keysOf(object).join(' '),
  };
  const metadata = { ...object.metadata, annotations: annotated, managedFields: undefined };
  return { ...object, data: undefined, binaryData: undefined, metadata };
}

/** Nobody here reads them, and they are the larger part of many objects. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Which pods it selects is all that is looked at. */
function withoutDetails({ metadata, spec = {} }: Service): Service {
  const { name, namespace, resourceVersion, uid, annotations: notes } = metadata;
  const owner = notes?.[annotations.ownerUid];
  return {
    metadata: {
      name,
      namespace,
      resourceVersion,
      uid,
      ...(owner === undefined ? {} : { annotations: { [annotations.ownerUid]: owner } }),
    },
    spec: { type: spec.type, selector: spec.selector },
  };
}

export type Caches = ReturnType<typeof createInformers>;

function applicationKey({ metadata }: KubeObject, label: string): string {
  return `${metadata.namespace ?? ''}/${metadata.labels?.[label] ?? ''}`;
}

/** What is known beside the caches. */
interface Found {
  readonly findings: Findings;
  readonly secretContents: SecretContents;
  readonly gateways: Pick<LeaseWatch, 'live' | 'observedEndpoints'>;
  readonly drains: Pick<DrainWatch, 'measure'>;
  readonly confirmations: Pick<ConfirmationWatch, 'measure'>;
  readonly now: number;
}

/** Undefined: the Application is gone. */
export function observe(
  key: ObjectKey,
  caches: Caches,
  { findings, secretContents, gateways, drains, confirmations, now }: Found,
): Observation | undefined {
  const given = caches.applications.get(key);
  if (given === undefined) return undefined;
  const { application, workload } = resolveApplication(given, caches);
  const index = `${key.namespace ?? ''}/${key.name}`;
  const { uid = '' } = application.metadata;
  const split = caches.splits.get(key);
  // Of an Application of the same name that is gone, and left them serving: its objects are not ours.
  const isOwn = (object: KubeObject): boolean => isOurs(object, uid);
  const observation: Observation = {
    application,
    workload,
    releases: caches.releases.byIndex(byApplication, index).filter(isOwn).filter(isKept).toSorted(byStart),
    commands: caches.commands.byIndex(byApplication, index).toSorted(byRevision),
    approvals: caches.approvals.byIndex(byApplication, index).toSorted(byRevision),
    replicaSets: caches.replicaSets.byIndex(byApplication, index).filter(isOwn),
    ...podsOf(caches.pods.byIndex(byApplication, index), { uid, drains }),
    services: caches.services
      .byIndex(byApplication, index)
      .filter((service) => isOwn(service) || isAdoptedBy(service, uid)),
    otherServices: caches.otherServices.byIndex(byApplication, `${key.namespace ?? ''}/`),
    slices: caches.slices.byIndex(byApplication, index),
    budgets: [index, `${key.namespace ?? ''}/`].flatMap((of) => caches.budgets.byIndex(byApplication, of)),
    split,
    confirmedFor: confirmations.measure(split),
    gateways: confirmersOf({ application, split, gateways: gateways.live }),
    observedEndpoints: gateways.observedEndpoints,
    answers: findings.answers,
    sources: sourcesOf(application, caches, secretContents),
    copies: copiesOf(caches, index).filter(({ object }) => isOwn(object)),
    trial: findings.trials.get(uid),
    failure: findings.failures.get(uid),
    measurements: findings.measurements,
    jobs: caches.jobs.byIndex(byApplication, index).filter(isOwn),
    hookFindings: findings.hooks,
    companions: companionsOf(caches, application),
    sessionKey: [caches.secrets.get({ namespace: key.namespace, name: sessionKeyName(key.name) })].find(
      (secret) => secret !== undefined && isOwn(secret),
    ),
  };
  return isHandedOver(observation) ? withLostVersions(observation, now) : observation;
}

function podsOf(
  all: readonly Pod[],
  { uid, drains }: { readonly uid: string } & Pick<Found, 'drains'>,
): Pick<Observation, 'pods' | 'leftFor' | 'drainedFor'> {
  const own = all.filter((pod) => isOurPod(pod, uid));
  return { pods: own, ...drains.measure(own) };
}

/** One that is deleted is gone, though a server may hold it until it is written down: nothing is to be begun with it. */
function isKept({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

/** What was taken from a Deployment has no record before it is wholly handed over, and is not lost for that. */
function isHandedOver({ workload, application, releases: all }: Observation): boolean {
  if (workload === undefined) return true;
  return workload.state === 'adopted' && (application.status?.serving !== undefined || all.length > 0);
}

/** With the template that its Deployment has, where that says what runs. */
export function resolveApplication(application: Application, { deployments: known }: Caches): Resolved {
  const { metadata, spec } = application;
  const { name } = spec.workloadRef ?? {};
  return name === undefined
    ? { application }
    : resolveWorkload(application, known.get({ namespace: metadata.namespace, name }));
}

/** Our gateways, where they carry the requests; for a router of another project our controller of it, in its name. */
function confirmersOf({
  application,
  split,
  gateways,
}: Pick<Observation, 'application' | 'split' | 'gateways'>): Observation['gateways'] {
  return carriersOf(split?.spec ?? askedCarrier(application)).flatMap((name) =>
    name === 'gateway' ? gateways : [name],
  );
}

/** What spec refers to, for its pods or beside them, and the variables of the platform, as far as they exist. */
function sourcesOf(application: Application, caches: Caches, contents: SecretContents): ReadonlyMap<string, Source> {
  const { namespace } = application.metadata;
  const needs = needsBeside(application.spec);
  const beside = needs.map(({ reference }) => reference);
  const wanted = [...referencesOf(application.spec), ...environmentReferences, ...beside];
  const ofConfigMaps = wanted.flatMap((reference) => {
    const object = reference.kind === 'Secret' ? undefined : caches.configMaps.get({ namespace, name: reference.name });
    return object === undefined ? [] : [[referenceKey(reference), sourceOf(object)] as const];
  });
  const ofSecrets = [...referredSecrets(application, caches), ...secretsBeside(application, needs, caches)].map(
    (object) =>
      [referenceKey({ kind: 'Secret', name: object.metadata.name ?? '' }), contents.sourceOf(object)] as const,
  );
  return new Map([...ofConfigMaps, ...ofSecrets]);
}

/** Those of which a copy would be made: what spec calls live is nobody's business. */
function referredSecrets({ metadata, spec }: Application, caches: Caches): readonly KubeObject[] {
  const live = new Set(spec.configuration?.live);
  const isCopied = ({ kind, name }: Reference): boolean => kind === 'Secret' && !live.has(name);
  const wanted = [...referencesOf(spec).filter(isCopied), ...environmentReferences.filter(isSecret)];
  return wanted.flatMap(({ name }) => caches.secrets.get({ namespace: metadata.namespace, name }) ?? []);
}

/** Of hooks and checks, which read them where they stand. */
function secretsBeside({ metadata }: Application, all: readonly Need[], caches: Caches): readonly KubeObject[] {
  return all
    .map(({ reference }) => reference)
    .filter(isSecret)
    .flatMap(({ name }) => caches.secrets.get({ namespace: metadata.namespace, name }) ?? []);
}

function isSecret({ kind }: Reference): boolean {
  return kind === 'Secret';
}

/** Before a look at an Application: what it refers to is read where that is not known. */
export function readSecrets(key: ObjectKey, caches: Caches, contents: SecretContents): Promise<void> {
  const given = caches.applications.get(key);
  if (given === undefined) return Promise.resolve();
  const { application } = resolveApplication(given, caches);
  // Of the platform's variables there is a copy whatever they say.
  const isCopied = (secret: KubeObject): boolean => !saysLive(secret) || secret.metadata.name === environmentName;
  const copied = referredSecrets(application, caches).filter(isCopied);
  const beside = secretsBeside(application, needsBeside(application.spec).filter(isReadFor), caches);
  return contents.read([...new Set([...copied, ...beside])]);
}

/** What is deleted is forgotten. */
export function followSecrets(caches: Caches, contents: SecretContents): void {
  caches.secrets.onChange(({ current, old }) => {
    if (current === undefined && old !== undefined) contents.forget(keyOf(old));
  });
}

function sourceOf(object: ConfigMap): Source {
  const { [annotations.content]: content = '', [annotations.keys]: keys = '' } = object.metadata.annotations ?? {};
  return { content, isLive: isLive(object), keys: keys.split(' ') };
}

function copiesOf(caches: Caches, index: string): readonly Copy[] {
  const isCopy = ({ metadata }: KubeObject): boolean => metadata.labels?.[labels.frozen] === 'true';
  return [
    ...caches.configMaps.byIndex(byApplication, index).map((object) => ({ kind: 'ConfigMap', object }) as const),
    ...caches.secrets.byIndex(byApplication, index).map((object) => ({ kind: 'Secret', object }) as const),
  ].filter(({ object }) => isCopy(object));
}
