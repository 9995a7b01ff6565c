/** What a Job may say, in the words of Kubernetes. */
import type {
  Job,
  JobSpec,
  JobTemplateSpec,
  PodFailurePolicyRule,
  PodTemplateSpec,
  SuccessPolicyRule,
} from '@slipway/kube/api.generated';
import { canonicalJson } from '@slipway/kube/hash';
import { matchesLabelSelector } from '@slipway/kube/selector';
import type { Fault } from '../definition.ts';
import { invalid, notSupported, required, tooMany } from '../faults.ts';
import { goLabelSelector, goStringMap } from '../go-text.ts';
import { dns1123Label } from '../names.ts';
import { atLeast, supported, validatePodTemplate } from './pod-template.ts';

const maximumIndexedParallelism = 100_000;
const maximumFailedIndexes = 100_000;
const maximumRules = 20;
const maximumExitCodes = 255;

const template = 'spec.template';
const immutable = 'field is immutable';

export function validateJob(job: Job): readonly Fault[] {
  const { spec } = job;
  if (spec === undefined) return [required('spec')];
  return [...validateSelector(spec, job.metadata.uid ?? ''), ...validateJobSpec(job, spec)];
}

/** The Job that is made from it gets a selector of its own. */
export function validateJobTemplate({ spec }: JobTemplateSpec, path: string): readonly Fault[] {
  if (spec === undefined) return [required(`${path}.spec`)];
  const { selector, manualSelector } = spec;
  return [
    ...validateJobSpec({ metadata: {} }, spec).map((fault) => ({ ...fault, field: `${path}.${fault.field ?? ''}` })),
    ...(selector === undefined
      ? []
      : [invalid(`${path}.spec.selector`, goLabelSelector(selector), '`selector` will be auto-generated')]),
    ...(manualSelector === true ? [notSupported(`${path}.spec.manualSelector`, manualSelector, ['nil', 'false'])] : []),
  ];
}

function validateJobSpec(job: Job, spec: JobSpec): readonly Fault[] {
  return [
    ...validateCounts(spec),
    ...validateMode(job, spec),
    ...validatePodTemplate(spec.template, template),
    ...validateRestartPolicy(spec),
    ...validatePodFailurePolicy(spec),
    ...validateReplacement(spec),
    ...validateSuccessPolicy(spec),
  ];
}

function validateSelector({ selector, manualSelector, template: pods }: JobSpec, uid: string): readonly Fault[] {
  if (selector === undefined) return [required('spec.selector')];
  const isGenerated = manualSelector !== true;
  const labels = pods.metadata?.labels;
  return [
    ...(isGenerated && selector.matchLabels?.['batch.kubernetes.io/controller-uid'] !== uid
      ? [invalid('spec.selector', goLabelSelector(selector), '`selector` not auto-generated')]
      : []),
    ...(matchesLabelSelector(selector, labels)
      ? []
      : [invalid(`${template}.metadata.labels`, goStringMap(labels), '`selector` does not match template `labels`')]),
  ];
}

function validateCounts(spec: JobSpec): readonly Fault[] {
  const fields = [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const;
  return [
    ...fields.flatMap((field) => atLeast(spec[field], 0, `spec.${field}`)),
    ...(spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined
      ? [required('spec.backoffLimitPerIndex', 'when maxFailedIndexes is specified')]
      : []),
  ];
}

function validateMode({ metadata }: Job, spec: JobSpec): readonly Fault[] {
  switch (spec.completionMode) {
    case 'Indexed':
      return validateIndexed(metadata.name ?? '', spec);
    case undefined:
    case 'NonIndexed':
      return [
        ...(spec.backoffLimitPerIndex === undefined
          ? []
          : [invalid('spec.backoffLimitPerIndex', spec.backoffLimitPerIndex, 'requires indexed completion mode')]),
        ...(spec.maxFailedIndexes === undefined
          ? []
          : [invalid('spec.maxFailedIndexes', spec.maxFailedIndexes, 'requires indexed completion mode')]),
      ];
    default:
      return [notSupported('spec.completionMode', spec.completionMode, ['Indexed', 'NonIndexed'])];
  }
}

function validateIndexed(name: string, { completions, parallelism = 1, maxFailedIndexes }: JobSpec): readonly Fault[] {
  if (completions === undefined) return [required('spec.completions', 'when completion mode is Indexed')];
  // Each pod's hostname carries its index.
  const hostname = name === '' ? [] : dns1123Label(`${name}-${Math.max(0, completions - 1)}`);
  return [
    ...(parallelism > maximumIndexedParallelism
      ? [atMost('spec.parallelism', parallelism, maximumIndexedParallelism, ' when completion mode is Indexed')]
      : []),
    ...((maxFailedIndexes ?? 0) > maximumFailedIndexes
      ? [atMost('spec.maxFailedIndexes', maxFailedIndexes ?? 0, maximumFailedIndexes)]
      : []),
    ...(maxFailedIndexes !== undefined && maxFailedIndexes > completions
      ? [invalid('spec.maxFailedIndexes', maxFailedIndexes, 'must be less than or equal to completions')]
      : []),
    ...hostname.map((fault) =>
      invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${fault}`),
    ),
  ];
}

function atMost(field: string, value: number, maximum: number, when = ''): Fault {
  return invalid(field, value, `must be less than or equal to ${maximum}${when}`);
}

function validateRestartPolicy({ template: pods, podFailurePolicy }: JobSpec): readonly Fault[] {
  const path = `${template}.spec.restartPolicy`;
  const policy = pods?.spec?.restartPolicy ?? 'Always';
  if (policy === 'Always') return [required(path, 'valid values: "OnFailure", "Never"')];
  if (policy === 'OnFailure' && podFailurePolicy !== undefined) {
    return [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')];
  }
  return supported(policy, ['OnFailure', 'Never'], path);
}

function validateReplacement({ podReplacementPolicy, podFailurePolicy }: JobSpec): readonly Fault[] {
  const values = podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  return supported(podReplacementPolicy, values, 'spec.podReplacementPolicy');
}

function validatePodFailurePolicy(spec: JobSpec): readonly Fault[] {
  const rules = spec.podFailurePolicy?.rules;
  if (rules === undefined) return [];
  const path = 'spec.podFailurePolicy.rules';
  return [
    ...(rules.length > maximumRules ? [tooMany(path, rules.length, maximumRules)] : []),
    ...rules.flatMap((rule, index) => validateFailureRule(rule, `${path}[${index}]`, spec)),
  ];
}

function validateFailureRule(rule: PodFailurePolicyRule, path: string, spec: JobSpec): readonly Fault[] {
  const hasConditions = rule.onPodConditions !== undefined && rule.onPodConditions.length > 0;
  const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
  return [
    ...(rule.action === undefined ? [required(`${path}.action`)] : supported(rule.action, actions, `${path}.action`)),
    ...(rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined
      ? [invalid(`${path}.action`, rule.action, 'requires the backoffLimitPerIndex to be set')]
      : []),
    ...(rule.onExitCodes !== undefined && hasConditions
      ? [invalid(path, rule, 'specifying both OnExitCodes and OnPodConditions is not supported')]
      : []),
    ...(rule.onExitCodes === undefined && !hasConditions
      ? [invalid(path, rule, 'specifying one of OnExitCodes and OnPodConditions is required')]
      : []),
    ...(rule.onPodConditions ?? []).flatMap(({ status }, index) =>
      supported(status, ['False', 'True', 'Unknown'], `${path}.onPodConditions[${index}].status`),
    ),
    ...validateExitCodes(rule.onExitCodes, `${path}.onExitCodes`, spec),
  ];
}

function validateExitCodes(
  codes: PodFailurePolicyRule['onExitCodes'],
  path: string,
  { template: pods }: JobSpec,
): readonly Fault[] {
  if (codes === undefined) return [];
  const { containerName, operator, values } = codes;
  const names = [...(pods.spec?.initContainers ?? []), ...(pods.spec?.containers ?? [])].map(({ name }) => name);
  return [
    ...(containerName === undefined || names.includes(containerName)
      ? []
      : [
          invalid(
            `${path}.containerName`,
            containerName,
            'must be one of the container or initContainer names in the pod template',
          ),
        ]),
    ...(operator === undefined
      ? [required(`${path}.operator`)]
      : supported(operator, ['In', 'NotIn'], `${path}.operator`)),
    ...(values.length === 0 ? [invalid(`${path}.values`, values, 'at least one value is required')] : []),
    ...(values.length > maximumExitCodes ? [tooMany(`${path}.values`, values.length, maximumExitCodes)] : []),
    ...(operator === 'In' && values.includes(0)
      ? [invalid(`${path}.values[${values.indexOf(0)}]`, 0, 'must not be 0 for the In operator')]
      : []),
    ...values.flatMap((value, index) => [
      ...(values.indexOf(value) < index
        ? [{ reason: 'FieldValueDuplicate', field: `${path}.values[${index}]`, message: `Duplicate value: ${value}` }]
        : []),
      ...(index > 0 && value < (values[index - 1] ?? value)
        ? [invalid(`${path}.values`, values, 'must be ordered')]
        : []),
    ]),
  ];
}

function validateSuccessPolicy({ successPolicy, completionMode, completions = 0 }: JobSpec): readonly Fault[] {
  if (successPolicy === undefined) return [];
  const path = 'spec.successPolicy';
  const { rules } = successPolicy;
  return [
    ...(completionMode === 'Indexed' ? [] : [invalid(path, successPolicy, 'requires indexed completion mode')]),
    ...(rules.length === 0
      ? [required(`${path}.rules`, 'at least one rules must be specified when the successPolicy is specified')]
      : []),
    ...(rules.length > maximumRules ? [tooMany(`${path}.rules`, rules.length, maximumRules)] : []),
    ...rules.flatMap((rule, index) => validateSuccessRule(rule, `${path}.rules[${index}]`, completions)),
  ];
}

function validateSuccessRule(rule: SuccessPolicyRule, path: string, completions: number): readonly Fault[] {
  const { succeededCount, succeededIndexes } = rule;
  if (succeededCount === undefined && succeededIndexes === undefined) {
    return [required(path, 'at least one of succeededCount or succeededIndexes must be specified')];
  }
  const isList = succeededIndexes === undefined || /^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(succeededIndexes);
  return [
    ...(isList
      ? []
      : [
          invalid(
            `${path}.succeededIndexes`,
            succeededIndexes,
            'error parsing succeededIndexes: expected a list such as "1,3-5,7"',
          ),
        ]),
    ...(succeededCount === undefined ? [] : atLeast(succeededCount, 1, `${path}.succeededCount`)),
    ...((succeededCount ?? 0) > completions
      ? [atMost(`${path}.succeededCount`, succeededCount ?? 0, completions, ' (the number of specified completions)')]
      : []),
  ];
}

export function validateJobUpdate(job: Job, old: Job): readonly Fault[] {
  const [spec, before] = [job.spec, old.spec];
  if (spec === undefined || before === undefined) return [];
  const fields = [
    'selector',
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'successPolicy',
    'managedBy',
  ] as const;
  return [
    ...(isElastic(spec, before) ? [] : unchanged(spec.completions, before.completions, 'spec.completions')),
    ...fields.flatMap((field) => unchanged(spec[field], before[field], `spec.${field}`)),
    ...unchanged(comparable(spec.template, old), comparable(before.template, old), template),
  ];
}

/** An Indexed Job may grow and shrink while it does all its work at once. */
function isElastic(spec: JobSpec, before: JobSpec): boolean {
  return (
    spec.completionMode === 'Indexed' &&
    spec.completions === spec.parallelism &&
    before.completions === before.parallelism
  );
}

function unchanged(value: unknown, before: unknown, field: string): readonly Fault[] {
  return canonicalJson(value ?? null) === canonicalJson(before ?? null) ? [] : [invalid(field, value, immutable)];
}

/** A queue may still say where the pods should go while a Job is suspended and has never started. */
function comparable(pods: PodTemplateSpec, old: Job): unknown {
  if (old.spec?.suspend !== true || old.status?.startTime !== undefined) return pods;
  const { labels: _, annotations: __, ...metadata } = pods.metadata ?? {};
  const placement = {
    nodeSelector: undefined,
    tolerations: undefined,
    affinity: undefined,
    schedulingGates: undefined,
  };
  return { metadata, spec: { ...pods.spec, ...placement } };
}
