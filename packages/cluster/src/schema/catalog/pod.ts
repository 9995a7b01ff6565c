import type { Container, ContainerStatus, Pod, PodSpec } from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';
import { isSameJson } from '@slipway/kube/json-equality';
import { pods } from '@slipway/kube/resources';
import { humanDuration } from '../columns.ts';
import type { Fault } from '../definition.ts';
import { define, type Column } from '../entry.ts';
import { forbidden } from '../faults.ts';
import { dns1123Subdomain } from '../names.ts';
import { checkEphemeralChange, refuseEphemeralContainers, takeEphemeralContainers } from './ephemeral-containers.ts';
import { checkPodChanges } from './pod-changes.ts';
import { checkGatedPlacement, withoutPlacement } from './pod-placement-changes.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { validatePodSpec } from './pod-template.ts';

const columns: ReadonlyArray<Column<Pod>> = [
  { name: 'Ready', cell: readyText },
  { name: 'Status', cell: statusText },
  { name: 'Restarts', cell: restartsText },
  { name: 'IP', wide: true, cell: (pod) => pod.status?.podIP ?? '<none>' },
  { name: 'Node', wide: true, cell: (pod) => pod.spec?.nodeName ?? '<none>' },
  { name: 'Nominated Node', wide: true, cell: (pod) => pod.status?.nominatedNodeName ?? '<none>' },
  { name: 'Readiness Gates', wide: true, cell: readinessGatesText },
];

export const pod = define<Pod>({
  type: pods,
  schemaType: 'io.k8s.api.core.v1.Pod',
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  connect: ['attach', 'binding', 'eviction', 'exec', 'log', 'portforward', 'proxy'],
  parts: { ephemeralcontainers: { take: takeEphemeralContainers, validate: checkEphemeralChange } },
  nameRule: dns1123Subdomain,
  columns,
  selectableFields: {
    'spec.nodeName': (object) => object.spec?.nodeName ?? '',
    'spec.restartPolicy': (object) => object.spec?.restartPolicy ?? '',
    'spec.schedulerName': (object) => object.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (object) => object.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (object) => String(object.spec?.hostNetwork ?? false),
    'status.nominatedNodeName': (object) => object.status?.nominatedNodeName ?? '',
    'status.phase': (object) => object.status?.phase ?? '',
    'status.podIP': (object) => object.status?.podIP ?? '',
    // Known to Kubernetes, and of no pod.
    'status.podIPs': () => '',
    // As clients of the first versions say.
    'spec.host': (object) => object.spec?.nodeName ?? '',
  },
  defaults: (object) => (object.spec === undefined ? object : { ...object, spec: defaultSpec(object.spec) }),
  prepareCreate: (object) => ({
    ...object,
    status: { phase: 'Pending', qosClass: qosClass(object), ...gatedConditions(object.spec) },
  }),
  validate: (object) => (object.spec === undefined ? [] : validatePodSpec(object.spec, 'spec')),
  validateUpdate: validatePodUpdate,
  validateRules: (object, old) =>
    old === undefined ? refuseEphemeralContainers(object, 'spec', 'cannot be set on create') : [],
});

const gated = 'SchedulingGated';

function gatedConditions(spec: PodSpec | undefined): Pick<NonNullable<Pod['status']>, 'conditions'> {
  if ((spec?.schedulingGates ?? []).length === 0) return {};
  const message = 'Scheduling is blocked due to non-empty scheduling gates';
  return { conditions: [{ type: 'PodScheduled', status: 'False', reason: gated, message }] };
}

/** With what pods say and templates do not. */
function defaultSpec(given: PodSpec): PodSpec {
  const spec = defaultPodSpec(given);
  const { containers, initContainers, hostNetwork } = spec;
  const complete = (container: Container): Container =>
    requestingLimit(hostNetwork === true ? onHostPorts(container) : container);
  return {
    enableServiceLinks: true,
    ...spec,
    containers: containers.map(complete),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(complete) }),
  };
}

/** What a container may have it is promised, unless it asks for less. */
function requestingLimit(container: Container): Container {
  const { limits, requests } = container.resources ?? {};
  const isAsked = Object.keys(limits ?? {}).every((name) => requests?.[name] !== undefined);
  return isAsked
    ? container
    : { ...container, resources: { ...container.resources, requests: { ...limits, ...requests } } };
}

/** A container in the network of its machine listens nowhere else. */
function onHostPorts(container: Container): Container {
  const { ports } = container;
  if (ports === undefined || ports.every(({ hostPort = 0 }) => hostPort !== 0)) return container;
  const onHost = (port: (typeof ports)[number]): (typeof ports)[number] =>
    (port.hostPort ?? 0) === 0 ? { ...port, hostPort: port.containerPort } : port;
  return { ...container, ports: ports.map(onHost) };
}

type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
function qosClass(object: Pod): QosClass {
  const containers = [...(object.spec?.initContainers ?? []), ...(object.spec?.containers ?? [])];
  const isUnbounded = containers.every(
    ({ resources }) =>
      Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length === 0,
  );
  if (isUnbounded) return 'BestEffort';
  const isGuaranteed = containers.every(({ resources }) =>
    ['cpu', 'memory'].every(
      (name) =>
        resources?.limits?.[name] !== undefined &&
        String(resources.requests?.[name] ?? resources.limits[name]) === String(resources.limits[name]),
    ),
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}

const fixed =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function validatePodUpdate(object: Pod, old: Pod): readonly Fault[] {
  const isGated = (old.spec?.schedulingGates ?? []).length > 0;
  const saysNodes = [object, old].some(({ spec }) => spec?.affinity?.nodeAffinity !== undefined);
  const comparable = ({ spec }: Pod): unknown => ({
    ...(isGated ? withoutPlacement(spec, saysNodes) : spec),
    nodeName: undefined,
    tolerations: undefined,
    schedulingGates: undefined,
    activeDeadlineSeconds: undefined,
    containers: spec?.containers.map(withoutImage),
    initContainers: spec?.initContainers?.map(withoutImage),
  });
  const isBoundElsewhere = old.spec?.nodeName !== undefined && object.spec?.nodeName !== old.spec.nodeName;
  const isSame = object.spec === old.spec || isSameJson(comparable(object), comparable(old));
  return [
    ...(isSame && !isBoundElsewhere ? [] : [forbidden('spec', fixed)]),
    ...(isGated ? checkGatedPlacement(object, old) : []),
    ...checkPodChanges(object, old),
  ];
}

/** Pods of before may have been stored without the requests that follow from their limits. */
function withoutImage(container: Container): Container {
  return { ...requestingLimit(container), image: '' };
}

function isSidecar(pod: Pod, name: string): boolean {
  return (
    pod.spec?.initContainers?.some((container) => container.name === name && container.restartPolicy === 'Always') ??
    false
  );
}

function readyText(pod: Pod): string {
  const statuses = [
    ...(pod.status?.initContainerStatuses ?? []).filter(({ name }) => isSidecar(pod, name)),
    ...(pod.status?.containerStatuses ?? []),
  ];
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').length;
  return `${statuses.filter(({ ready }) => ready).length}/${(pod.spec?.containers.length ?? 0) + sidecars}`;
}

/** The Status column, as the printer of Kubernetes derives it from the containers. */
function statusText(pod: Pod): string {
  const { phase = 'Unknown', reason: own, conditions = [] } = pod.status ?? {};
  const isGated = conditions.some((each) => each.type === 'PodScheduled' && each.reason === gated);
  const reason = isGated ? gated : own;
  const init = initStatusText(pod);
  const base = init !== undefined && isInitializing(pod) ? init : containersText(pod, init ?? reason ?? phase);
  if (pod.metadata.deletionTimestamp === undefined) return base;
  if (reason === 'NodeLost') return 'Unknown';
  return phase === 'Succeeded' || phase === 'Failed' ? base : 'Terminating';
}

/** A sidecar that restarts while the main containers run does not take the pod back to its beginning. */
function isInitializing(pod: Pod): boolean {
  const hasBegun = findCondition(pod.status?.conditions, 'Initialized')?.status === 'True';
  return !hasBegun && (pod.status?.initContainerStatuses ?? []).some((status) => !isInitialized(pod, status));
}

function initStatusText(pod: Pod): string | undefined {
  const total = pod.spec?.initContainers?.length ?? 0;
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const { terminated, waiting } = status.state ?? {};
    if (isInitialized(pod, status)) continue;
    if (terminated !== undefined) return `Init:${terminatedText(terminated)}`;
    if (waiting?.reason !== undefined && waiting.reason !== '' && waiting.reason !== 'PodInitializing')
      return `Init:${waiting.reason}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

function isInitialized(pod: Pod, { name, state, started }: ContainerStatus): boolean {
  return state?.terminated?.exitCode === 0 || (isSidecar(pod, name) && started === true);
}

function terminatedText(terminated: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>): string {
  if (terminated.reason !== undefined && terminated.reason !== '') return terminated.reason;
  return terminated.signal === undefined || terminated.signal === 0
    ? `ExitCode:${terminated.exitCode}`
    : `Signal:${terminated.signal}`;
}

function containersText(pod: Pod, phase: string): string {
  let text = phase;
  let hasRunning = false;
  for (const { state, ready } of (pod.status?.containerStatuses ?? []).toReversed()) {
    if (state?.waiting?.reason !== undefined && state.waiting.reason !== '') text = state.waiting.reason;
    else if (state?.terminated !== undefined) text = terminatedText(state.terminated);
    else if (ready && state?.running !== undefined) hasRunning = true;
  }
  if (text !== 'Completed' || !hasRunning) return text;
  return findCondition(pod.status?.conditions, 'Ready')?.status === 'True' ? 'Running' : 'NotReady';
}

function restartsText(pod: Pod, now: number): string {
  const init = pod.status?.initContainerStatuses ?? [];
  const statuses = isInitializing(pod)
    ? init.slice(0, init.findIndex((status) => !isInitialized(pod, status)) + 1)
    : [...init.filter(({ name }) => isSidecar(pod, name)), ...(pod.status?.containerStatuses ?? [])];
  const count = statuses.reduce((sum, status) => sum + status.restartCount, 0);
  const last = statuses.flatMap(({ lastState }) =>
    lastState?.terminated?.finishedAt === undefined ? [] : [Date.parse(lastState.terminated.finishedAt)],
  );
  return count === 0 || last.length === 0 ? String(count) : `${count} (${humanDuration(now - Math.max(...last))} ago)`;
}

function readinessGatesText(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const open = gates.filter(
    ({ conditionType }) => findCondition(pod.status?.conditions, conditionType)?.status === 'True',
  ).length;
  return `${open}/${gates.length}`;
}
