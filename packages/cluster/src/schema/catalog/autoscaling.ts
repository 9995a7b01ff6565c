import type {
  AutoscalingV1HorizontalPodAutoscaler,
  AutoscalingV2CrossVersionObjectReference,
  AutoscalingV2HorizontalPodAutoscaler,
  AutoscalingV2MetricSpec,
  AutoscalingV2MetricStatus,
  HPAScalingPolicy,
  HPAScalingRules,
  HorizontalPodAutoscalerBehavior,
  MetricTarget,
  MetricValueStatus,
} from '@slipway/kube/api.generated';
import type { ResourceType } from '@slipway/kube/object';
import { horizontalPodAutoscalers } from '@slipway/kube/resources';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { forbidden, invalid, misnamed, notSupported, required } from '../faults.ts';
import { dns1123Subdomain, pathSegment } from '../names.ts';
import { atLeast, supported } from './pod-template.ts';

type Autoscaler = AutoscalingV2HorizontalPodAutoscaler;

export const horizontalPodAutoscaler = define<Autoscaler>({
  type: horizontalPodAutoscalers,
  schemaType: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  hasStatus: true,
  nameRule: dns1123Subdomain,
  columns: [
    {
      name: 'Reference',
      cell: ({ spec }) => `${spec?.scaleTargetRef?.kind ?? ''}/${spec?.scaleTargetRef?.name ?? ''}`,
    },
    { name: 'Targets', cell: targetsText },
    { name: 'MinPods', cell: ({ spec }) => String(spec?.minReplicas ?? '<unset>') },
    { name: 'MaxPods', type: 'integer', cell: ({ spec }) => spec?.maxReplicas ?? 0 },
    { name: 'Replicas', type: 'integer', cell: ({ status }) => status?.currentReplicas ?? 0 },
  ],
  defaults: defaultAutoscaler,
  prepareCreate: (object) => ({ ...object, status: { desiredReplicas: 0 } }),
  validate: ({ spec }) => (spec === undefined ? [required('spec')] : validateSpec(spec)),
});

/** Knows of CPU alone; what else an autoscaler goes by stays as it is when it is written in this version. */
export const horizontalPodAutoscalerV1 = define<AutoscalingV1HorizontalPodAutoscaler>({
  type: { ...horizontalPodAutoscalers, version: 'v1' } as ResourceType<AutoscalingV1HorizontalPodAutoscaler>,
  schemaType: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  hasStatus: true,
  nameRule: dns1123Subdomain,
  conversion: { stored: horizontalPodAutoscalers, toStored: toVersion2, fromStored: toVersion1 },
});

function isOfCpu({ resource }: AutoscalingV2MetricSpec): boolean {
  return resource?.name === 'cpu' && resource.target?.averageUtilization !== undefined;
}

function toVersion2(object: AutoscalingV1HorizontalPodAutoscaler, current: Autoscaler | undefined): Autoscaler {
  const { spec, status: _, ...rest } = object;
  const version = { ...rest, apiVersion: 'autoscaling/v2' };
  if (spec === undefined) return version;
  const { targetCPUUtilizationPercentage: percentage, ...common } = spec;
  const { metrics = [], behavior } = current?.spec ?? {};
  const target = { type: 'Utilization' as const, averageUtilization: percentage };
  const own = percentage === undefined ? [] : [{ type: 'Resource' as const, resource: { name: 'cpu', target } }];
  return {
    ...version,
    spec: {
      ...common,
      metrics: [...own, ...metrics.filter((metric) => !isOfCpu(metric))],
      ...(behavior === undefined ? {} : { behavior }),
    },
    ...(current?.status === undefined ? {} : { status: current.status }),
  };
}

function toVersion1({ spec, status, ...rest }: Autoscaler): AutoscalingV1HorizontalPodAutoscaler {
  const version = { ...rest, apiVersion: 'autoscaling/v1' };
  if (spec === undefined) return version;
  const { scaleTargetRef, minReplicas, maxReplicas, metrics = [] } = spec;
  const percentage = metrics.find(isOfCpu)?.resource?.target.averageUtilization;
  const used = status?.currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.current;
  const { observedGeneration, lastScaleTime, currentReplicas = 0, desiredReplicas = 0 } = status ?? {};
  return {
    ...version,
    spec: {
      scaleTargetRef,
      ...(minReplicas === undefined ? {} : { minReplicas }),
      maxReplicas,
      ...(percentage === undefined ? {} : { targetCPUUtilizationPercentage: percentage }),
    },
    status: {
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
      ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
      currentReplicas,
      desiredReplicas,
      ...(used?.averageUtilization === undefined ? {} : { currentCPUUtilizationPercentage: used.averageUtilization }),
    },
  };
}

const unknown = '<unknown>';

/** `cpu: 12%/80%, 3/10`, at most two of them. */
function targetsText({ spec, status }: Autoscaler): string {
  const metrics = spec?.metrics ?? [];
  if (metrics.length === 0) return '<none>';
  const texts = metrics.map((metric, index) => metricText(metric, status?.currentMetrics?.[index]));
  return texts.length > 2 ? `${texts.slice(0, 2).join(', ')} + ${texts.length - 2} more...` : texts.join(', ');
}

function metricText(metric: AutoscalingV2MetricSpec, current: AutoscalingV2MetricStatus | undefined): string {
  const source = sourceOf(metric);
  if (source === undefined) return '<unknown type>';
  const now = current === undefined ? undefined : sourceOf(current)?.current;
  const { averageUtilization, averageValue, value } = source.target ?? {};
  const prefix = metric.resource === undefined ? '' : `${metric.resource.name ?? ''}: `;
  if (averageUtilization !== undefined)
    return `${prefix}${now?.averageUtilization === undefined ? unknown : `${now.averageUtilization}%`}/${averageUtilization}%`;
  if (averageValue !== undefined) {
    const average = metric.type === 'External' || metric.type === 'Object' ? ' (avg)' : '';
    return `${prefix}${now?.averageValue ?? unknown}/${averageValue}${average}`;
  }
  return `${prefix}${now?.value ?? unknown}/${value ?? unknown}`;
}

interface MetricSource {
  /** Of a spec. */
  readonly target?: MetricTarget | undefined;
  /** Of a status. */
  readonly current?: MetricValueStatus | undefined;
}

/** What stands beside `type`, of the same name. */
function sourceOf(metric: Partial<AutoscalingV2MetricSpec | AutoscalingV2MetricStatus>): MetricSource | undefined {
  const { type = '' } = metric;
  const field = `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
  return (metric as Readonly<Record<string, MetricSource | undefined>>)[field];
}

/** Defaults of https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/. */
function defaultAutoscaler(object: Autoscaler): Autoscaler {
  const { spec } = object;
  if (spec === undefined) return object;
  const { metrics = [], behavior } = spec;
  return {
    ...object,
    spec: {
      minReplicas: 1,
      ...spec,
      metrics: metrics.length === 0 ? usualMetrics : metrics,
      ...(behavior === undefined ? {} : { behavior: defaultBehavior(behavior) }),
    },
  };
}

const usualMetrics: readonly AutoscalingV2MetricSpec[] = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
];

function defaultBehavior({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): HorizontalPodAutoscalerBehavior {
  return {
    scaleUp: {
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [
        { type: 'Pods', value: 4, periodSeconds: 15 },
        { type: 'Percent', value: 100, periodSeconds: 15 },
      ],
      ...scaleUp,
    },
    scaleDown: { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }], ...scaleDown },
  };
}

function validateSpec(spec: Partial<NonNullable<Autoscaler['spec']>>): readonly Fault[] {
  const { scaleTargetRef, minReplicas, maxReplicas = 0, metrics = [], behavior } = spec;
  return [
    ...atLeast(minReplicas, 1, 'spec.minReplicas'),
    ...(maxReplicas < 1 ? [invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0')] : []),
    ...(minReplicas !== undefined && maxReplicas < minReplicas
      ? [invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`')]
      : []),
    ...validateReference(scaleTargetRef, 'spec.scaleTargetRef'),
    ...metrics.flatMap((metric, index) => validateMetric(metric, `spec.metrics[${index}]`)),
    ...(['scaleUp', 'scaleDown'] as const).flatMap((direction) =>
      validateRules(behavior?.[direction], `spec.behavior.${direction}`),
    ),
  ];
}

function validateReference(
  reference: AutoscalingV2CrossVersionObjectReference | undefined,
  path: string,
): readonly Fault[] {
  return (['kind', 'name'] as const).flatMap((field) => {
    const value = reference?.[field] ?? '';
    if (value === '') return [required(`${path}.${field}`)];
    return misnamed(`${path}.${field}`, value, pathSegment);
  });
}

const sources = ['object', 'pods', 'resource', 'containerResource', 'external'] as const;
const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];

function validateMetric(metric: Partial<AutoscalingV2MetricSpec>, path: string): readonly Fault[] {
  const { type = '' } = metric;
  if (type === '') return [required(`${path}.type`, 'must specify a metric source type')];
  if (!metricTypes.includes(type)) return [notSupported(`${path}.type`, type, metricTypes)];
  const field = sources.find((each) => each.toLowerCase() === type.toLowerCase()) ?? 'resource';
  const others = sources.filter((each) => each !== field && metric[each] !== undefined);
  const source = metric[field];
  return [
    ...others.map((each) => forbidden(`${path}.${each}`, 'must specify only one metric source')),
    ...(source === undefined
      ? [required(`${path}.${field}`, 'must populate information for the given metric source')]
      : validateSource(source, `${path}.${field}`)),
  ];
}

interface Source {
  readonly name?: string | undefined;
  readonly metric?: { readonly name?: string | undefined } | undefined;
  readonly target?: MetricTarget | undefined;
}

function validateSource(source: Source, path: string): readonly Fault[] {
  const isNamed = 'metric' in source ? (source.metric?.name ?? '') !== '' : (source.name ?? '') !== '';
  return [
    ...(isNamed
      ? []
      : [required('metric' in source ? `${path}.metric.name` : `${path}.name`, 'must specify a metric name')]),
    ...validateTarget(source.target, `${path}.target`),
  ];
}

function validateTarget(target: MetricTarget | undefined, path: string): readonly Fault[] {
  const { type = '', averageUtilization }: Partial<MetricTarget> = target ?? {};
  if (type === '') return [required(`${path}.type`, 'must specify a metric target type')];
  return [
    ...supported(type, ['AverageValue', 'Utilization', 'Value'], `${path}.type`),
    ...(averageUtilization !== undefined && averageUtilization < 1
      ? [invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0')]
      : []),
    ...(target?.value === undefined && target?.averageValue === undefined && averageUtilization === undefined
      ? [required(`${path}.averageUtilization`, 'must set either a target raw value or a target utilization')]
      : []),
  ];
}

function validateRules(rules: HPAScalingRules | undefined, path: string): readonly Fault[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds, selectPolicy, policies = [] } = rules;
  return [
    ...atLeast(stabilizationWindowSeconds, 0, `${path}.stabilizationWindowSeconds`),
    ...((stabilizationWindowSeconds ?? 0) > 3_600
      ? [
          invalid(
            `${path}.stabilizationWindowSeconds`,
            stabilizationWindowSeconds,
            'must be less than or equal to 3600',
          ),
        ]
      : []),
    ...supported(selectPolicy, ['Disabled', 'Max', 'Min'], `${path}.selectPolicy`),
    ...(policies.length === 0 ? [required(`${path}.policies`, 'must specify at least one Policy')] : []),
    ...policies.flatMap(({ type, value = 0, periodSeconds = 0 }: Partial<HPAScalingPolicy>, index) => [
      ...supported(type, ['Percent', 'Pods'], `${path}.policies[${index}].type`),
      ...(value > 0 ? [] : [invalid(`${path}.policies[${index}].value`, value, 'must be greater than zero')]),
      ...(periodSeconds > 0
        ? []
        : [invalid(`${path}.policies[${index}].periodSeconds`, periodSeconds, 'must be greater than zero')]),
    ]),
  ];
}
