import type { Deployment, ReplicaSet } from '@slipway/kube/api.generated';
import { deployments, replicaSets } from '@slipway/kube/resources';
import type { Fault } from '../definition.ts';
import { define, scalePaths } from '../entry.ts';
import { forbidden, invalid } from '../faults.ts';
import { dns1123Subdomain } from '../names.ts';
import { atLeast, supported } from './pod-template.ts';
import {
  countOrPercentage,
  defaultTemplate,
  immutableSelector,
  selectorColumn,
  templateColumns,
  validateWorkload,
} from './workload.ts';

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
    ...validateWorkload(object, 'deployment'),
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
    ...templateColumns<Deployment>(({ spec }) => spec?.template),
    selectorColumn<Deployment>(({ spec }) => spec?.selector),
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
    ...templateColumns<ReplicaSet>(({ spec }) => spec?.template),
    selectorColumn<ReplicaSet>(({ spec }) => spec?.selector),
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
  // Kubernetes speaks of deployments here too.
  validate: (object) => validateWorkload(object, 'deployment'),
  validateUpdate: immutableSelector,
});
