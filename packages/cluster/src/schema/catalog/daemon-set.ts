import type { DaemonSet, DaemonSetSpec, RollingUpdateDaemonSet } from '@slipway/kube/api.generated';
import { daemonSets } from '@slipway/kube/resources';
import { selectorText } from '../columns.ts';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { invalid, notSupported, required } from '../faults.ts';
import { dns1123Subdomain } from '../names.ts';
import { atLeast } from './pod-template.ts';
import {
  countOrPercentage,
  defaultTemplate,
  immutableSelector,
  noDeadline,
  selectorColumn,
  templateColumns,
  validateWorkload,
} from './workload.ts';

export const daemonSet = define<DaemonSet>({
  type: daemonSets,
  schemaType: 'io.k8s.api.apps.v1.DaemonSet',
  shortNames: ['ds'],
  categories: ['all'],
  hasStatus: true,
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Desired', type: 'integer', cell: ({ status }) => status?.desiredNumberScheduled ?? 0 },
    { name: 'Current', type: 'integer', cell: ({ status }) => status?.currentNumberScheduled ?? 0 },
    { name: 'Ready', type: 'integer', cell: ({ status }) => status?.numberReady ?? 0 },
    { name: 'Up-to-date', type: 'integer', cell: ({ status }) => status?.updatedNumberScheduled ?? 0 },
    { name: 'Available', type: 'integer', cell: ({ status }) => status?.numberAvailable ?? 0 },
    { name: 'Node Selector', cell: ({ spec }) => selectorText(spec?.template?.spec?.nodeSelector) },
    ...templateColumns<DaemonSet>(({ spec }) => spec?.template),
    selectorColumn<DaemonSet>(({ spec }) => spec?.selector),
  ],
  defaults: defaultDaemonSet,
  prepareCreate: (object) => ({ ...object, status: emptyStatus }),
  validate: validateDaemonSet,
  validateUpdate: immutableSelector,
});

const emptyStatus = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };

/** Defaults of https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/daemon-set-v1/. */
function defaultDaemonSet(object: DaemonSet): DaemonSet {
  const { spec } = object;
  if (spec === undefined) return object;
  const { type = 'RollingUpdate', rollingUpdate } = spec.updateStrategy ?? {};
  const updateStrategy =
    type === 'RollingUpdate'
      ? { type, rollingUpdate: { maxUnavailable: 1, maxSurge: 0, ...rollingUpdate } }
      : { ...spec.updateStrategy, type };
  return {
    ...object,
    spec: {
      revisionHistoryLimit: 10,
      ...spec,
      updateStrategy,
      ...(spec.template === undefined ? {} : { template: defaultTemplate(spec.template) }),
    },
  };
}

function validateDaemonSet(object: DaemonSet): readonly Fault[] {
  const { spec } = object;
  return [
    ...validateWorkload(object, 'daemonset'),
    ...noDeadline(spec?.template, 'DaemonSet'),
    ...atLeast(spec?.revisionHistoryLimit, 0, 'spec.revisionHistoryLimit'),
    ...validateStrategy(spec?.updateStrategy ?? {}),
  ];
}

const strategies = ['RollingUpdate', 'OnDelete'];

function validateStrategy({ type, rollingUpdate }: NonNullable<DaemonSetSpec['updateStrategy']>) {
  const field = 'spec.updateStrategy';
  if (!strategies.includes(type ?? '')) return [notSupported(field, { type }, strategies)];
  if (type !== 'RollingUpdate') return [];
  if (rollingUpdate === undefined) return [required(`${field}.rollingUpdate`)];
  return validateRollingUpdate(rollingUpdate, `${field}.rollingUpdate`);
}

function validateRollingUpdate({ maxUnavailable, maxSurge }: RollingUpdateDaemonSet, field: string): readonly Fault[] {
  const [isShrinking, isGrowing] = [isSomething(maxUnavailable), isSomething(maxSurge)];
  return [
    ...countOrPercentage(maxUnavailable, `${field}.maxUnavailable`),
    ...countOrPercentage(maxSurge, `${field}.maxSurge`),
    ...(isShrinking && isGrowing
      ? [invalid(`${field}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero')]
      : []),
    ...(isShrinking || isGrowing ? [] : [required(`${field}.maxUnavailable`, 'cannot be 0 when maxSurge is 0')]),
  ];
}

function isSomething(value: string | number | undefined): boolean {
  return value !== undefined && Number.parseInt(String(value), 10) !== 0;
}
