import type { Deployment, LabelSelector, PodTemplateSpec, ReplicaSet } from '@slipway/kube/api.generated';
import { canonicalJson } from '@slipway/kube/hash';
import { deployments, replicaSets } from '@slipway/kube/resources';
import { formatLabelSelector, matchesLabelSelector } from '@slipway/kube/selector';
import type { Fault } from '../definition.ts';
import { define, scalePaths, type Column } from '../entry.ts';
import { forbidden, invalid, notSupported, required } from '../faults.ts';
import { goLabelSelector, goStringMap } from '../go-text.ts';
import { dns1123Subdomain } from '../names.ts';
import { atLeast, defaultPodSpec, supported, validatePodTemplate } from './pod-template.ts';

interface Workload {
  readonly spec?:
    | {
        readonly template?: PodTemplateSpec | undefined;
        readonly selector?: LabelSelector | undefined;
        readonly replicas?: number | undefined;
        readonly minReadySeconds?: number | undefined;
      }
    | undefined;
}

function defaultTemplate(template: PodTemplateSpec): PodTemplateSpec {
  return template.spec === undefined ? template : { ...template, spec: defaultPodSpec(template.spec) };
}

function validateWorkload({ spec }: Workload): readonly Fault[] {
  if (spec === undefined) return [required('spec')];
  const labels = spec.template?.metadata?.labels;
  return [
    ...validateSelector(spec.selector),
    ...validatePodTemplate(spec.template, 'spec.template'),
    ...(spec.selector === undefined || matchesLabelSelector(spec.selector, labels)
      ? []
      : [invalid('spec.template.metadata.labels', goStringMap(labels), '`selector` does not match template `labels`')]),
    ...alwaysRestarts(spec.template),
    ...atLeast(spec.replicas, 0, 'spec.replicas'),
    ...atLeast(spec.minReadySeconds, 0, 'spec.minReadySeconds'),
  ];
}

function alwaysRestarts(template: PodTemplateSpec | undefined): readonly Fault[] {
  const policy = template?.spec?.restartPolicy;
  return policy === undefined || policy === 'Always'
    ? []
    : [notSupported('spec.template.spec.restartPolicy', policy, ['Always'])];
}

function validateSelector(selector: LabelSelector | undefined): readonly Fault[] {
  const isEmpty =
    Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
  if (selector === undefined) return [required('spec.selector')];
  return isEmpty
    ? [invalid('spec.selector', goLabelSelector(selector), 'empty selector is invalid for deployment')]
    : [];
}

function immutableSelector(object: Workload, old: Workload): readonly Fault[] {
  return canonicalJson(object.spec?.selector) === canonicalJson(old.spec?.selector)
    ? []
    : [invalid('spec.selector', goLabelSelector(object.spec?.selector ?? {}), 'field is immutable')];
}

function containerColumns<T extends Workload & { readonly metadata: Deployment['metadata'] }>(): ReadonlyArray<
  Column<T>
> {
  const containers = (object: T): ReadonlyArray<{ readonly name: string; readonly image?: string | undefined }> =>
    object.spec?.template?.spec?.containers ?? [];
  return [
    {
      name: 'Containers',
      wide: true,
      cell: (object) =>
        containers(object)
          .map(({ name }) => name)
          .join(','),
    },
    {
      name: 'Images',
      wide: true,
      cell: (object) =>
        containers(object)
          .map(({ image }) => image ?? '')
          .join(','),
    },
    {
      name: 'Selector',
      wide: true,
      cell: (object) => (object.spec?.selector === undefined ? '<none>' : formatLabelSelector(object.spec.selector)),
    },
  ];
}

function defaultDeployment(object: Deployment): Deployment {
  const { spec } = object;
  if (spec === undefined) return object;
  const type = spec.strategy?.type ?? 'RollingUpdate';
  const rollingUpdate = { maxUnavailable: '25%', maxSurge: '25%', ...spec.strategy?.rollingUpdate };
  const strategy = type === 'RollingUpdate' ? { type, rollingUpdate } : { ...spec.strategy, type };
  const template = spec.template === undefined ? spec.template : defaultTemplate(spec.template);
  return {
    ...object,
    spec: { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, ...spec, strategy, template },
  };
}

function validateDeployment(object: Deployment): readonly Fault[] {
  const { spec } = object;
  const strategy = spec?.strategy;
  const deadline = spec?.progressDeadlineSeconds;
  return [
    ...validateWorkload(object),
    ...supported(strategy?.type, ['Recreate', 'RollingUpdate'], 'spec.strategy.type'),
    ...(strategy?.type === 'Recreate' && strategy.rollingUpdate !== undefined
      ? [forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'")]
      : []),
    ...(strategy?.type === 'RollingUpdate' ? validateRollingUpdate(strategy.rollingUpdate) : []),
    ...atLeast(spec?.revisionHistoryLimit, 0, 'spec.revisionHistoryLimit'),
    ...(deadline !== undefined && deadline <= (spec?.minReadySeconds ?? 0)
      ? [invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')]
      : []),
  ];
}

type RollingUpdate = NonNullable<NonNullable<NonNullable<Deployment['spec']>['strategy']>['rollingUpdate']>;

function validateRollingUpdate(rollingUpdate: RollingUpdate | undefined): readonly Fault[] {
  const path = 'spec.strategy.rollingUpdate';
  const { maxSurge, maxUnavailable } = rollingUpdate ?? {};
  const isNothing = isZero(maxSurge) && isZero(maxUnavailable);
  return [
    ...countOrPercentage(maxSurge, `${path}.maxSurge`),
    ...countOrPercentage(maxUnavailable, `${path}.maxUnavailable`),
    ...(typeof maxUnavailable === 'string' && Number.parseInt(maxUnavailable, 10) > 100
      ? [invalid(`${path}.maxUnavailable`, maxUnavailable, 'must not be greater than 100%')]
      : []),
    ...(isNothing ? [invalid(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')] : []),
  ];
}

function isZero(value: string | number | undefined): boolean {
  return value !== undefined && Number.parseInt(String(value), 10) === 0;
}

export function countOrPercentage(value: string | number | undefined, path: string): readonly Fault[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return atLeast(value, 0, path);
  return /^[0-9]+%$/.test(value)
    ? []
    : [
        invalid(
          path,
          value,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
      ];
}

export const deployment = define<Deployment>({
  type: deployments,
  schemaType: 'io.k8s.api.apps.v1.Deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  hasStatus: true,
  scale: scalePaths,
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Ready', cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}` },
    { name: 'Up-to-date', type: 'integer', cell: ({ status }) => status?.updatedReplicas ?? 0 },
    { name: 'Available', type: 'integer', cell: ({ status }) => status?.availableReplicas ?? 0 },
    ...containerColumns<Deployment>(),
  ],
  defaults: defaultDeployment,
  validate: validateDeployment,
  validateUpdate: immutableSelector,
});

export const replicaSet = define<ReplicaSet>({
  type: replicaSets,
  schemaType: 'io.k8s.api.apps.v1.ReplicaSet',
  shortNames: ['rs'],
  categories: ['all'],
  hasStatus: true,
  scale: scalePaths,
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Desired', type: 'integer', cell: ({ spec }) => spec?.replicas ?? 0 },
    { name: 'Current', type: 'integer', cell: ({ status }) => status?.replicas ?? 0 },
    { name: 'Ready', type: 'integer', cell: ({ status }) => status?.readyReplicas ?? 0 },
    ...containerColumns<ReplicaSet>(),
  ],
  selectableFields: { 'status.replicas': (object) => String(object.status?.replicas ?? 0) },
  defaults: (object) => {
    const { spec } = object;
    if (spec === undefined) return object;
    return {
      ...object,
      spec: {
        replicas: 1,
        ...spec,
        ...(spec.template === undefined ? {} : { template: defaultTemplate(spec.template) }),
      },
    };
  },
  validate: validateWorkload,
  validateUpdate: immutableSelector,
});
