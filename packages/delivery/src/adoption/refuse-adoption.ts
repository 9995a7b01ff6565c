/** Why a Deployment cannot be adopted as it is; every reason at once, each with what to do. */
import type { Deployment, ReplicaSet } from '@slipway/kube/api.generated';
import { isControlledBy } from '@slipway/kube/owner-references';
import { deployments } from '@slipway/kube/resources';
import { matchesLabelSelector } from '@slipway/kube/selector';
import { validateTemplate } from '../validate-template.ts';
import { isOwn, isSameContent } from './template.ts';
import {
  autoscalersOf,
  noteOf,
  referringTo,
  selectorKeys,
  type AdoptionRequest,
  type AdoptionWorld,
} from './adoption-world.ts';

export function findRefusals(
  world: AdoptionWorld,
  request: AdoptionRequest,
  set: ReplicaSet | undefined,
): readonly string[] {
  const { deployment } = world;
  const name = request.deployment;
  if (deployment === undefined)
    return [
      `There is no Deployment "${name}" in namespace ${request.namespace}. Those that there are: kubectl get deployments`,
    ];
  if (deployment.metadata.deletionTimestamp !== undefined) return [`The Deployment "${name}" is being deleted.`];
  const foreign = refuseForeign(world, request, deployment);
  if (foreign.length > 0) return foreign;
  const scaled = refuseAutoscaler(world, request);
  // What has begun goes on: it was looked at before.
  if (noteOf(deployment, 'adoptedBy') !== undefined)
    return set === undefined ? [`The Deployment "${name}" has no pods that could be handed over.`] : scaled;
  return [
    ...refuseName(request),
    ...scaled,
    ...refuseSize(world, request, deployment),
    ...refuseRollout(world, deployment, set),
    ...refuseTemplate(deployment),
    ...(set === undefined ? [] : refuseSelectors(deployment, set)),
  ];
}

function refuseForeign(world: AdoptionWorld, request: AdoptionRequest, deployment: Deployment): readonly string[] {
  const { application: chosen, deployment: name } = request;
  const owner = noteOf(deployment, 'adoptedBy');
  const others = referringTo(world, name).filter(({ metadata }) => metadata.name !== chosen);
  if (others.length > 0)
    return others.map(
      ({ metadata }) =>
        `The Application "${metadata.name ?? ''}" refers to the Deployment "${name}" already, and one Deployment belongs to one Application: adopt it with --name ${metadata.name ?? ''}, or delete that Application first.`,
    );
  const own = world.applications.find(({ metadata }) => metadata.name === chosen);
  if (own === undefined)
    return owner === undefined
      ? []
      : [`The Deployment "${name}" is adopted by an Application that is gone: run \`slipway eject ${name}\` first.`];
  if (own.metadata.deletionTimestamp !== undefined) return [`The Application "${chosen}" is being deleted.`];
  if (own.spec.workloadRef?.name !== name)
    return [
      `The Application "${chosen}" says otherwise what runs: expected spec.workloadRef {kind: Deployment, name: ${name}}. Take another name with --name.`,
    ];
  if (owner !== undefined && owner !== own.metadata.uid)
    return [`The Deployment "${name}" is adopted by an earlier Application: run \`slipway eject ${name}\` first.`];
  return owner === undefined && own.status?.serving !== undefined
    ? [
        `The Application "${chosen}" has versions of its own already (${own.status.serving.version} serves): take another name with --name.`,
      ]
    : [];
}

/** A manifest that names no size asks for one pod: nobody means to lose the others by adopting. */
function refuseSize(
  { applications }: AdoptionWorld,
  { application: chosen }: AdoptionRequest,
  { metadata, spec }: Deployment,
): readonly string[] {
  const given = applications.find((each) => each.metadata.name === chosen);
  const [wanted, replicas] = [given?.spec.replicas ?? 1, spec?.replicas ?? 1];
  return given === undefined || wanted === replicas
    ? []
    : [
        `The Application "${chosen}" asks for ${wanted} pods and the Deployment "${metadata.name ?? ''}" has ${replicas}: set spec.replicas of the Application to ${replicas}, and scale it later.`,
      ];
}

function refuseName({ application }: AdoptionRequest): readonly string[] {
  return /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(application) && application.length <= 40
    ? []
    : [
        `"${application}" cannot be the name of an Application, which is a DNS-1035 label of at most 40 characters: give one with --name.`,
      ];
}

function refuseAutoscaler(world: AdoptionWorld, { deployment, movesAutoscaler }: AdoptionRequest): readonly string[] {
  const found = autoscalersOf(world, { kind: deployments.kind, name: deployment });
  return movesAutoscaler
    ? []
    : found.map(
        ({ metadata }) =>
          `The HorizontalPodAutoscaler "${metadata.name ?? ''}" sizes the Deployment, which will have no pods to size any more: with --move-hpa it is pointed at the Application.`,
      );
}

/** In the middle of a rollout nobody could say which pods are the version that serves. */
function refuseRollout(world: AdoptionWorld, deployment: Deployment, set: ReplicaSet | undefined): readonly string[] {
  const name = deployment.metadata.name ?? '';
  if (set === undefined)
    return [
      `The Deployment "${name}" has no pods: there is nothing to adopt without losing a request. Deploy an Application instead.`,
    ];
  const active = activeSets(world, deployment);
  if (active !== 1 || !isRolledOut(deployment))
    return [
      `The Deployment "${name}" is not rolled out (${deployment.status?.readyReplicas ?? 0} of ${deployment.spec?.replicas ?? 1} pods are ready, of ${active} ReplicaSets): wait for \`kubectl rollout status deployment/${name}\`, then run this again.`,
    ];
  return isSameContent(set.spec?.template, deployment.spec?.template)
    ? []
    : [
        `The template of the Deployment "${name}" is not the one that runs: resume it or undo the change, then run this again.`,
      ];
}

/** The Application would be invalid by it once everything is handed over. */
function refuseTemplate({ metadata, spec }: Deployment): readonly string[] {
  return validateTemplate({ template: spec?.template }).map(
    ({ field = '', message }) =>
      `The Deployment "${metadata.name ?? ''}" has in ${field} what an Application may not have: ${message}`,
  );
}

function activeSets({ replicaSets }: AdoptionWorld, deployment: Deployment): number {
  const isActive = ({ spec, status }: ReplicaSet): boolean => (spec?.replicas ?? 1) > 0 || (status?.replicas ?? 0) > 0;
  return replicaSets.filter((set) => isControlledBy(set, deployment) && isActive(set)).length;
}

function isRolledOut({ metadata, spec, status = {} }: Deployment): boolean {
  const replicas = spec?.replicas ?? 1;
  const isSeen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return isSeen && status.replicas === replicas && status.readyReplicas === replicas;
}

function refuseSelectors({ metadata, spec }: Deployment, set: ReplicaSet): readonly string[] {
  const name = metadata.name ?? '';
  const fixed = selectorKeys(set.spec?.selector).filter(isOwn);
  const keys = new Set(selectorKeys(spec?.selector));
  const left = Object.fromEntries(Object.entries(set.metadata.labels ?? {}).filter(([key]) => !keys.has(key)));
  return [
    ...(fixed.length === 0
      ? []
      : [
          `The ReplicaSet "${set.metadata.name ?? ''}" was made by Slipway and selects its pods by ${fixed.join(' and ')}: run \`kubectl rollout restart deployment/${name}\`, and adopt what that makes.`,
        ]),
    ...(matchesLabelSelector(spec?.selector, left)
      ? [
          `The selector of the Deployment "${name}" matches what bears none of its labels: its ReplicaSet cannot be taken out of it.`,
        ]
      : []),
  ];
}
