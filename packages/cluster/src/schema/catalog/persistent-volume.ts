import type { PersistentVolume, PersistentVolumeSpec } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import { compareQuantities } from '@slipway/kube/quantity';
import { persistentVolumes } from '@slipway/kube/resources';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { forbidden, invalid, misnamed, notSupported, required } from '../faults.ts';
import { dns1123Subdomain } from '../names.ts';
import { supported } from './pod-template.ts';

export const volumeModes: readonly string[] = ['Block', 'Filesystem'];

const shortModes: ReadonlyMap<string, string> = new Map([
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]);

/** `RWO,ROX`, in the order in which Kubernetes names them. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return [...shortModes].flatMap(([mode, short]) => (modes?.includes(mode) === true ? [short] : [])).join(',');
}

export function validateAccessModes(modes: readonly string[], field: string): readonly Fault[] {
  const known = [...shortModes.keys()];
  const isAlone = !modes.includes('ReadWriteOncePod') || modes.length === 1;
  return [
    ...modes.filter((mode) => !known.includes(mode)).map((mode) => notSupported(field, mode, known.toSorted())),
    ...(isAlone ? [] : [forbidden(field, 'may not use ReadWriteOncePod with other access modes')]),
  ];
}

export const persistentVolume = define<PersistentVolume>({
  type: persistentVolumes,
  schemaType: 'io.k8s.api.core.v1.PersistentVolume',
  shortNames: ['pv'],
  hasStatus: true,
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Capacity', cell: ({ spec }) => String(spec?.capacity?.['storage'] ?? '') },
    { name: 'Access Modes', cell: ({ spec }) => accessModesText(spec?.accessModes) },
    { name: 'Reclaim Policy', cell: ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? '' },
    {
      name: 'Status',
      cell: ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating',
    },
    { name: 'Claim', cell: ({ spec }) => claimText(spec) },
    { name: 'StorageClass', cell: ({ spec }) => spec?.storageClassName ?? '' },
    { name: 'VolumeAttributesClass', cell: ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>' },
    { name: 'Reason', cell: ({ status }) => status?.reason ?? '' },
    { name: 'VolumeMode', wide: true, cell: ({ spec }) => spec?.volumeMode ?? '<unset>' },
  ],
  defaults: (object) =>
    object.spec === undefined
      ? object
      : {
          ...object,
          spec: {
            persistentVolumeReclaimPolicy: 'Retain',
            volumeMode: 'Filesystem',
            ...object.spec,
            ...(object.spec.hostPath === undefined ? {} : { hostPath: { type: '', ...object.spec.hostPath } }),
          },
        },
  prepareCreate: (object) => ({ ...object, status: { phase: 'Pending' } }),
  validate: ({ spec }) => (spec === undefined ? [required('spec')] : validateSpec(spec)),
  validateUpdate,
});

function claimText(spec: PersistentVolumeSpec | undefined): string {
  const { namespace = '', name = '' } = spec?.claimRef ?? {};
  return spec?.claimRef === undefined ? '' : `${namespace}/${name}`;
}

/** All else that a volume says is not where its data lie. */
const otherFields: ReadonlySet<string> = new Set([
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'mountOptions',
  'volumeMode',
  'nodeAffinity',
  'volumeAttributesClassName',
]);

function sourcesOf(spec: PersistentVolumeSpec | undefined): readonly (readonly [kind: string, source: unknown])[] {
  return Object.entries(spec ?? {}).filter(([field, value]) => !otherFields.has(field) && value !== undefined);
}

function validateSpec(spec: PersistentVolumeSpec): readonly Fault[] {
  const { accessModes = [], capacity = {}, storageClassName = '', hostPath } = spec;
  const isWholeRecycled = hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle';
  return [
    ...(accessModes.length === 0 ? [required('spec.accessModes')] : []),
    ...validateAccessModes(accessModes, 'spec.accessModes'),
    ...validateCapacity(capacity),
    ...supported(
      spec.persistentVolumeReclaimPolicy,
      ['Delete', 'Recycle', 'Retain'],
      'spec.persistentVolumeReclaimPolicy',
    ),
    ...validateSource(spec),
    ...(isWholeRecycled
      ? [forbidden('spec.persistentVolumeReclaimPolicy', `may not be 'recycle' for a hostPath mount of '/'`)]
      : []),
    ...(storageClassName === '' ? [] : misnamed('spec.storageClassName', storageClassName, dns1123Subdomain)),
    ...supported(spec.volumeMode, volumeModes, 'spec.volumeMode'),
  ];
}

function validateCapacity(capacity: NonNullable<PersistentVolumeSpec['capacity']>): readonly Fault[] {
  const size = capacity['storage'];
  if (Object.keys(capacity).length === 0) return [required('spec.capacity')];
  if (size === undefined || Object.keys(capacity).length > 1)
    return [notSupported('spec.capacity', capacity, ['storage'])];
  return compareQuantities(size, 0) > 0
    ? []
    : [invalid('spec.capacity[storage]', String(size), 'must be greater than zero')];
}

function validateSource(spec: PersistentVolumeSpec): readonly Fault[] {
  const sources = sourcesOf(spec);
  return [
    ...(sources.length === 0 ? [required('spec', 'must specify a volume type')] : []),
    ...sources.slice(1).map(([kind]) => forbidden(`spec.${kind}`, 'may not specify more than 1 volume type')),
    ...needed(spec.hostPath, ['path'], 'spec.hostPath'),
    ...needed(spec.local, ['path'], 'spec.local'),
    ...(spec.local !== undefined && spec.nodeAffinity === undefined
      ? [required('spec.nodeAffinity', 'Local volume requires node affinity')]
      : []),
    ...needed(spec.nfs, ['server', 'path'], 'spec.nfs'),
    ...needed(spec.csi, ['driver', 'volumeHandle'], 'spec.csi'),
  ];
}

/** Texts without which a source leads nowhere. */
function needed<T extends object>(source: T | undefined, fields: readonly (keyof T & string)[], path: string) {
  if (source === undefined) return [];
  return fields.filter((field) => (source[field] ?? '') === '').map((field) => required(`${path}.${field}`));
}

function validateUpdate(object: PersistentVolume, old: PersistentVolume): readonly Fault[] {
  const fault = 'spec.persistentvolumesource is immutable after creation';
  return [
    ...(isSameJson(sourcesOf(object.spec), sourcesOf(old.spec))
      ? []
      : [forbidden('spec.persistentvolumesource', fault)]),
    ...(object.spec?.volumeMode === old.spec?.volumeMode
      ? []
      : [invalid('spec.volumeMode', object.spec?.volumeMode, 'field is immutable')]),
  ];
}
