import type { Job, JobSpec } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import { jobs } from '@slipway/kube/resources';
import { humanDuration } from '../columns.ts';
import { define, type Column } from '../entry.ts';
import { dns1123Subdomain } from '../names.ts';
import { validateJob, validateJobUpdate } from './job-rules.ts';
import { defaultTemplate, selectorColumn, templateColumns } from './workload.ts';

const maximumInt32 = 2 ** 31 - 1;

export const jobNameLabel = 'batch.kubernetes.io/job-name';
export const controllerUidLabel = 'batch.kubernetes.io/controller-uid';

const columns: ReadonlyArray<Column<Job>> = [
  { name: 'Status', cell: statusText },
  { name: 'Completions', cell: completionsText },
  { name: 'Duration', cell: durationText },
  ...templateColumns<Job>(({ spec }) => spec?.template),
  selectorColumn<Job>(({ spec }) => spec?.selector),
];

export const job = define<Job>({
  type: jobs,
  schemaType: 'io.k8s.api.batch.v1.Job',
  categories: ['all'],
  hasStatus: true,
  // For clients that are older than garbage collection; kubectl says what it wants.
  defaultPropagation: 'Orphan',
  nameRule: dns1123Subdomain,
  columns,
  selectableFields: { 'status.successful': (object) => String(object.status?.succeeded ?? 0) },
  defaults: defaultJob,
  prepareCreate: (object) => withGeneratedSelector({ ...object, status: {} }),
  validate: validateJob,
  validateUpdate: validateJobUpdate,
});

const statusWords = [
  ['Complete', 'Complete'],
  ['Failed', 'Failed'],
  ['Terminating', undefined],
  ['Suspended', 'Suspended'],
  ['FailureTarget', 'FailureTarget'],
  ['SuccessCriteriaMet', 'SuccessCriteriaMet'],
] as const;

function statusText({ metadata, status }: Job): string {
  const isSo = (condition: string | undefined): boolean =>
    condition === undefined ? metadata.deletionTimestamp !== undefined : isConditionTrue(status?.conditions, condition);
  return statusWords.find(([, condition]) => isSo(condition))?.[0] ?? 'Running';
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: Job, now: number): string {
  if (status?.startTime === undefined) return '';
  const end = status.completionTime === undefined ? now : Date.parse(status.completionTime);
  return humanDuration(end - Date.parse(status.startTime));
}

/** Defaults of https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/. */
function defaultJob(object: Job): Job {
  const { spec, metadata } = object;
  if (spec === undefined) return object;
  const labels = Object.keys(metadata.labels ?? {}).length === 0 ? spec.template?.metadata?.labels : metadata.labels;
  return {
    ...object,
    metadata: labels === undefined ? metadata : { ...metadata, labels },
    spec: {
      ...defaultCounts(spec),
      backoffLimit: spec.backoffLimitPerIndex === undefined ? 6 : maximumInt32,
      completionMode: 'NonIndexed',
      suspend: false,
      manualSelector: false,
      podReplacementPolicy: spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
      ...spec,
      ...defaultPodFailurePolicy(spec),
      ...(spec.template === undefined ? {} : { template: defaultTemplate(spec.template) }),
    },
  };
}

/** A Job that names a parallelism and no completions is a work queue, and is done when one of its pods says so. */
function defaultCounts({ completions, parallelism }: JobSpec): Pick<JobSpec, 'completions' | 'parallelism'> {
  return completions === undefined && parallelism === undefined
    ? { completions: 1, parallelism: 1 }
    : { parallelism: 1 };
}

function defaultPodFailurePolicy({ podFailurePolicy }: JobSpec): Pick<JobSpec, 'podFailurePolicy'> {
  if (podFailurePolicy === undefined) return {};
  const rules = podFailurePolicy.rules.map((rule) =>
    rule.onPodConditions === undefined
      ? rule
      : { ...rule, onPodConditions: rule.onPodConditions.map((each) => ({ ...each, status: each.status ?? 'True' })) },
  );
  return { podFailurePolicy: { ...podFailurePolicy, rules } };
}

/** Unless its author takes that on, a Job gets labels and a selector that no other Job can have. */
function withGeneratedSelector(object: Job): Job {
  const { spec, metadata } = object;
  if (spec?.template === undefined || spec.manualSelector === true) return object;
  const { name = '', uid = '' } = metadata;
  const labels = {
    ...spec.template.metadata?.labels,
    'job-name': name,
    [jobNameLabel]: name,
    'controller-uid': uid,
    [controllerUidLabel]: uid,
  };
  const matchLabels = { ...spec.selector?.matchLabels, [controllerUidLabel]: uid };
  const isUnlabelled = Object.keys(metadata.labels ?? {}).length === 0;
  return {
    ...object,
    metadata: isUnlabelled ? { ...metadata, labels } : metadata,
    spec: {
      ...spec,
      selector: { ...spec.selector, matchLabels },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}
