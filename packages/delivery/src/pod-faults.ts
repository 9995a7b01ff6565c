/** What is wrong with pods, in words that a person understands. */
import type { Container, ContainerStateTerminated, ContainerStatus, Pod } from '@slipway/kube/api.generated';
import { findCondition, isConditionTrue } from '@slipway/kube/conditions';
import { calculateImageFaults, describePullFault, isPullFault, type ImageFaults } from './image-faults.ts';
import { isReady, type VersionView } from './observation.ts';

const maximumNamed = 3;
const maximumMessage = 200;

/**
 * Why waiting will not help: a container whose image has a name that none can have, that crashes again and again, was killed
 * for its memory, or was restarted because a probe failed. Of this attempt only: what happened to a pod before it began is
 * not its fault.
 */
export function describeFault(pods: readonly Pod[], sinceMilliseconds: number): string | undefined {
  for (const pod of pods) {
    for (const status of statusesOf(pod)) {
      const fault = describeContainerFault(pod, status, sinceMilliseconds);
      if (fault !== undefined) return `container ${status.name} of pod ${pod.metadata.name ?? ''} ${fault}`;
    }
  }
  return undefined;
}

function statusesOf({ status }: Pod): readonly ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
}

function describeContainerFault(pod: Pod, status: ContainerStatus, since: number): string | undefined {
  const { waiting, terminated } = status.state ?? {};
  // An image that is missing may still come, but a version keeps its template.
  if (waiting?.reason === 'InvalidImageName') return `can never start: ${cut(waiting.message ?? waiting.reason)}`;
  const ended = terminated ?? status.lastState?.terminated;
  if (ended === undefined || isBefore(ended, since)) return undefined;
  if (ended.reason === 'OOMKilled') return 'was killed because it used more memory than its limit (OOMKilled)';
  if (isCrashLooping(status)) return `crashes again and again (exit code ${ended.exitCode})`;
  const isRestart = status.restartCount > 0 && wasStopped(ended.exitCode);
  return isRestart && isProbed(pod, status.name)
    ? 'was restarted because its liveness or startup probe failed'
    : undefined;
}

function isBefore({ finishedAt }: ContainerStateTerminated, since: number): boolean {
  return finishedAt !== undefined && Date.parse(finishedAt) < since;
}

/** Once may be chance. */
function isCrashLooping({ state, restartCount }: ContainerStatus): boolean {
  return state?.waiting?.reason === 'CrashLoopBackOff' && restartCount >= 2;
}

/** By a signal, or in good order because of one: 128 + SIGKILL, 128 + SIGTERM, or 0. */
function wasStopped(exitCode: number): boolean {
  return exitCode === 137 || exitCode === 143 || exitCode === 0;
}

/** Nobody but the kubelet stops a container of a pod that stays, and it does so for these probes alone. */
function isProbed({ spec }: Pod, name: string): boolean {
  // One that runs beside the others stands among those that run before them.
  const container = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].find(
    (each: Container) => each.name === name,
  );
  return container?.livenessProbe !== undefined || container?.startupProbe !== undefined;
}

/** `pods shop-2-x, shop-2-y and 3 more of version 2` */
export function describePods(pods: readonly Pod[], version: string): string {
  return `${namePods(pods)} of version ${version}`;
}

/** `pods shop-2-x, shop-2-y and 3 more` */
export function namePods(pods: readonly Pod[]): string {
  const names = pods.map(({ metadata }) => metadata.name ?? '').toSorted();
  const more = names.length > maximumNamed ? ` and ${names.length - maximumNamed} more` : '';
  return `${names.length === 1 ? 'pod' : 'pods'} ${names.slice(0, maximumNamed).join(', ')}${more}`;
}

/** `1 of 3 pods of version 2 to be ready (pods shop-2-x, shop-2-y: container web: image shop:9 cannot be pulled: not found)` */
export function describeMissing(version: VersionView, wanted: number): string {
  const { ready, release } = version;
  return `${ready.length} of ${wanted} pods of version ${release.spec.version} to be ready${describeWhy(version, wanted)}`;
}

/** ` (pods shop-2-x, shop-2-y: container web runs and is not ready yet)`, or nothing. */
export function describeWhy({ release, pods, replicaSet }: VersionView, wanted: number): string {
  const absent = wanted - pods.length;
  const reason = findCondition(replicaSet?.status?.conditions, 'ReplicaFailure')?.message;
  const uncreated = absent > 0 && reason !== undefined ? [`${absent} cannot be created: ${cut(reason)}`] : [];
  const unready = pods.filter((pod) => !isReady(pod));
  const details = [...uncreated, ...describeOpen(unready, calculateImageFaults(pods, release.status?.imageFaults))];
  return details.length === 0 ? '' : ` (${details.join('; ')})`;
}

/**
 * Pods are missing because the cluster takes no more: it refuses to create them, for a quota in most cases, or no node has
 * room. Other pods that go may help there, and nowhere else.
 */
export function isShortOfRoom({ pods, replicaSet }: VersionView): boolean {
  const isRefused = isConditionTrue(replicaSet?.status?.conditions, 'ReplicaFailure');
  const isWaiting = (pod: Pod): boolean => findCondition(pod.status?.conditions, 'PodScheduled')?.status === 'False';
  return (isRefused && pods.length < (replicaSet?.spec?.replicas ?? 0)) || pods.some(isWaiting);
}

/** By reason, in an order of its own, so that the sentence changes only when something does. */
function describeOpen(pods: readonly Pod[], faults: ImageFaults | undefined): readonly string[] {
  return [...Map.groupBy(pods, (pod) => describeUnready(pod, faults))]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([reason, group]) => `${namePods(group)}: ${reason}`);
}

function describeUnready(pod: Pod, faults: ImageFaults | undefined): string {
  const scheduled = findCondition(pod.status?.conditions, 'PodScheduled');
  if (scheduled?.status === 'False')
    return `no node takes it: ${cut(scheduled.message ?? scheduled.reason ?? 'no reason given')}`;
  const stuck = statusesOf(pod).find(({ state, ready }) => !ready && state?.running === undefined);
  if (stuck !== undefined)
    return `container ${stuck.name}: ${isPullFault(stuck) ? describePullFault(stuck, faults) : describeState(stuck)}`;
  const running = pod.status?.containerStatuses?.find(({ ready }) => !ready);
  return running === undefined ? describeReadiness(pod) : `container ${running.name} runs and is not ready yet`;
}

/** No container is behind. With a readiness gate somebody else has the last word. */
function describeReadiness({ status }: Pod): string {
  if ((status?.containerStatuses ?? []).length === 0) return 'not started yet';
  return cut(findCondition(status?.conditions, 'Ready')?.message ?? 'its containers are ready, and it is not yet');
}

function describeState({ state, lastState }: ContainerStatus): string {
  const { waiting, terminated = lastState?.terminated } = state ?? {};
  const ended = terminated === undefined ? '' : ` (it ended with exit code ${terminated.exitCode})`;
  const reason = waiting?.reason ?? terminated?.reason ?? 'not started yet';
  return `${reason}${waiting?.message === undefined ? ended : `: ${cut(waiting.message)}`}`;
}

function cut(text: string): string {
  return text.length > maximumMessage ? `${text.slice(0, maximumMessage)}…` : text;
}
