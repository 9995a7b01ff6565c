/**
 * From a Deployment that runs to an Application that releases it, without a pod that restarts or a request that is lost. Pure:
 * what is left to do is told from the cluster alone, so that who was interrupted anywhere goes on there.
 */
import type { Deployment, ReplicaSet, Service } from '@slipway/kube/api.generated';
import { controllerOf, isControlledBy } from '@slipway/kube/owner-references';
import { deployments, pods, replicaSets, services } from '@slipway/kube/resources';
import { applications, type Application } from '../api/application.ts';
import { isNumbered } from '../asked.ts';
import { annotations, labels, releaseName } from '../names.ts';
import {
  autoscalersOf,
  merge,
  moveAutoscaler,
  noteOf,
  podsOf,
  referringTo,
  refuse,
  selectorKeys,
  type AdoptionRequest,
  type AdoptionWorld,
  type HandoverPlan,
  type Stage,
} from './adoption-world.ts';
import { findRefusals } from './refuse-adoption.ts';
import { claimService, endpointNames, selectingServices } from './selecting-services.ts';

/** The whole of what a handover is about, found. */
interface Handover {
  readonly world: AdoptionWorld;
  readonly deployment: Deployment;
  readonly set: ReplicaSet;
  readonly application: Application;
  /** The record that the controller will write. */
  readonly record: { readonly version: string; readonly name: string };
}

export function planAdoption(world: AdoptionWorld, request: AdoptionRequest): HandoverPlan {
  const { deployment } = world;
  const set = deployment === undefined ? undefined : currentSet(world, deployment);
  const refusals = findRefusals(world, request, set);
  if (refusals.length > 0 || deployment === undefined || set === undefined) return refuse(...refusals);
  const known = world.applications.find(({ metadata }) => metadata.name === request.application);
  const application = known ?? newApplication(request, deployment);
  const handover = { world, deployment, set, application, record: recordOf(world, set, application) };
  const { shared } = selectingServices(world, set);
  return {
    refusals: [],
    notes: shared.map(describeShared),
    stages: [
      // Where it is not to be moved there is none.
      autoscalersOf(world, { kind: deployments.kind, name: request.deployment }).map((scaler) =>
        moveAutoscaler(scaler, applications, request.application),
      ),
      known === undefined
        ? [{ verb: 'create', type: applications, object: application, what: 'say what runs, and how it is released' }]
        : [],
      ...stagesOf(handover),
    ],
  };
}

/** By name: the one that has it, the only one that refers to it, or a new one of the same name. */
export function chooseApplication(world: AdoptionWorld, deployment: string): string {
  const uid = world.deployment === undefined ? undefined : noteOf(world.deployment, 'adoptedBy');
  const owner = world.applications.find(({ metadata }) => uid !== undefined && metadata.uid === uid);
  const [only, ...others] = referringTo(world, deployment);
  return owner?.metadata.name ?? (others.length === 0 ? only?.metadata.name : undefined) ?? deployment;
}

/** The ReplicaSet that serves: taken already, or the one with pods. */
export function currentSet({ replicaSets: all }: AdoptionWorld, deployment: Deployment): ReplicaSet | undefined {
  const taken = all.find(
    (set) => noteOf(set, 'takenFrom') === deployment.metadata.uid && noteOf(set, 'ownerUid') !== undefined,
  );
  return taken ?? all.find((set) => isControlledBy(set, deployment) && (set.spec?.replicas ?? 1) > 0);
}

function newApplication({ namespace, application, strategy }: AdoptionRequest, deployment: Deployment): Application {
  return {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Application',
    metadata: { namespace, name: application },
    spec: {
      replicas: deployment.spec?.replicas ?? 1,
      workloadRef: { kind: 'Deployment', name: deployment.metadata.name ?? '' },
      strategy: { type: strategy ?? 'rolling' },
    },
  };
}

/** The number after those whose ReplicaSets an earlier Application of that name has left: their names are taken. */
function recordOf(world: AdoptionWorld, set: ReplicaSet, { metadata, spec }: Application): Handover['record'] {
  const { name: application = '' } = metadata;
  const left = world.replicaSets.map((each) => each.spec?.selector.matchLabels?.[labels.release] ?? '');
  const own = left.filter((release) => release.startsWith(`${application}-`));
  const numbers = own.map((release) => Number(release.slice(`${application}-`.length)));
  const next = Math.max(0, ...numbers.filter((number) => Number.isInteger(number))) + 1;
  const version = noteOf(set, 'version') ?? (isNumbered(spec.version) ? String(next) : spec.version);
  return { version, name: releaseName(application, version) };
}

function describeShared({ metadata }: Service): string {
  return `the Service ${metadata.name ?? ''} leads to pods of others too and stays as it is: it will send requests to new versions before they are promoted`;
}

/** In the order in which they are safe. */
function stagesOf(handover: Handover): readonly Stage[] {
  const isHanded = noteOf(handover.deployment, 'adopted') !== undefined;
  const handing = [
    claim(handover),
    labelTemplate(handover),
    labelPods(handover),
    checkEndpoints(handover),
    detachHistory(handover),
    detach(handover),
    claimServices(handover),
    finish(handover),
  ];
  return [...(isHanded ? [] : handing), removeCheck(handover), recognition(handover)];
}

/** A Deployment that is not seen to be paused starts a second full set when it misses its ReplicaSet. */
function claim({ deployment, application }: Handover): Stage {
  const { metadata, spec, status } = deployment;
  const { name = '', uid = '' } = application.metadata;
  if (spec?.paused !== true || noteOf(deployment, 'adoptedBy') !== uid || uid === '')
    return [
      merge(deployments, deployment, {
        what: 'pause it: from now on only its template is looked at',
        body: {
          metadata: { labels: { [labels.application]: name }, annotations: { [annotations.adoptedBy]: uid } },
          spec: { paused: true },
        },
      }),
    ];
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)
    ? []
    : [{ verb: 'wait', what: 'the Deployment controller to see the pause' }];
}

function routingLabels({ application, record }: Handover): Readonly<Record<string, string>> {
  return {
    [labels.application]: application.metadata.name ?? '',
    [labels.release]: record.name,
    [labels.serves]: 'true',
    [labels.backend]: 'true',
  };
}

function hasAll(
  given: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => given?.[key] === value);
}

/** Before the pods there are, so that no pod comes without the labels after these have been looked at. */
function labelTemplate(handover: Handover): Stage {
  const { set } = handover;
  const wanted = routingLabels(handover);
  if (!hasAll(set.spec?.template?.metadata?.labels, wanted))
    return [
      merge(replicaSets, set, {
        what: 'label pods to come',
        body: { spec: { template: { metadata: { labels: wanted } } } },
      }),
    ];
  return (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0)
    ? []
    : [{ verb: 'wait', what: 'the ReplicaSet controller to see the labels of pods to come' }];
}

function labelPods(handover: Handover): Stage {
  const wanted = routingLabels(handover);
  return podsOf(handover.world, handover.set)
    .filter(({ metadata }) => !hasAll(metadata.labels, wanted))
    .map((pod) => merge(pods, pod, { what: 'label it as one that serves', body: { metadata: { labels: wanted } } }));
}

/**
 * Whoever keeps the endpoints has caches of pods and of Services, and may see a selector before the labels that it asks for. A
 * Service that nobody uses shows when it has seen the labels.
 */
function checkEndpoints(handover: Handover): Stage {
  const { world, set, application } = handover;
  const { namespace, uid = '' } = application.metadata;
  const name = checkName(handover);
  const isClaimed = claimServices(handover).length === 0;
  if (isClaimed) return [];
  if (!world.services.some(({ metadata }) => metadata.name === name)) {
    const metadata = { namespace, name, annotations: { [annotations.ownerUid]: uid } };
    const spec = { clusterIP: 'None', selector: routingLabels(handover), ports: [{ name: 'check', port: 80 }] };
    const what = 'for a moment, to see that the labels have reached the endpoints';
    const object: Service = { metadata, spec };
    return [{ verb: 'create', type: services, object, what }];
  }
  const seen = endpointNames(world, name);
  const unseen = podsOf(world, set).filter(({ metadata }) => !seen.has(metadata.name ?? ''));
  return unseen.length === 0
    ? []
    : [{ verb: 'wait', what: `the labels of ${unseen.length} pods to reach the endpoints` }];
}

function checkName({ application }: Handover): string {
  return `${application.metadata.name ?? ''}-adoption-check`;
}

/** It is not needed where the selectors are as they should be. */
function removeCheck(handover: Handover): Stage {
  const check = handover.world.services.find(({ metadata }) => metadata.name === checkName(handover));
  return check === undefined
    ? []
    : [{ verb: 'delete', type: services, object: check, what: 'it has served its purpose' }];
}

/**
 * First the ReplicaSets of earlier rollouts: a paused Deployment without pods gives the newest of them as many as it should
 * have. They come back with `eject`.
 */
function detachHistory({ world, deployment, set }: Handover): Stage {
  return world.replicaSets
    .filter((each) => isControlledBy(each, deployment) && each.metadata.uid !== set.metadata.uid)
    .map((each) =>
      merge(replicaSets, each, {
        what: 'be let go of, as an earlier revision, for as long as the Deployment is adopted',
        body: { metadata: detachedMetadata(each, deployment) },
      }),
    );
}

/** Without an owner, whose deletion would take the pods along, and without the labels by which the Deployment would take it back. */
function detachedMetadata(set: ReplicaSet, { metadata, spec }: Deployment) {
  const keys = selectorKeys(spec?.selector);
  return {
    ownerReferences: (set.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== metadata.uid),
    labels: Object.fromEntries(keys.map((key) => [key, null])),
    annotations: {
      [annotations.takenFrom]: metadata.uid,
      [annotations.deploymentName]: metadata.name,
      [annotations.formerLabels]: JSON.stringify(set.metadata.labels ?? {}),
    },
  };
}

function detach({ deployment, set, application, record }: Handover): Stage {
  if (controllerOf(set)?.uid !== deployment.metadata.uid) return [];
  const metadata = detachedMetadata(set, deployment);
  const own = { [labels.application]: application.metadata.name ?? '', [labels.release]: record.name };
  const notes = { [annotations.ownerUid]: application.metadata.uid, [annotations.version]: record.version };
  return [
    merge(replicaSets, set, {
      what: `belong to the Application: version ${record.version}, with the pods that run`,
      body: {
        metadata: {
          ...metadata,
          labels: { ...metadata.labels, ...own },
          annotations: { ...metadata.annotations, ...notes },
        },
      },
    }),
  ];
}

function claimServices({ world, set, application }: Handover): Stage {
  const { name = '', uid = '' } = application.metadata;
  return selectingServices(world, set).own.flatMap((service) => claimService(service, { name, uid }));
}

/** From here on the controller acts. */
function finish({ deployment, set, record }: Handover): Stage {
  const { name = '' } = set.metadata;
  return [
    merge(deployments, deployment, {
      what: `be where the template of version ${record.version} is edited: a change of it is a release`,
      body: { metadata: { annotations: { [annotations.adopted]: name } } },
    }),
  ];
}

function recognition({ application }: Handover): Stage {
  return application.status?.serving === undefined
    ? [{ verb: 'wait', what: 'the delivery controller to write down the version that serves' }]
    : [];
}
