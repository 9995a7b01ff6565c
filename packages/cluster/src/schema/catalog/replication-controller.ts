import type { PodTemplate, ReplicationController, ReplicationControllerSpec } from '@slipway/kube/api.generated';
import { podTemplates, replicationControllers } from '@slipway/kube/resources';
import { selectorText } from '../columns.ts';
import type { Fault } from '../definition.ts';
import { define, scalePaths } from '../entry.ts';
import { invalid, required } from '../faults.ts';
import { goStringMap } from '../go-text.ts';
import { dns1123Subdomain } from '../names.ts';
import { atLeast, validatePodTemplate } from './pod-template.ts';
import { alwaysRestarts, defaultTemplate, templateColumns } from './workload.ts';

export const podTemplate = define<PodTemplate>({
  type: podTemplates,
  schemaType: 'io.k8s.api.core.v1.PodTemplate',
  nameRule: dns1123Subdomain,
  bareColumns: true,
  columns: [
    { name: 'Name', cell: ({ metadata }) => metadata.name ?? '' },
    ...templateColumns<PodTemplate>(({ template }) => template).map((column) => ({ ...column, wide: false })),
    { name: 'Pod Labels', cell: ({ template }) => selectorText(template?.metadata?.labels) },
  ],
  defaults: (object) =>
    object.template === undefined ? object : { ...object, template: defaultTemplate(object.template) },
  validate: ({ template }) => validatePodTemplate(template, 'template'),
});

export const replicationController = define<ReplicationController>({
  type: replicationControllers,
  schemaType: 'io.k8s.api.core.v1.ReplicationController',
  shortNames: ['rc'],
  categories: ['all'],
  hasStatus: true,
  scale: scalePaths,
  defaultPropagation: 'Orphan',
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Desired', type: 'integer', cell: ({ spec }) => spec?.replicas ?? 0 },
    { name: 'Current', type: 'integer', cell: ({ status }) => status?.replicas ?? 0 },
    { name: 'Ready', type: 'integer', cell: ({ status }) => status?.readyReplicas ?? 0 },
    ...templateColumns<ReplicationController>(({ spec }) => spec?.template),
    { name: 'Selector', wide: true, cell: ({ spec }) => selectorText(spec?.selector) },
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  defaults: defaultController,
  prepareCreate: (object) => ({ ...object, status: { replicas: 0 } }),
  validate: ({ spec }) => (spec === undefined ? [required('spec')] : validateController(spec)),
});

/** What it selects, and how it is labelled, follows from its template. */
function defaultController(object: ReplicationController): ReplicationController {
  const { spec, metadata } = object;
  if (spec === undefined) return object;
  const labels = spec.template?.metadata?.labels ?? {};
  const isLabelled = Object.keys(labels).length === 0 || Object.keys(metadata.labels ?? {}).length > 0;
  const isSelecting = Object.keys(labels).length === 0 || Object.keys(spec.selector ?? {}).length > 0;
  return {
    ...object,
    metadata: isLabelled ? metadata : { ...metadata, labels },
    spec: {
      replicas: 1,
      ...spec,
      ...(isSelecting ? {} : { selector: labels }),
      ...(spec.template === undefined ? {} : { template: defaultTemplate(spec.template) }),
    },
  };
}

function validateController(spec: ReplicationControllerSpec): readonly Fault[] {
  const { selector = {}, template, replicas, minReadySeconds } = spec;
  const labels = template?.metadata?.labels;
  const isMatched = Object.entries(selector).every(([key, value]) => labels?.[key] === value);
  return [
    ...atLeast(minReadySeconds, 0, 'spec.minReadySeconds'),
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : []),
    ...atLeast(replicas, 0, 'spec.replicas'),
    ...(template === undefined ? [required('spec.template')] : validatePodTemplate(template, 'spec.template')),
    ...(template === undefined || isMatched
      ? []
      : [invalid('spec.template.metadata.labels', goStringMap(labels), '`selector` does not match template `labels`')]),
    ...alwaysRestarts(template),
  ];
}
