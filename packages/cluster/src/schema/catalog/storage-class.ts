import type { StorageClass } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import { storageClasses } from '@slipway/kube/resources';
import { ageColumn } from '../columns.ts';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { forbidden, invalid, required } from '../faults.ts';
import { dns1123Subdomain, qualifiedKey } from '../names.ts';
import { supported } from './pod-template.ts';

/** On one StorageClass: claims that name none get it. */
export const defaultClassAnnotation = 'storageclass.kubernetes.io/is-default-class';

export const storageClass = define<StorageClass>({
  type: storageClasses,
  schemaType: 'io.k8s.api.storage.v1.StorageClass',
  shortNames: ['sc'],
  nameRule: dns1123Subdomain,
  bareColumns: true,
  columns: [
    { name: 'Name', cell: nameText },
    { name: 'Provisioner', cell: ({ provisioner }) => provisioner ?? '' },
    { name: 'ReclaimPolicy', cell: ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete' },
    { name: 'VolumeBindingMode', cell: ({ volumeBindingMode }) => volumeBindingMode ?? '<unset>' },
    { name: 'AllowVolumeExpansion', cell: ({ allowVolumeExpansion }) => String(allowVolumeExpansion ?? false) },
    { name: 'Age', cell: (object, now) => ageColumn.cell(object, now) },
  ],
  defaults: (object) => ({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate', ...object }),
  validate: validateClass,
  validateUpdate,
});

function nameText({ metadata }: StorageClass): string {
  const { name = '', annotations } = metadata;
  return annotations?.[defaultClassAnnotation] === 'true' ? `${name} (default)` : name;
}

function validateClass({ provisioner = '', reclaimPolicy, volumeBindingMode, parameters = {} }: Partial<StorageClass>) {
  return [
    ...(provisioner === ''
      ? [required('provisioner')]
      : qualifiedKey(provisioner.toLowerCase()).map((fault) => invalid('provisioner', provisioner, fault))),
    ...(Object.keys(parameters).includes('') ? [invalid('parameters', '', 'field can not be empty.')] : []),
    ...supported(reclaimPolicy, ['Delete', 'Retain'], 'reclaimPolicy'),
    ...supported(volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], 'volumeBindingMode'),
  ];
}

function validateUpdate(object: StorageClass, old: StorageClass): readonly Fault[] {
  const frozen = (['parameters', 'provisioner', 'reclaimPolicy'] as const).filter(
    (field) => !isSameJson(object[field], old[field]),
  );
  return [
    ...frozen.map((field) => forbidden(field, `updates to ${field} are forbidden.`)),
    ...(object.volumeBindingMode === old.volumeBindingMode
      ? []
      : [invalid('volumeBindingMode', object.volumeBindingMode, 'field is immutable')]),
  ];
}
