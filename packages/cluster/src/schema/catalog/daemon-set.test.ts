import type { DaemonSet, DaemonSetSpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf, rowOf } from '../../../testing/catalog-checks.ts';
import { daemonSet } from './daemon-set.ts';

const labels = { app: 'agent' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'agent', image: 'agent:1' }] } };

function setOf(spec: Partial<DaemonSetSpec> = {}): DaemonSet {
  return { metadata: {}, spec: { selector: { matchLabels: labels }, template, ...spec } };
}

describe('a DaemonSet', () => {
  it('replaces one pod after the other unless it says otherwise', () => {
    const { spec } = daemonSet.applyDefaults(setOf()) as DaemonSet;
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } };
    expect(spec).toMatchObject({ revisionHistoryLimit: 10, updateStrategy });
    expect(faultsOf(daemonSet, setOf())).toEqual([]);
    expect(faultsOf(daemonSet, setOf({ updateStrategy: { type: 'OnDelete' } }))).toEqual([]);
  });

  it.each<{ readonly rollingUpdate: object; readonly fault: string }>([
    {
      rollingUpdate: { maxUnavailable: 0 },
      fault: 'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
    },
    {
      rollingUpdate: { maxSurge: '10%' },
      fault:
        'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "10%": may not be set when maxUnavailable is non-zero',
    },
  ])('is refused with $fault', ({ rollingUpdate, fault }) => {
    expect(faultsOf(daemonSet, setOf({ updateStrategy: { rollingUpdate } }))).toEqual([fault]);
  });

  it('keeps its selector', () => {
    const changed = setOf({ selector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } });
    expect(faultsOf(daemonSet, changed, setOf())).toEqual([expect.stringContaining('field is immutable')]);
  });

  it('shows how many nodes it is on', () => {
    expect(columnsOf(daemonSet).join(' ')).toBe(
      'Name Desired Current Ready Up-to-date Available Node Selector Age (Containers) (Images) (Selector)',
    );
    const status = { desiredNumberScheduled: 3, currentNumberScheduled: 2, numberMisscheduled: 0, numberReady: 1 };
    expect(rowOf(daemonSet, { ...setOf(), ...{ status } })).toMatchObject({
      Desired: 3,
      Current: 2,
      Ready: 1,
      'Up-to-date': 0,
      'Node Selector': '<none>',
      Selector: 'app=agent',
    });
  });
});
