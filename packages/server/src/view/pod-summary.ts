/** A pod as a list shows it: of which version it is, whether it serves, and why it does not. Pure. */
import {
  applicationLabel,
  hookLabel,
  releaseLabel,
  servesLabel,
  versionAnnotation,
} from '@slipway/delivery/api/version-labels';
import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import Type, { type Static } from 'typebox';
import { optional } from '../optional.ts';

const Optional = Type.Optional;

export const PodSummarySchema = Type.Object({
  name: Type.String(),
  uid: Type.String(),
  version: Optional(Type.String()),
  release: Optional(Type.String({ description: 'Name of the Release.' })),
  hook: Optional(Type.String({ description: 'Of the pod of a hook: its name.' })),
  phase: Type.String({
    description: 'As Kubernetes has it; `Terminating` for one that was deleted and is still there.',
  }),
  ready: Type.Boolean(),
  serves: Type.Boolean({ description: 'Whether the Service of the application leads to it.' }),
  restarts: Type.Integer(),
  node: Optional(Type.String()),
  address: Optional(Type.String()),
  createdAt: Type.String({ format: 'date-time' }),
  reasons: Type.Array(Type.String(), { description: 'Why it is not ready, or did not stay so: sentences.' }),
  containers: Type.Array(
    Type.Object({
      name: Type.String(),
      image: Type.String(),
      imageID: Optional(Type.String({ description: 'What the image was resolved to.' })),
      ready: Type.Boolean(),
      restarts: Type.Integer(),
      state: Type.Enum(['waiting', 'running', 'terminated']),
      startedAt: Optional(Type.String({ format: 'date-time' })),
    }),
  ),
});
export type PodSummary = Static<typeof PodSummarySchema>;

/** What of a pod is kept: thousands of them are. */
export function slimPod({ metadata, spec, status }: Pod): Pod {
  const { managedFields: _, ...kept } = metadata;
  return {
    metadata: kept,
    spec: {
      nodeName: spec?.nodeName,
      containers: (spec?.containers ?? []).map(({ name, image }) => ({ name, image })),
    },
    status,
  };
}

/** `namespace/name` of the Application, for an index. */
export function applicationsOfPod({ metadata }: Pod): readonly string[] {
  return [`${metadata.namespace ?? ''}/${metadata.labels?.[applicationLabel] ?? ''}`];
}

export function summarizePod(pod: Pod): PodSummary {
  const { metadata, spec, status } = pod;
  const containers = (spec?.containers ?? []).map(({ name, image }) =>
    summarizeContainer({ name, image }, findStatus(pod, name)),
  );
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    ...optional('version', metadata.annotations?.[versionAnnotation]),
    ...optional('release', metadata.labels?.[releaseLabel]),
    ...optional('hook', metadata.labels?.[hookLabel]),
    phase: metadata.deletionTimestamp === undefined ? (status?.phase ?? 'Pending') : 'Terminating',
    ready: isConditionTrue(pod, 'Ready'),
    serves: metadata.labels?.[servesLabel] !== undefined,
    restarts: containers.reduce((sum, { restarts }) => sum + restarts, 0),
    ...optional('node', spec?.nodeName),
    ...optional('address', status?.podIP),
    createdAt: metadata.creationTimestamp ?? '',
    reasons: [...reasonsOf(pod)],
    containers,
  };
}

function findStatus({ status }: Pod, container: string): ContainerStatus | undefined {
  return status?.containerStatuses?.find(({ name }) => name === container);
}

function summarizeContainer(
  { name, image = '' }: { readonly name: string; readonly image: string | undefined },
  status: ContainerStatus | undefined,
): PodSummary['containers'][number] {
  const { running, terminated } = status?.state ?? {};
  return {
    name,
    image,
    ...optional('imageID', status?.imageID === '' ? undefined : status?.imageID),
    ready: status?.ready === true,
    restarts: status?.restartCount ?? 0,
    state: running !== undefined ? 'running' : terminated !== undefined ? 'terminated' : 'waiting',
    ...optional('startedAt', running?.startedAt ?? terminated?.startedAt),
  };
}

function isConditionTrue({ status }: Pod, type: string): boolean {
  return status?.conditions?.find((condition) => condition.type === type)?.status === 'True';
}

/** What keeps it from being ready, and how its containers ended last. */
function reasonsOf(pod: Pod): readonly string[] {
  const { status } = pod;
  const own = describe('', status?.reason, status?.message);
  const isReady = isConditionTrue(pod, 'Ready');
  const conditions = isReady
    ? []
    : (status?.conditions ?? [])
        .filter((condition) => condition.status === 'False' && condition.reason !== 'ContainersNotReady')
        .flatMap(({ reason, message }) => describe('', reason, message));
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return [...new Set([...own, ...conditions, ...statuses.flatMap(containerReasons)])];
}

function containerReasons({ name, state, lastState }: ContainerStatus): readonly string[] {
  const { waiting, terminated } = state ?? {};
  const last = lastState?.terminated;
  return [
    ...(waiting === undefined ? [] : describe(`${name} waits: `, waiting.reason, waiting.message)),
    ...(terminated === undefined || terminated.exitCode === 0 ? [] : [describeEnd(`${name} ended`, terminated)]),
    ...(last === undefined ? [] : [describeEnd(`${name} ended before`, last)]),
  ];
}

function describeEnd(
  what: string,
  { exitCode, reason, message }: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>,
): string {
  const [why] = describe('', reason, message);
  return `${what} with exit code ${exitCode}${why === undefined ? '' : `: ${why}`}`;
}

const maximumCharacters = 500;

function describe(prefix: string, reason: string | undefined, message: string | undefined): readonly string[] {
  const parts = [reason, message].filter((part) => part !== undefined && part !== '');
  return parts.length === 0 ? [] : [`${prefix}${parts.join(': ')}`.slice(0, maximumCharacters)];
}
