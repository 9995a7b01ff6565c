/** What Kubernetes asks of references to fields of the pod and to resources of its containers. */
import type { ObjectFieldSelector, ResourceFieldSelector } from '@slipway/kube/api.generated';
import { quantityMilliValue, isQuantity, writtenQuantity } from '@slipway/kube/quantity';
import type { Fault } from '../definition.ts';
import { invalid, notSupported, required } from '../faults.ts';

interface References {
  readonly fieldRef?: ObjectFieldSelector | undefined;
  readonly resourceFieldRef?: ResourceFieldSelector | undefined;
}

export function checkVariableReferences({ fieldRef, resourceFieldRef }: References, path: string): readonly Fault[] {
  return [
    ...(fieldRef === undefined ? [] : checkField(fieldRef.fieldPath, variableFields, `${path}.fieldRef`)),
    ...(resourceFieldRef === undefined ? [] : checkResource(resourceFieldRef, `${path}.resourceFieldRef`)),
  ];
}

/** Of a file in a volume, which belongs to no container. */
export function checkFileReference({ fieldRef, resourceFieldRef }: References, path: string): readonly Fault[] {
  if (fieldRef !== undefined)
    return [
      ...checkField(fieldRef.fieldPath, fileFields, `${path}.fieldRef`),
      ...(resourceFieldRef === undefined
        ? []
        : [invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously')]),
    ];
  if (resourceFieldRef === undefined) return [required(path, 'one of fieldRef and resourceFieldRef is required')];
  const field = `${path}.resourceFieldRef`;
  const { containerName = '' } = resourceFieldRef;
  return containerName === '' ? [required(`${field}.containerName`)] : checkResource(resourceFieldRef, field);
}

const fileFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];

const variableFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** Which Kubernetes knows, and shows neither in a variable nor in a file. */
const hiddenFields = ['spec.restartPolicy', 'spec.schedulerName', 'status.phase'];
const knownFields = new Set([...fileFields, ...variableFields, ...hiddenFields]);

function checkField(fieldPath: string | undefined, shown: readonly string[], path: string): readonly Fault[] {
  const field = `${path}.fieldPath`;
  if (fieldPath === undefined || fieldPath === '') return [required(field)];
  if (shown.includes(fieldPath) || /^metadata\.(labels|annotations)\['.+'\]$/.test(fieldPath)) return [];
  if (knownFields.has(fieldPath)) return [notSupported(field, fieldPath, shown)];
  return [invalid(field, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`)];
}

const resources = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const hugePages = /^(?:limits|requests)\.hugepages-/;
const cpuDivisors = ['1m', '1'];
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

function checkResource({ resource = '', divisor }: Partial<ResourceFieldSelector>, path: string): readonly Fault[] {
  if (resource === '') return [required(`${path}.resource`)];
  if (!resources.includes(resource) && !hugePages.test(resource))
    return [notSupported(`${path}.resource`, resource, resources)];
  if (divisor === undefined || !isQuantity(divisor) || quantityMilliValue(divisor) === 0) return [];
  const isOfCpu = resource.endsWith('.cpu');
  if ((isOfCpu ? cpuDivisors : byteDivisors).includes(writtenQuantity(divisor))) return [];
  const divisors = isOfCpu ? '1m and 1' : byteDivisors.join(', ');
  return [
    invalid(
      `${path}.divisor`,
      resource,
      `only divisor's values ${divisors} are supported with the ${nameOf(resource)} resource`,
    ),
  ];
}

function nameOf(resource: string): string {
  if (hugePages.test(resource)) return 'hugepages';
  const name = resource.slice(resource.indexOf('.') + 1);
  return name === 'ephemeral-storage' ? 'local ephemeral storage' : name;
}
