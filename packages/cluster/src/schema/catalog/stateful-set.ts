import type { PersistentVolumeClaim, StatefulSet, StatefulSetSpec } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import { statefulSets } from '@slipway/kube/resources';
import type { Fault } from '../definition.ts';
import { define, scalePaths } from '../entry.ts';
import { forbidden, invalid, notSupported, required } from '../faults.ts';
import { dns1123Subdomain } from '../names.ts';
import { defaultClaim } from './persistent-volume-claim.ts';
import { atLeast } from './pod-template.ts';
import { defaultTemplate, noDeadline, templateColumns, validateWorkload } from './workload.ts';

export const statefulSet = define<StatefulSet>({
  type: statefulSets,
  schemaType: 'io.k8s.api.apps.v1.StatefulSet',
  shortNames: ['sts'],
  categories: ['all'],
  hasStatus: true,
  scale: scalePaths,
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Ready', cell: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}` },
    ...templateColumns<StatefulSet>(({ spec }) => spec?.template),
  ],
  defaults: defaultStatefulSet,
  prepareCreate: (object) => ({ ...object, status: { replicas: 0, availableReplicas: 0 } }),
  validate: validateStatefulSet,
  validateUpdate,
});

/** Defaults of https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/stateful-set-v1/. */
function defaultStatefulSet(object: StatefulSet): StatefulSet {
  const { spec } = object;
  if (spec === undefined) return object;
  const { template, volumeClaimTemplates } = spec;
  return {
    ...object,
    spec: {
      replicas: 1,
      podManagementPolicy: 'OrderedReady',
      revisionHistoryLimit: 10,
      ...spec,
      persistentVolumeClaimRetentionPolicy: {
        whenDeleted: 'Retain',
        whenScaled: 'Retain',
        ...spec.persistentVolumeClaimRetentionPolicy,
      },
      updateStrategy: defaultStrategy(spec),
      ...(template === undefined ? {} : { template: defaultTemplate(template) }),
      ...(volumeClaimTemplates === undefined ? {} : { volumeClaimTemplates: volumeClaimTemplates.map(claimTemplate) }),
    },
  };
}

function defaultStrategy({ updateStrategy = {} }: StatefulSetSpec): StatefulSetSpec['updateStrategy'] {
  const { type = 'RollingUpdate', rollingUpdate } = updateStrategy;
  return type === 'RollingUpdate'
    ? { type, rollingUpdate: { partition: 0, ...rollingUpdate } }
    : { ...updateStrategy, type };
}

function claimTemplate(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { spec } = defaultClaim(claim);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    ...claim,
    ...(spec === undefined ? {} : { spec }),
    status: { phase: 'Pending' },
  };
}

function validateStatefulSet(object: StatefulSet): readonly Fault[] {
  const { spec } = object;
  if (spec === undefined) return validateWorkload(object, 'statefulset');
  return [
    ...validatePodManagement(spec.podManagementPolicy ?? ''),
    ...validateStrategy(spec.updateStrategy),
    ...validateRetention(spec.persistentVolumeClaimRetentionPolicy),
    ...validateWorkload(withClaims(object, spec), 'statefulset'),
    ...atLeast(spec.ordinals?.start, 0, 'spec.ordinals.start'),
    ...noDeadline(spec.template, 'StatefulSet'),
  ];
}

/** As its pods have them: each claim is a volume of its name, which containers may mount. */
function withClaims(object: StatefulSet, spec: StatefulSetSpec): StatefulSet {
  const { template, volumeClaimTemplates = [] } = spec;
  if (template?.spec === undefined) return object;
  const volumes = template.spec.volumes ?? [];
  const claimed = volumeClaimTemplates
    .map(
      ({ metadata }: { readonly metadata?: { readonly name?: string | undefined } | undefined }) =>
        metadata?.name ?? '',
    )
    .map((name) => ({ name, persistentVolumeClaim: { claimName: name } }))
    .filter(({ name }) => !volumes.some((volume) => volume.name === name));
  const withVolumes = { ...template.spec, volumes: [...volumes, ...claimed] };
  return { ...object, spec: { ...spec, template: { ...template, spec: withVolumes } } };
}

function validatePodManagement(policy: string): readonly Fault[] {
  const field = 'spec.podManagementPolicy';
  if (policy === '') return [required(field)];
  return policy === 'OrderedReady' || policy === 'Parallel'
    ? []
    : [invalid(field, policy, `must be 'OrderedReady' or 'Parallel'`)];
}

function validateStrategy({ type, rollingUpdate }: NonNullable<StatefulSetSpec['updateStrategy']> = {}) {
  const field = 'spec.updateStrategy';
  switch (type) {
    case 'RollingUpdate':
      return [
        ...atLeast(rollingUpdate?.partition, 0, `${field}.rollingUpdate.partition`),
        ...(rollingUpdate === undefined ? [required(`${field}.rollingUpdate`)] : []),
      ];
    case 'OnDelete':
      return rollingUpdate === undefined
        ? []
        : [invalid(`${field}.rollingUpdate`, rollingUpdate, `only allowed for updateStrategy 'RollingUpdate'`)];
    case undefined:
      return [required(field)];
    default:
      return [invalid(field, { type }, `must be 'RollingUpdate' or 'OnDelete'`)];
  }
}

function validateRetention(policy: StatefulSetSpec['persistentVolumeClaimRetentionPolicy']): readonly Fault[] {
  const values = ['Retain', 'Delete'];
  return (['whenDeleted', 'whenScaled'] as const).flatMap((field) => {
    const value = policy?.[field];
    return value === undefined || values.includes(value)
      ? []
      : [notSupported(`spec.persistentVolumeClaimRetentionPolicy.${field}`, value, values)];
  });
}

const changeable =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

function validateUpdate(object: StatefulSet, old: StatefulSet): readonly Fault[] {
  const fixed = ({ spec }: StatefulSet): unknown => ({
    ...spec,
    replicas: undefined,
    ordinals: undefined,
    template: undefined,
    updateStrategy: undefined,
    persistentVolumeClaimRetentionPolicy: undefined,
    minReadySeconds: undefined,
  });
  return isSameJson(fixed(object), fixed(old)) ? [] : [forbidden('spec', changeable)];
}
