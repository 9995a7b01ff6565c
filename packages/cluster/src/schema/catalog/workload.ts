/** What the kinds that run pods have in common. */
import type { Container, LabelSelector, PodTemplateSpec } from '@slipway/kube/api.generated';
import { canonicalJson } from '@slipway/kube/hash';
import type { KubeObject } from '@slipway/kube/object';
import { formatLabelSelector, isEmptySelector, matchesLabelSelector } from '@slipway/kube/selector';
import type { Fault } from '../definition.ts';
import type { Column } from '../entry.ts';
import { forbidden, invalid, notSupported, required } from '../faults.ts';
import { goLabelSelector, goStringMap } from '../go-text.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { atLeast, validatePodTemplate } from './pod-template.ts';
import { checkLabelSelector } from './selector-rules.ts';

/** As it is named where a selector is refused; Kubernetes speaks of deployments for ReplicaSets too. */
type WorkloadKind = 'deployment' | 'statefulset' | 'daemonset';

/** What runs pods from a template and finds them by a selector. */
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

export function defaultTemplate(template: PodTemplateSpec): PodTemplateSpec {
  return template.spec === undefined ? template : { ...template, spec: defaultPodSpec(template.spec) };
}

export function validateWorkload({ spec }: Workload, kind: WorkloadKind): readonly Fault[] {
  if (spec === undefined) return [required('spec')];
  const labels = spec.template?.metadata?.labels;
  return [
    ...validateSelector(spec.selector, kind),
    // Without a selector, or by a broken one, nothing is selected.
    ...(spec.selector !== undefined && matchesLabelSelector(spec.selector, labels)
      ? []
      : [invalid('spec.template.metadata.labels', goStringMap(labels), '`selector` does not match template `labels`')]),
    ...validatePodTemplate(spec.template, 'spec.template'),
    ...alwaysRestarts(spec.template),
    ...atLeast(spec.replicas, 0, 'spec.replicas'),
    ...atLeast(spec.minReadySeconds, 0, 'spec.minReadySeconds'),
  ];
}

export function alwaysRestarts(template: PodTemplateSpec | undefined): readonly Fault[] {
  const policy = template?.spec?.restartPolicy;
  return policy === undefined || policy === 'Always'
    ? []
    : [notSupported('spec.template.spec.restartPolicy', policy, ['Always'])];
}

export function noDeadline(template: PodTemplateSpec | undefined, kind: string): readonly Fault[] {
  return template?.spec?.activeDeadlineSeconds === undefined
    ? []
    : [forbidden('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${kind} is not Supported`)];
}

function validateSelector(selector: LabelSelector | undefined, kind: WorkloadKind): readonly Fault[] {
  if (selector === undefined) return [required('spec.selector')];
  return [
    ...checkLabelSelector(selector, 'spec.selector'),
    ...(isEmptySelector(selector)
      ? [invalid('spec.selector', goLabelSelector(selector), `empty selector is invalid for ${kind}`)]
      : []),
  ];
}

export function immutableSelector(object: Workload, old: Workload): readonly Fault[] {
  return canonicalJson(object.spec?.selector) === canonicalJson(old.spec?.selector)
    ? []
    : [invalid('spec.selector', goLabelSelector(object.spec?.selector ?? {}), 'field is immutable')];
}

export function templateColumns<T extends KubeObject>(
  templateOf: (object: T) => PodTemplateSpec | undefined,
): readonly [containers: Column<T>, images: Column<T>] {
  const joined = (object: T, read: (container: Container) => string | undefined): string =>
    (templateOf(object)?.spec?.containers ?? []).map((container) => read(container) ?? '').join(',');
  return [
    { name: 'Containers', wide: true, cell: (object) => joined(object, ({ name }) => name) },
    { name: 'Images', wide: true, cell: (object) => joined(object, ({ image }) => image) },
  ];
}

export function selectorColumn<T extends KubeObject>(selectorOf: (object: T) => LabelSelector | undefined): Column<T> {
  const textOf = (selector: LabelSelector | undefined): string =>
    selector === undefined ? '<none>' : formatLabelSelector(selector);
  return { name: 'Selector', wide: true, cell: (object) => textOf(selectorOf(object)) };
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
