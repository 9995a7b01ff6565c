import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import { compareQuantities } from '@slipway/kube/quantity';
import { persistentVolumeClaims } from '@slipway/kube/resources';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { forbidden, invalid, misnamed, notSupported, required } from '../faults.ts';
import { dns1123Subdomain } from '../names.ts';
import { accessModesText, validateAccessModes, volumeModes } from './persistent-volume.ts';

export const persistentVolumeClaim = define<PersistentVolumeClaim>({
  type: persistentVolumeClaims,
  schemaType: 'io.k8s.api.core.v1.PersistentVolumeClaim',
  shortNames: ['pvc'],
  hasStatus: true,
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Status', cell: phaseText },
    { name: 'Volume', cell: ({ spec }) => spec?.volumeName ?? '' },
    {
      name: 'Capacity',
      cell: ({ spec, status }) => (isBound(spec) ? String(status?.capacity?.['storage'] ?? '') : ''),
    },
    { name: 'Access Modes', cell: ({ spec, status }) => (isBound(spec) ? accessModesText(status?.accessModes) : '') },
    { name: 'StorageClass', cell: ({ spec }) => spec?.storageClassName ?? '' },
    { name: 'VolumeAttributesClass', cell: ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>' },
    { name: 'VolumeMode', wide: true, cell: ({ spec }) => spec?.volumeMode ?? '<unset>' },
  ],
  defaults: defaultClaim,
  prepareCreate: (object) => ({ ...object, status: { phase: 'Pending' } }),
  validate: ({ spec }) => (spec === undefined ? [required('spec')] : validateSpec(spec)),
  validateUpdate,
});

export function defaultClaim(object: PersistentVolumeClaim): PersistentVolumeClaim {
  return object.spec === undefined ? object : { ...object, spec: { volumeMode: 'Filesystem', ...object.spec } };
}

function isBound(spec: PersistentVolumeClaimSpec | undefined): boolean {
  return (spec?.volumeName ?? '') !== '';
}

function phaseText({ metadata, status }: PersistentVolumeClaim): string {
  return metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating';
}

function validateSpec(spec: PersistentVolumeClaimSpec): readonly Fault[] {
  const { accessModes = [], resources, volumeMode, storageClassName = '' } = spec;
  return [
    ...(accessModes.length === 0 ? [required('spec.accessModes', 'at least 1 access mode is required')] : []),
    ...validateAccessModes(accessModes, 'spec.accessModes'),
    ...validateSize(resources?.requests?.['storage']),
    ...(storageClassName === '' ? [] : misnamed('spec.storageClassName', storageClassName, dns1123Subdomain)),
    ...(volumeMode === undefined || volumeModes.includes(volumeMode)
      ? []
      : [notSupported('spec.volumeMode', volumeMode, volumeModes)]),
  ];
}

function validateSize(size: string | number | undefined): readonly Fault[] {
  const field = 'spec.resources[storage]';
  if (size === undefined) return [required(field)];
  return compareQuantities(size, 0) > 0 ? [] : [invalid(field, String(size), 'must be greater than zero')];
}

const changeable =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

/** Who binds it writes the name of the volume once; who has it bound may ask for more room. */
function validateUpdate(object: PersistentVolumeClaim, old: PersistentVolumeClaim): readonly Fault[] {
  const isBinding = !isBound(old.spec);
  const isResizable = isBound(old.spec) && old.status?.phase === 'Bound';
  const fixed = ({ spec }: PersistentVolumeClaim): unknown => ({
    ...spec,
    ...(isBinding ? { volumeName: undefined } : {}),
    // A class may be given afterwards to claims that were made before there was one.
    ...(old.spec?.storageClassName === undefined ? { storageClassName: undefined } : {}),
    ...(isResizable ? { resources: { ...spec?.resources, requests: undefined } } : {}),
    volumeAttributesClassName: undefined,
  });
  return isSameJson(fixed(object), fixed(old)) ? [] : [forbidden('spec', changeable)];
}
