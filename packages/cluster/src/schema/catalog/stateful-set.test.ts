import type { StatefulSet, StatefulSetSpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf, rowOf } from '../../../testing/catalog-checks.ts';
import { statefulSet } from './stateful-set.ts';

const labels = { app: 'db' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'db', image: 'db:1' }] } };

function setOf(spec: Partial<StatefulSetSpec> = {}): StatefulSet {
  return { metadata: {}, spec: { serviceName: 'db', selector: { matchLabels: labels }, template, ...spec } };
}

describe('a StatefulSet', () => {
  it('keeps order, updates and ten revisions unless it says otherwise', () => {
    const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce' as const] } };
    const { spec } = statefulSet.applyDefaults(setOf({ volumeClaimTemplates: [claim] })) as StatefulSet;
    expect(spec).toMatchObject({
      replicas: 1,
      podManagementPolicy: 'OrderedReady',
      revisionHistoryLimit: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      template: { spec: { restartPolicy: 'Always' } },
      volumeClaimTemplates: [{ kind: 'PersistentVolumeClaim', spec: { volumeMode: 'Filesystem' } }],
    });
    expect(faultsOf(statefulSet, setOf())).toEqual([]);
  });

  it('lets containers mount its claims, and nothing else that there is not', () => {
    const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce' as const] } };
    const volumeMounts = [{ name: 'data', mountPath: '/data' }];
    const containers = [{ name: 'db', image: 'db:1', volumeMounts }];
    const mounting = { ...template, spec: { containers } };
    expect(faultsOf(statefulSet, setOf({ template: mounting, volumeClaimTemplates: [claim] }))).toEqual([]);
    expect(faultsOf(statefulSet, setOf({ template: mounting }))).toEqual([
      'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
    ]);
  });

  it('leaves alone the pods of one that is updated by deleting them', () => {
    const { spec } = statefulSet.applyDefaults(setOf({ updateStrategy: { type: 'OnDelete' } })) as StatefulSet;
    expect(spec?.updateStrategy).toEqual({ type: 'OnDelete' });
  });

  it.each<{ readonly spec: object; readonly fault: string }>([
    {
      spec: { podManagementPolicy: 'Loose' },
      fault: `spec.podManagementPolicy: Invalid value: "Loose": must be 'OrderedReady' or 'Parallel'`,
    },
    {
      spec: { selector: {} },
      fault:
        'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string(nil), MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: empty selector is invalid for statefulset',
    },
    {
      spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } },
      fault: `spec.updateStrategy.rollingUpdate: Invalid value: {"partition":1}: only allowed for updateStrategy 'RollingUpdate'`,
    },
    {
      spec: { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
      fault: 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    },
    {
      spec: { template: { ...template, spec: { ...template.spec, activeDeadlineSeconds: 5 } } },
      fault:
        'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported',
    },
    { spec: { replicas: -1 }, fault: 'spec.replicas: Invalid value: -1: must be greater than or equal to 0' },
    {
      spec: { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Keep' } },
      fault:
        'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep": supported values: "Retain", "Delete"',
    },
  ])('is refused with $fault', ({ spec, fault }) => {
    expect(faultsOf(statefulSet, setOf(spec))).toContain(fault);
  });

  it('keeps the service that names its pods', () => {
    expect(faultsOf(statefulSet, setOf({ replicas: 3 }), setOf())).toEqual([]);
    expect(faultsOf(statefulSet, setOf({ serviceName: 'other' }), setOf())).toEqual([
      expect.stringContaining('spec: Forbidden: updates to statefulset spec for fields other than'),
    ]);
  });

  it('shows how many of its pods are ready', () => {
    expect(columnsOf(statefulSet)).toEqual(['Name', 'Ready', 'Age', '(Containers)', '(Images)']);
    const shown = { ...setOf({ replicas: 3 }), status: { replicas: 3, readyReplicas: 2 } };
    expect(rowOf(statefulSet, shown)).toEqual({ Ready: '2/3', Containers: 'db', Images: 'db:1' });
  });
});
