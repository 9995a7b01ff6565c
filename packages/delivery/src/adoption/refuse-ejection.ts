/** Why a Deployment cannot get back what it had as things are; every reason at once, each with what to do. */
import type { ReplicaSet } from '@slipway/kube/api.generated';
import type { Application } from '../api/application.ts';
import { applications } from '../api/application.ts';
import { labels } from '../names.ts';
import { matchesServiceSelector } from '@slipway/kube/selector';
import { autoscalersOf, isLive, noteOf, podsOf, type AdoptionWorld, type EjectionRequest } from './adoption-world.ts';

interface Found {
  readonly application: Application | undefined;
  readonly set: ReplicaSet | undefined;
}

export function findOwner({ applications: all }: AdoptionWorld, uid: string | undefined): Application | undefined {
  return uid === undefined ? undefined : all.find(({ metadata }) => metadata.uid === uid);
}

export function findEjectionRefusals(world: AdoptionWorld, request: EjectionRequest, found: Found): readonly string[] {
  const { deployment } = world;
  const { deployment: name, namespace } = request;
  if (deployment === undefined)
    return [
      `There is no Deployment "${name}" in namespace ${namespace}. Those that there are: kubectl get deployments`,
    ];
  if (noteOf(deployment, 'adoptedBy') === undefined)
    return [`The Deployment "${name}" is not adopted: there is nothing to give back.`];
  if (found.set === undefined)
    return [`No ReplicaSet of the version that serves is left to give back to the Deployment "${name}".`];
  // What has begun goes on: it was looked at before.
  if (noteOf(deployment, 'ejecting') !== undefined) return [];
  return [
    ...refuseAutoscaler(world, request, found),
    ...refuseBusy(world, found),
    ...refuseOthers(world, found.set),
    ...refuseEndpoints(world, found.set),
  ];
}

function refuseAutoscaler(world: AdoptionWorld, request: EjectionRequest, { application }: Found): readonly string[] {
  const name = application?.metadata.name;
  if (request.movesAutoscaler || name === undefined) return [];
  return autoscalersOf(world, { kind: applications.kind, name }).map(
    ({ metadata }) =>
      `The HorizontalPodAutoscaler "${metadata.name ?? ''}" sizes the Application, which will be gone: with --move-hpa it is pointed at the Deployment.`,
  );
}

function refuseBusy({ splits }: AdoptionWorld, { application }: Found): readonly string[] {
  if (application === undefined) return [];
  const { metadata, status, spec } = application;
  const name = metadata.name ?? '';
  const candidate = status?.candidate;
  const isRouted = splits.some((split) => split.metadata.name === name);
  return [
    ...(candidate === undefined
      ? []
      : [
          `The Release "${candidate}" is under way (${status?.phase ?? ''}): wait until it has ended, or end it with \`slipway abort ${name}\`, then run this again.`,
        ]),
    ...(isRouted
      ? [
          `The Application "${name}" has a route, and requests come by it: remove spec.route first, when they come another way.`,
        ]
      : []),
    ...(spec.workloadRef === undefined
      ? [
          `The Application "${name}" does not refer to the Deployment any more: set spec.workloadRef again in place of spec.template.`,
        ]
      : []),
  ];
}

/** With the label of the selectors gone, nothing would keep them out of the traffic. */
function refuseOthers(world: AdoptionWorld, set: ReplicaSet): readonly string[] {
  const own = new Set(podsOf(world, set).map(({ metadata }) => metadata.uid));
  const application = set.metadata.labels?.[labels.application];
  const others = world.pods.filter(
    (pod) =>
      isLive(pod) &&
      application !== undefined &&
      pod.metadata.labels?.[labels.application] === application &&
      pod.metadata.labels['slipway.dev/hook'] === undefined &&
      !own.has(pod.metadata.uid),
  );
  return others.length === 0
    ? []
    : [
        `${others.length} pods of other versions are still there (${others.map(({ metadata }) => metadata.name ?? '').join(', ')}): run this again when they have gone.`,
      ];
}

/** What is in the way of a selector without our label. */
function refuseEndpoints(world: AdoptionWorld, set: ReplicaSet): readonly string[] {
  const own = new Set(podsOf(world, set).map(({ metadata }) => metadata.uid));
  const adopted = world.services.filter((service) => noteOf(service, 'adoptedBy') !== undefined);
  return adopted.flatMap(({ metadata, spec }) => {
    const { [labels.serves]: _, ...selector } = spec?.selector ?? {};
    const joining = world.pods.filter(
      (pod) => isLive(pod) && !own.has(pod.metadata.uid) && matchesServiceSelector(selector, pod.metadata.labels),
    );
    return joining.length === 0
      ? []
      : [
          `The Service "${metadata.name ?? ''}" would lead to ${joining.map((pod) => pod.metadata.name ?? '').join(', ')} too: remove or relabel what is not to serve, then run this again.`,
        ];
  });
}
