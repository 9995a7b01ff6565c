import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf, rowOf } from '../../../testing/catalog-checks.ts';
import { persistentVolume } from './persistent-volume.ts';
import { persistentVolumeClaim } from './persistent-volume-claim.ts';
import { storageClass } from './storage-class.ts';

type VolumeSpec = NonNullable<PersistentVolume['spec']>;
type ClaimSpec = NonNullable<PersistentVolumeClaim['spec']>;

function volumeOf(spec: Partial<VolumeSpec> = {}): PersistentVolume {
  const usual: VolumeSpec = {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    hostPath: { path: '/data' },
  };
  return { metadata: {}, spec: { ...usual, ...spec } };
}

function claimOf(spec: Partial<ClaimSpec> = {}): PersistentVolumeClaim {
  const usual: ClaimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return { metadata: {}, spec: { ...usual, ...spec } };
}

describe('a PersistentVolume', () => {
  it('is kept when its claim goes', () => {
    const filled = { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' };
    expect(persistentVolume.applyDefaults(volumeOf())).toMatchObject({ spec: filled });
    expect(faultsOf(persistentVolume, volumeOf())).toEqual([]);
  });

  it.each<{ readonly spec: object; readonly fault: string }>([
    { spec: { accessModes: [] }, fault: 'spec.accessModes: Required value' },
    { spec: { capacity: {} }, fault: 'spec.capacity: Required value' },
    { spec: { hostPath: undefined }, fault: 'spec: Required value: must specify a volume type' },
    { spec: { emptyDir: {}, hostPath: { path: '' } }, fault: 'spec.hostPath.path: Required value' },
    {
      spec: { nfs: { server: 'a', path: '/' } },
      fault: 'spec.nfs: Forbidden: may not specify more than 1 volume type',
    },
    {
      spec: { hostPath: undefined, local: { path: '/data' } },
      fault: 'spec.nodeAffinity: Required value: Local volume requires node affinity',
    },
    {
      spec: { accessModes: ['ReadWriteOnce', 'ReadWriteOncePod'] },
      fault: 'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
    },
  ])('is refused with $fault', ({ spec, fault }) => {
    expect(faultsOf(persistentVolume, volumeOf(spec))).toContain(fault);
  });

  it('keeps its place', () => {
    expect(faultsOf(persistentVolume, volumeOf({ hostPath: { path: '/other' } }), volumeOf())).toEqual([
      'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
    ]);
  });

  it('shows its claim', () => {
    expect(columnsOf(persistentVolume).join()).toBe(
      'Name,Capacity,Access Modes,Reclaim Policy,Status,Claim,StorageClass,VolumeAttributesClass,Reason,Age,(VolumeMode)',
    );
    const volume = volumeOf({
      accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
      claimRef: { namespace: 'a', name: 'b' },
    });
    expect(rowOf(persistentVolume, volume)).toMatchObject({ Capacity: '1Gi', 'Access Modes': 'RWO,RWX', Claim: 'a/b' });
  });
});

describe('a PersistentVolumeClaim', () => {
  it('asks for files unless it says otherwise', () => {
    expect(persistentVolumeClaim.applyDefaults(claimOf())).toMatchObject({ spec: { volumeMode: 'Filesystem' } });
    expect(faultsOf(persistentVolumeClaim, claimOf())).toEqual([]);
  });

  it.each<{ readonly spec: object; readonly fault: string }>([
    { spec: { accessModes: [] }, fault: 'spec.accessModes: Required value: at least 1 access mode is required' },
    { spec: { resources: {} }, fault: 'spec.resources[storage]: Required value' },
    {
      spec: { resources: { requests: { storage: '0' } } },
      fault: 'spec.resources[storage]: Invalid value: "0": must be greater than zero',
    },
    {
      spec: { accessModes: ['Often'] },
      fault:
        'spec.accessModes: Unsupported value: "Often": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    },
  ])('is refused with $fault', ({ spec, fault }) => {
    expect(faultsOf(persistentVolumeClaim, claimOf(spec))).toEqual([fault]);
  });

  it('is bound once, and grows only then', () => {
    const bound = claimOf({ volumeName: 'v' });
    const more = claimOf({ volumeName: 'v', resources: { requests: { storage: '2Gi' } } });
    const fault = expect.stringContaining('spec: Forbidden: spec is immutable after creation');
    expect(faultsOf(persistentVolumeClaim, bound, claimOf())).toEqual([]);
    expect(faultsOf(persistentVolumeClaim, claimOf({ volumeName: 'w' }), bound)).toEqual([fault]);
    expect(faultsOf(persistentVolumeClaim, more, bound)).toEqual([fault]);
    expect(
      faultsOf(persistentVolumeClaim, more, { ...bound, status: { phase: 'Bound' } } as PersistentVolumeClaim),
    ).toEqual([]);
  });

  it('shows its volume', () => {
    expect(columnsOf(persistentVolumeClaim).join()).toBe(
      'Name,Status,Volume,Capacity,Access Modes,StorageClass,VolumeAttributesClass,Age,(VolumeMode)',
    );
    const status = { phase: 'Bound' as const, capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce' as const] };
    expect(rowOf(persistentVolumeClaim, { ...claimOf({ volumeName: 'v' }), ...{ status } })).toMatchObject({
      Status: 'Bound',
      Volume: 'v',
      Capacity: '1Gi',
      'Access Modes': 'RWO',
    });
  });
});

describe('a StorageClass', () => {
  const plain: StorageClass = { metadata: { name: 'fast' }, provisioner: 'example.com/disk' };

  it('deletes volumes and binds at once unless it says otherwise', () => {
    expect(storageClass.applyDefaults(plain)).toMatchObject({
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
    });
    expect(faultsOf(storageClass, { metadata: {} })).toEqual(['provisioner: Required value']);
  });

  it('stays what it is', () => {
    const changed = { ...plain, provisioner: 'example.com/tape', volumeBindingMode: 'WaitForFirstConsumer' };
    expect(faultsOf(storageClass, changed, plain)).toEqual([
      'provisioner: Forbidden: updates to provisioner are forbidden.',
      'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
    ]);
  });

  it('shows which is the default', () => {
    expect(columnsOf(storageClass).join()).toBe(
      'Name,Provisioner,ReclaimPolicy,VolumeBindingMode,AllowVolumeExpansion,Age',
    );
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    const [name] = storageClass.columns;
    expect(name?.cell({ metadata: { name: 'fast', annotations } }, 0)).toBe('fast (default)');
  });
});
